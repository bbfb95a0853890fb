"""No pattern of the catalogue takes more time than its text is long, on text made to keep it busy."""

import time
from pathlib import Path

import pytest
import regex
import yaml
from pattern_attacks import attacks

from gateway.inspection.all_views import all_views
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.catalogue import detector_files
from gateway.inspection.detectors.phones import PhoneDetector
from gateway.inspection.detectors.prefilter import Prefilter, Wanted
from gateway.inspection.detectors.presidio import load_presidio
from gateway.inspection.detectors.rules import load_rules
from gateway.inspection.detectors.together import Seatable, seated

FOLDER = detector_files()
LENGTH = 20_000
MOST_PER_CHARACTER = 5e-6
"""Seconds of processor time. The slowest shipped pattern takes a third; what grows with the square, 100 times it."""


def rule_files() -> list[Path]:
    """Every file of rules, however many there are."""
    return [file for file in sorted(FOLDER.glob("*.yaml")) if "rules" in yaml.safe_load(file.read_text())]


def catalogue() -> tuple[Detector, ...]:
    """Every shipped detector made of patterns."""
    rules = [load_rules(file, file.stem) for file in rule_files()]
    return seated([*rules, load_presidio(FOLDER / "presidio.yaml"), PhoneDetector()])


CATALOGUE = catalogue()


def seconds(prefilter: Prefilter, pattern: "regex.Pattern[str]", text: str) -> float:
    """Processor time of the question whether a pattern may match, and of all its matches where it may."""
    before = time.thread_time()
    try:
        for at in prefilter.scan(text).values():
            for _ in pattern.finditer(text, at, timeout=10 * MOST_PER_CHARACTER * LENGTH):
                pass
    except TimeoutError:
        return float("inf")
    return time.thread_time() - before


def is_slow(one: Wanted) -> bool:
    """Does some attack keep the pattern busy beyond what the length allows, three times in a row?"""
    prefilter = Prefilter([Wanted(one.source, one.flags)], with_hyperscan=False)
    pattern = regex.compile(one.source, one.flags | regex.VERSION0)
    return any(
        all(seconds(prefilter, pattern, text) > MOST_PER_CHARACTER * LENGTH for _ in range(3))
        for text in attacks(one.source, one.flags, LENGTH)
    )


@pytest.mark.parametrize("detector", CATALOGUE, ids=lambda detector: detector.name)
def test_every_pattern_takes_time_with_the_length_of_the_text(detector: Detector) -> None:
    """Each pattern against text made of its own repeated pieces."""
    assert isinstance(detector, Seatable)
    assert [one.source for one in detector.wanted if is_slow(one)] == []


@pytest.mark.parametrize(
    "source", [r"\b(?=[A-Z-]*\d)[A-Z]{1,5}-", r"(?:a|aa)+b", r"(?:\w+\s?)*[!?]x", r"[.\n]\s*[Dd]ear"]
)
def test_the_search_finds_patterns_that_do_not(source: str) -> None:
    """The attacks are worth something: known kinds of slow patterns fall to them."""
    assert is_slow(Wanted(source))


@pytest.mark.parametrize(
    "piece",
    [
        "1234 5678 9012 3456\n", "1 2 3 4 ", "2019;2020;2021\n", "11-22-33-", "a1b2c3d4e5f6a7b8", "aGVsbG8gd29ybGQh ",
        "4a4b ", "%41%42", "&#49;", "\\u0031", "one two three ", "x@y.", "<b>1</b>", "DE89 3704 0044 ", "١٢٣ ", "é1é2",
        "| 1 | 2 |\n", "member id: A-1-", "+44 20 7946 0958 ", "(555) 123-4567 ", "::1:2:", "10.0.0.1 ", "Dear Ann\n",
        "AKIA", "-----BEGIN ", "= '", "..--.. ", "\u200b", "A", "0", " ", "\n",
    ],
)  # fmt: skip
def test_reading_in_every_way_takes_time_with_the_length(piece: str) -> None:
    """All views and all patterns together: twice the text takes at most about twice the time."""
    figures = []
    for length in (10_000, 40_000):
        text = (piece * length)[:length]
        times = []
        for _ in range(2):
            before = time.thread_time()
            for view in all_views(text)[0]:
                for detector in CATALOGUE:
                    detector.find(view.text)
            times.append(time.thread_time() - before)
        figures.append(min(times))
    shorter, longer = figures
    assert longer < max(9 * shorter, 0.4), f"{shorter:.3f} s, then {longer:.3f} s"
