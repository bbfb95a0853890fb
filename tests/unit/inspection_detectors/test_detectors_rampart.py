"""Names and addresses in running text."""

import importlib.metadata
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.inspection.detectors import rampart, rampart_files
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.rampart_spans import Span, interpret

Types = Callable[[str, str], set[str]]
FILLER = "The committee met again and agreed on the agenda for the coming months without further discussion. "


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("My name is Anna Schmidt.", {"PERSON", "FULL_NAME"}),
        ("MARGARET THORNBURY CALLED THIS MORNING", {"PERSON", "FULL_NAME"}),
        ("margaret thornbury called this morning", {"PERSON", "FULL_NAME"}),
        ("Jean-Pierre O'Brien is late", {"PERSON", "FULL_NAME"}),
        ("Frau Müller wohnt hier", {"PERSON"}),
        ("Please ask Tobias about it", {"PERSON"}),
        ("Send it to 12 Baker Street, London", {"STREET_ADDRESS", "LOCATION"}),
        ("Er wohnt in der Hauptstraße 5, 10115 Berlin", {"STREET_ADDRESS", "LOCATION"}),
    ],
)
def test_names_and_addresses_are_found(types_of: Types, text: str, wanted: set[str]) -> None:
    """Reported problem 48: capitals and small letters make no difference to the model."""
    assert wanted <= types_of("rampart", text)


@pytest.mark.parametrize(
    "text",
    [
        "C4 and S3 on EKS at 12:30 in 2023, build 96c",
        "2023-11-28 05:32:21,577 - INFO - HTTP Request: POST /v1/audio 200 OK",
        "What is the difference between a list and a tuple in Python?",
        "Summarise what Albert Einstein published in 1905.",
        "BuildId: 383a37b5342fd0249afb25e7134deb33 pc 0000",
        "C1231006815 170136.00 9839.64 M1979787155",
        "x" * 2000,
        "   \n\t ",
        "",
    ],
)
def test_what_is_nobody_is_left_alone(types_of: Types, text: str) -> None:
    """Reported problem 47: product names, log lines, hashes and amounts; and people everybody knows."""
    assert types_of("rampart", text) == set()


@pytest.mark.parametrize("sentences", [1, 4, 5, 6, 7, 8, 20, 60])
def test_a_name_is_found_at_every_place_of_a_long_text(types_of: Types, sentences: int) -> None:
    """Evasion L1: windows overlap by more than a name, so none is cut in both."""
    text = FILLER * sentences + "Please tell Margaret Thornbury about it. " + FILLER * 3
    assert {"PERSON", "FULL_NAME"} <= types_of("rampart", text)


def test_offsets_are_those_of_the_text(detectors: Mapping[str, Detector]) -> None:
    """Also behind characters that the tokenizer changes, removes or splits."""
    text = "ﬁne – naïve 한국어 \u200b😃 café, ask Margaret Thornbury please"
    assert "Margaret" in {text[m.start : m.end] for m in detectors["rampart"].find(text) if m.entity_type == "PERSON"}


def test_threads_do_not_disturb_each_other(detectors: Mapping[str, Detector]) -> None:
    """One session serves all workers."""
    texts = [f"{FILLER * (n % 4)}Please tell {name} about it." for n, name in enumerate(["Anna Schmidt", "nobody"] * 8)]
    alone = [detectors["rampart"].find(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detectors["rampart"].find, texts)) == alone


def test_another_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file under the same name would be another detector, or worse."""
    for name in rampart_files.DIGESTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"something else")

    class Moved:
        def locate_file(self, path: str) -> Path:
            return tmp_path

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Moved())
    with pytest.raises(ConfigError, match="not the one this version was tested with"):
        rampart.load_rampart()


def test_a_missing_model_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reported problem 31: a service that starts without its model answers as if nothing were ever found."""
    monkeypatch.setattr(rampart_files, "DISTRIBUTION", "no-such-distribution")
    with pytest.raises(ConfigError, match="not installed"):
        rampart.load_rampart()


def spans(text: str, *parts: tuple[str, str]) -> list[Span]:
    """Spans of the given words of ``text`` with the model's kinds."""
    found = []
    position = 0
    for word, kind in parts:
        position = text.index(word, position)
        found.append(Span(position, position + len(word), kind, 0.9))
        position += len(word)
    return found


@pytest.mark.parametrize(
    ("text", "parts", "wanted"),
    [
        ("Ada Lovelace", [("Ada", "GIVEN_NAME"), ("Lovelace", "SURNAME")], {"PERSON", "FULL_NAME"}),
        ("Lovelace, Ada", [("Lovelace", "SURNAME"), ("Ada", "GIVEN_NAME")], {"PERSON", "FULL_NAME"}),
        ("Ada K. Lovelace", [("Ada", "GIVEN_NAME"), ("Lovelace", "SURNAME")], {"PERSON", "FULL_NAME"}),
        ("Ada went out. Lovelace", [("Ada", "GIVEN_NAME"), ("Lovelace", "SURNAME")], {"PERSON"}),
        ("S3", [("S3", "GIVEN_NAME")], set()),
        ("X", [("X", "SURNAME")], set()),
        ("Elm Street", [("Elm Street", "STREET_NAME")], set()),
        ("12 Elm Street", [("12", "BUILDING_NUMBER"), ("Elm Street", "STREET_NAME")], {"STREET_ADDRESS"}),
        ("Elm Street, 62704", [("Elm Street", "STREET_NAME"), ("62704", "ZIP_CODE")], {"STREET_ADDRESS", "LOCATION"}),
        ("tax id 123456789", [("123456789", "TAX_ID")], {"TAX_ID"}),
        ("value 123456789", [("123456789", "TAX_ID")], set()),
        ("tax id 12", [("12", "TAX_ID")], set()),
        ("a@b", [("a@b", "EMAIL")], {"EMAIL_ADDRESS"}),
        ("nobody", [("nobody", "EMAIL")], set()),
        ("www.x.org", [("www.x.org", "URL")], set()),
    ],
)
def test_labels_become_types_only_where_they_hold(text: str, parts: list[tuple[str, str]], wanted: set[str]) -> None:
    """What the model says is narrowed by what the text shows."""
    assert {match.entity_type for match in interpret(text, spans(text, *parts))} == wanted
