"""Presidio's recognizers come without spaCy, and spaCy can still be had."""

import subprocess
import sys

STARTED = """
import sys
from gateway.inspection.detectors.shipped import default_detectors
from gateway.inspection.readings import read
found = read("my SSN is 536-22-1187", default_detectors(), joined=False, abandoned=lambda: False)
assert "US_SSN" in {hit.entity_type for hit in found.hits}
assert not {"spacy", "thinc", "stanza", "torch", "transformers"} & set(sys.modules), sorted(sys.modules)
"""
ENGINE = """
import sys
from gateway.inspection.detectors.presidio_catalogue import presidio
assert presidio().PatternRecognizer and "spacy" not in sys.modules
from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine
import spacy
assert NlpArtifacts and SpacyNlpEngine
nlp = spacy.blank("en")
assert [token.text for token in nlp("two words")] == ["two", "words"]
assert presidio() is sys.modules["presidio_analyzer"]
"""
BESIDE = """
import spacy
from gateway.inspection.detectors.presidio_catalogue import presidio
presidio()
from presidio_analyzer import nlp_engine
assert nlp_engine.spacy_nlp_engine.spacy is spacy
"""


def run(program: str) -> None:
    """In a process of its own, where nothing is imported yet."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_started_detectors_have_not_loaded_spacy() -> None:
    """Some 40 MB of every process; the name detector needs none of it."""
    run(STARTED)


def test_an_engine_of_presidios_can_still_be_imported() -> None:
    """With the real spaCy: what stood in for it is forgotten."""
    run(ENGINE)


def test_where_spacy_is_at_hand_presidio_gets_it() -> None:
    """Whoever imported it first keeps it."""
    run(BESIDE)
