"""The detectors that a gateway runs: one explicit, ordered table."""

from collections.abc import Sequence
from pathlib import Path

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.catalogue import detector_files
from gateway.inspection.detectors.cues import load_cues
from gateway.inspection.detectors.engines import RAMPART, Engine, load
from gateway.inspection.detectors.phones import PhoneDetector
from gateway.inspection.detectors.presidio import load_presidio
from gateway.inspection.detectors.rules import load_rules
from gateway.inspection.detectors.together import seated
from gateway.inspection.detectors.user_detectors import user_detectors
from gateway.inspection.terms.terms import load_terms


def default_detectors(
    *, ner: Engine | bool | None = True, folder: Path | None = None, own: Sequence[str] = ()
) -> tuple[Detector, ...]:
    """Load every shipped detector; about a second and 200 MB with the model, most of it imports.

    ``ner``: read names and addresses with this engine, True being the shipped one. Without it only those that their
    form gives away are found (letters.yaml), so every entity type still has a finder and every policy still loads;
    recall of names is low.
    ``folder``: the rule files, ``policies/detectors`` by default. ``own``: what the installation adds, see
    user_detectors.py; what installed packages offer always comes along. Raises ConfigError.
    """
    folder = folder or detector_files()
    if not folder.is_dir():
        raise ConfigError((Problem("the rule files are missing", "Install the gateway from its package.", folder),))
    detectors: list[Detector] = [
        load_rules(folder / "secrets.yaml", "secrets"),
        load_rules(folder / "identifiers.yaml", "identifiers"),
        load_rules(folder / "national.yaml", "national"),
        load_presidio(folder / "presidio.yaml"),
        PhoneDetector(),
        load_rules(folder / "addresses.yaml", "addresses"),
        load_rules(folder / "letters.yaml", "letters"),
        load_rules(folder / "clinical.yaml", "clinical"),
        load_cues(folder / "cues.yaml"),
        load_terms(folder.parent / "terms" / "markings.yaml", "markings"),
    ]
    if ner:
        detectors.append(load(RAMPART if ner is True else ner))
    return (*seated(detectors), *user_detectors(own))
