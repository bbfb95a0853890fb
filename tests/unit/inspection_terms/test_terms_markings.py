"""Document markings: where they stand decides. The shipped list, and the places by themselves."""

import pytest

from gateway.inspection.terms.marking import is_asked_about, is_marking
from gateway.inspection.terms.terms import TermDetector, load_terms
from gateway.policy.shipped import shipped


@pytest.fixture(scope="module")
def markings() -> TermDetector:
    return load_terms(shipped() / "terms" / "markings.yaml", "markings")


@pytest.mark.parametrize(
    "text",
    [
        "STRICTLY CONFIDENTIAL\n\nBoard paper on the sale of the Leeds plant.",
        "Board paper\n\nStrictly confidential – page 2 of 9",
        "Subject: [Confidential] Offer to the works council",
        "From: a\nSubject: CONFIDENTIAL: offer\n\nHello",
        "Sensitivity: Company Confidential",
        "classification = 'internal only'",
        "TLP:AMBER+STRICT\nIndicators below.",
        "Please summarise. This is TLP:RED so keep it short.",
        "(U//FOUO) The convoy leaves at dawn; marked NOFORN.",
        "Die Unterlage ist VS-NUR FÜR DEN DIENSTGEBRAUCH.",
        "VS-NfD\nLagebild",
        "Confidentiel Défense\nNote au cabinet",
        "Difusión limitada\nInforme",
        "RISERVATO\nVerbale del consiglio",
        "Confidencial\n\nAta da reunião",
        "Departementaal Vertrouwelijk\nNota",
        "Privileged & Confidential\nAttorney-Client Communication\nDear all",
        "You were wall-crossed yesterday, so trade nothing.",
        "The stock is on our restricted list since Monday.",
        "Our results are embargoed until 7 a.m.",
        "This file contains material non-public information.",
    ],
)
def test_a_marked_text_is_found(markings: TermDetector, text: str) -> None:
    """In seven languages, in headers, fields, subject lines and sentences."""
    assert {match.entity_type for match in markings.find(text)} == {"CONFIDENTIAL_MARKER"}
    assert all(match.score >= 0.6 for match in markings.find(text))


@pytest.mark.parametrize(
    "text",
    [
        "what does TLP:AMBER mean?",
        "What is the difference between CONFIDENTIAL and TOP SECRET?",
        "Explain what MNPI is and when somebody is wall-crossed.",
        "Is it legal to trade on a restricted list?",
        "Was bedeutet VS-NfD?",
        "Que signifie « confidentiel défense » ?",
        "¿Qué significa información privilegiada?",
        "Cosa significa strettamente riservato?",
        "O que significa informação privilegiada?",
        "Wat betekent departementaal vertrouwelijk?",
        "Write a story about a secret garden.",
        "Keep the conversation confidential and be kind.",
        "The internal combustion engine was invented in 1876.",
        "An internal server error occurred.",
        "Use `internal` visibility in Kotlin.",
        "He works for the secret service.",
        "Der Geheimdienst arbeitet geheim.",
    ],
)
def test_a_question_about_the_word_and_ordinary_prose_are_left_alone(markings: TermDetector, text: str) -> None:
    """They may leave."""
    assert list(markings.find(text)) == []


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("X", True),
        ("-- X --", True),
        ("X | page 3", True),
        ("[X] offer", True),
        ("**X** offer", True),
        ("X: offer", True),
        ("Status: X", True),
        ("the word X here", False),
        ("X is a word", False),
    ],
)
def test_places_of_markings(line: str, *, marked: bool) -> None:
    """Of one word on one line, with other lines around."""
    text = f"Some text before it.\n{line}\nSome text after it."
    at = text.index("X")
    assert is_marking(text, at, at + 1) is marked


def test_a_question_is_one_sentence() -> None:
    """The next sentence is no question about the word."""
    text = "What is this? It is X."
    assert not is_asked_about(text, text.index("X"), text.index("X") + 1)
    text = "Define X. It was sent."
    assert is_asked_about(text, text.index("X"), text.index("X") + 1)
