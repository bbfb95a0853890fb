"""The catalogue is Presidio's: span for span what its own recognizers find, with every exception in one table."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_detectors_prefilter import EXAMPLES

from gateway.inspection.detectors.base import Match
from gateway.inspection.detectors.catalogue import detector_files
from gateway.inspection.detectors.presidio import load_presidio
from gateway.inspection.detectors.presidio_catalogue import presidio
from gateway.inspection.detectors.together import seated

DATA = Path(__file__).parents[4] / "shared" / "data"
SETTINGS = detector_files() / "presidio.yaml"
LISTED: list[str] = yaml.safe_load(SETTINGS.read_text())["recognizers"]
PREDEFINED: Any = presidio().predefined_recognizers

LEFT_OUT = {
    "CreditCardRecognizer": "rules card-number*: more forms, issuer ranges, groups glued to other text",
    "IbanRecognizer": "rule iban: groups, glued text, the country's length says where it ends",
    "EmailRecognizer": "rule email: its validation may load a list of domains from the network",
    "PhoneRecognizer": "detector phones: the same numbering plans, asked about candidates only",
    "ZaMobileNumberRecognizer": "detector phones, South Africa among its regions",
    "ZaTelephoneNumberRecognizer": "detector phones, South Africa among its regions",
    "ZaPhoneNumberRecognizer": "what the two above have in common; exported by nobody",
    "DateRecognizer": "a date alone is no secret; rule date-of-birth finds those of birth",
    "UrlRecognizer": "an address on the web alone is no secret; rules credential-url and others find what is",
    "UuidRecognizer": "a UUID alone is no secret",
    "AzureAILanguageRecognizer": "sends the text to a service",
    "AzureHealthDeidRecognizer": "sends the text to a service",
    "AzureOpenAILangExtractRecognizer": "sends the text to a service",
    "LangExtractRecognizer": "sends the text to a service",
    "BasicLangExtractRecognizer": "sends the text to a service",
    "GLiNERRecognizer": "a model for names, not a pattern: see the name detector",
    "HuggingFaceNerRecognizer": "a model for names, not a pattern: see the name detector",
    "MedicalNERRecognizer": "a model for names, not a pattern: see the name detector",
    "SpacyRecognizer": "a model for names, not a pattern: see the name detector",
    "StanzaRecognizer": "a model for names, not a pattern: see the name detector",
    "TransformersRecognizer": "a model for names, not a pattern: see the name detector",
}
"""Predefined recognizers that are not run, each with its reason."""

EXCEPTIONS = {
    "IN_PAN": "pattern PAN (Low): any ten letters with four digits somewhere behind them, in quadratic time",
    "IP_ADDRESS": "loopback, addresses for documentation, and versions such as Chrome/110.0.0.0",
}
"""Entity types that Presidio also finds where we do not, each with its reason.

And for every type: what is cut out of a longer number, where some patterns have no boundaries."""


def corpus() -> Iterator[str]:
    """Every rule's examples, known numbers, and a part of the development sentences where they are at hand."""
    yield from EXAMPLES
    for name in ("pii_sentences", "real_prompts"):
        file = DATA / f"{name}.jsonl"
        for line in file.read_text("utf-8").splitlines()[::4] if file.is_file() else ():
            yield json.loads(line)["text"]


def theirs(text: str, recognizers: list[Any]) -> set[tuple[int, int, str]]:
    """What Presidio's own recognizers answer."""
    found = (hit for one in recognizers for hit in one.analyze(text, one.supported_entities, None))
    return {(hit.start, hit.end, hit.entity_type) for hit in found}


def in_a_number(text: str, start: int, end: int) -> bool:
    """Do digits go on on either side?"""
    before, after = text[start - 1 : start] + text[start : start + 1], text[end - 1 : end + 1]
    return any(len(pair) == 2 and pair.isdecimal() for pair in (before, after))


def test_every_span_is_presidios_own() -> None:
    """Nothing less than what Presidio finds, but for the table; and nothing more at all."""
    (ours,) = seated([load_presidio(SETTINGS, min_score=0.0001)])
    recognizers = [getattr(PREDEFINED, name)() for name in LISTED]
    compared = 0
    for text in corpus():
        found: list[Match] = list(ours.find(text))
        got = {(match.start, match.end, match.entity_type) for match in found}
        wanted = theirs(text, recognizers)
        assert got <= wanted, f"found by us alone: {sorted(entity for *_, entity in got - wanted)}"
        missed = {
            entity
            for start, end, entity in wanted - got
            if entity not in EXCEPTIONS and not in_a_number(text, start, end)
        }
        assert not missed, f"found by Presidio alone: {missed}"
        compared += len(got)
    assert compared > 100


@pytest.mark.parametrize("entity", EXCEPTIONS)
def test_every_exception_is_needed(entity: str) -> None:
    """A line of the table that excepts nothing any more goes."""
    text = "restaurant 4844 and http://127.0.0.1:80"
    (ours,) = seated([load_presidio(SETTINGS, min_score=0.0001)])
    got = {(match.start, match.end, match.entity_type) for match in ours.find(text)}
    recognizers = [getattr(PREDEFINED, name)() for name in LISTED]
    assert entity in {found for _, _, found in theirs(text, recognizers) - got}


def test_every_predefined_recognizer_is_run_or_left_out_for_a_reason() -> None:
    """All that the installed Presidio has, of every country, whether it exports it or not."""
    known = {name for name in dir(PREDEFINED) if isinstance(getattr(PREDEFINED, name), type)}
    for module in pkgutil.walk_packages(PREDEFINED.__path__, f"{PREDEFINED.__name__}."):
        if ".country_specific." in module.name or ".generic." in module.name:
            classes = vars(importlib.import_module(module.name)).values()
            known |= {
                one.__name__
                for one in classes
                if isinstance(one, type)
                and issubclass(one, presidio().EntityRecognizer)
                and one.__module__ == module.name
            }
    assert sorted(known - {*LISTED, *LEFT_OUT}) == []
    assert sorted({*LISTED, *LEFT_OUT} - known) == []
    assert not LEFT_OUT.keys() & set(LISTED)
