"""The shipped detectors, loaded once: they are immutable."""

from collections.abc import Callable, Mapping

import pytest

from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.shipped import default_detectors

Types = Callable[[str, str], set[str]]


@pytest.fixture(scope="session")
def detectors() -> Mapping[str, Detector]:
    """Every shipped detector by its name."""
    return {detector.name: detector for detector in default_detectors()}


@pytest.fixture(scope="session")
def types_of(detectors: Mapping[str, Detector]) -> Types:
    """``types_of(name, text)``: the entity types that this detector finds with a score of 0.4 or more."""

    def types(name: str, text: str) -> set[str]:
        return {match.entity_type for match in detectors[name].find(text) if match.score >= 0.4}

    return types
