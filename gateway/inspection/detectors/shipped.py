"""The detectors that come with the gateway: one explicit list, in the order in which they run."""

from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.catalogue import detector_files
from gateway.inspection.detectors.phones import PhoneDetector
from gateway.inspection.detectors.presidio import load_presidio
from gateway.inspection.detectors.rampart import load_rampart
from gateway.inspection.detectors.rules import load_rules


def default_detectors(*, ner: bool = True) -> tuple[Detector, ...]:
    """Load them all. ``ner`` False leaves out the model that finds names and addresses. Raises ConfigError."""
    folder = detector_files()
    patterns: tuple[Detector, ...] = (
        load_rules(folder / "secrets.yaml", "secrets"),
        load_rules(folder / "identifiers.yaml", "identifiers"),
        load_presidio(folder / "presidio.yaml"),
        PhoneDetector(),
    )
    return (*patterns, load_rampart()) if ner else patterns
