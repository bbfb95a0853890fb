"""Presidio's recognizers without its engine: what they find, what they need for it, and that none fails silently."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.inspection.detectors import presidio
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.catalogue import detector_files

Types = Callable[[str, str], set[str]]
SETTINGS = detector_files() / "presidio.yaml"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("my SSN is 536-22-1187", "US_SSN"),
        ("NINO AB 12 34 56 C", "UK_NINO"),
        ("NHS number 943 476 5919", "UK_NHS"),
        ("codice fiscale RSSMRA85T10A562S", "IT_FISCAL_CODE"),
        ("DNI 12345678Z", "ES_NIF"),
        ("Steuer-ID 86095742719", "DE_TAX_ID"),
        ("PESEL 44051401359", "PL_PESEL"),
        ("personnummer 811218-9876", "SE_PERSONNUMMER"),
        ("hetu 131052-308T", "FI_PERSONAL_IDENTITY_CODE"),
        ("Aadhaar 2341 2341 2346", "IN_AADHAAR"),
        ("PAN ABCPE1234F", "IN_PAN"),
        ("wallet 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "CRYPTO"),
        ("ssh 10.17.22.102", "IP_ADDRESS"),
        ("2001:db8:85a3::8a2e:370:7334", "IP_ADDRESS"),
        ("00:1B:44:11:3A:B7", "MAC_ADDRESS"),
        ("passport 123456789", "US_PASSPORT"),
        ("routing number 021000021", "ABA_ROUTING_NUMBER"),
        ("MBI 1EG4-TE5-MK73", "US_MBI"),
    ],
)
def test_an_identifier_is_found(types_of: Types, text: str, wanted: str) -> None:
    """One known valid number for each of the commoner recognizers."""
    assert wanted in types_of("presidio", text)


@pytest.mark.parametrize(
    "text",
    [
        "123456789",
        "order 536221187 arrived",
        "1700000000",
        "the United States have 331000000 people",
        "at 12:30:45.123 on 2023-11-28",
        "C4, S3, EKS and 96c",
        "v1.2.3.4 and Chrome/110.0.0.0",
        "127.0.0.1:8080 or 0.0.0.0",
        "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "Call us about the passport photo",
        "",
    ],
)
def test_numbers_without_anything_that_speaks_for_them_are_left_alone(types_of: Types, text: str) -> None:
    """Reported problem 47: a bare nine-digit number is no social security number, a timestamp no patient."""
    assert types_of("presidio", text) == set()


def test_a_word_nearby_makes_the_difference(types_of: Types) -> None:
    """The same digits, with and without the label; too far away it is no label."""
    assert "UK_NHS" not in types_of("presidio", "9434765919")
    assert "UK_NHS" in types_of("presidio", "NHS: 9434765919")
    assert "UK_NHS" in types_of("presidio", "9434765919 is her NHS number")
    assert "UK_NHS" not in types_of("presidio", "NHS" + " and so on" * 20 + " 9434765919")


def test_nothing_is_cut_out_of_a_longer_number(types_of: Types) -> None:
    """Some of Presidio's patterns have no boundaries."""
    assert "PL_PESEL" not in types_of("presidio", "PESEL 9944051401359")


@pytest.mark.parametrize("filler", ["word ", "x", "1.5 ", "\n", "a-b_c:"])
@pytest.mark.parametrize("place", [0, 500, 5000, 20000])
def test_a_number_is_found_wherever_it_stands(types_of: Types, filler: str, place: int) -> None:
    """Only places with digits are read; none may be missed because of what stands around it."""
    padding = (filler * place)[:place]
    assert "US_SSN" in types_of("presidio", f"{padding} SSN 536-22-1187 {padding}")


def test_a_weaker_detector_can_be_asked_for(detectors: Mapping[str, Detector]) -> None:
    """A strict policy may want shapes alone; the version says that it is another detector."""
    weak = presidio.load_presidio(SETTINGS, min_score=0.01)
    assert {match.entity_type for match in weak.find("123456782")} >= {"US_PASSPORT", "US_BANK_NUMBER"}
    assert weak.version != detectors["presidio"].version


def test_a_pattern_that_takes_too_long_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 4: Presidio logs "timed out, skipping" and answers as if nothing were there."""
    monkeypatch.setattr(presidio, "PATTERN_SECONDS", 0.000001)
    with pytest.raises(TimeoutError):
        presidio.load_presidio(SETTINGS).find("SSN 536-22-1187 " * 50)


def test_no_text_reaches_a_log(detectors: Mapping[str, Detector], caplog: pytest.LogCaptureFixture) -> None:
    """Law 6: not even at DEBUG."""
    with caplog.at_level(logging.DEBUG):
        detectors["presidio"].find("SSN 536-22-1187, IBAN DE89370400440532013000")
    assert "536" not in caplog.text


def test_recognizers_that_act_on_their_own_are_refused(tmp_path: Path) -> None:
    """One with its own ``analyze`` would not be run by us but by itself: with its time-outs, and its network."""
    for name in (
        "PhoneRecognizer",
        "IbanRecognizer",
        "SpacyRecognizer",
        "AzureAILanguageRecognizer",
        "NoSuchRecognizer",
    ):
        path = tmp_path / "presidio.yaml"
        path.write_text(SETTINGS.read_text().replace("AbaRoutingRecognizer", name))
        with pytest.raises(ConfigError, match=name):
            presidio.load_presidio(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("AbaRoutingRecognizer", "AbaRoutingRecogniser", "Did you mean AbaRoutingRecognizer"),
        ("strong_check:", "strong_checks:", "strong_checks"),
        ("    CRYPTO,", "    CRYPTOX,", "CRYPTOX"),
        ("[PAN (Low)]", "3", "skip_patterns"),
        ("[PAN (Low)]", "[PAN (Lo)]", "PAN"),
        ("member ID (weak):", "member ID (week):", "week"),
    ],
)
def test_a_typo_ends_the_start(tmp_path: Path, old: str, new: str, says: str) -> None:
    """Law 7; reported problem 50: a recognizer that is named and absent must not be a warning."""
    path = tmp_path / "presidio.yaml"
    assert old in SETTINGS.read_text()
    path.write_text(SETTINGS.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=says):
        presidio.load_presidio(path)
