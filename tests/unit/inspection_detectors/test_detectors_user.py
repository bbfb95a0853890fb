"""What an installation adds: Presidio recognizers unchanged, rules, classes, packages. The page's examples run here."""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.inspection.detectors.base import Detector
from gateway.inspection.detectors.user_classes import is_class, load_class, load_entry_points
from gateway.inspection.detectors.user_detectors import user_detectors
from gateway.inspection.detectors.user_files import load_file
from gateway.inspection.detectors.user_recognizers import entity_type, source_version
from gateway.inspection.readings import read

PAGE = (Path(__file__).parents[3] / "docs" / "recognizers.md").read_text()
EXAMPLES = dict(re.findall(r"<!-- example: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL))

OTHERS = '''
import regex
from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer, RecognizerResult


class Numbers(EntityRecognizer):
    """As in Presidio's documentation: looks at tokens."""

    def __init__(self):
        super().__init__(supported_entities=["NUMBER"], name="numbers")

    def load(self):
        pass

    def analyze(self, text, entities, nlp_artifacts):
        return [
            RecognizerResult("NUMBER", token.idx, token.idx + len(token), 0.7)
            for token in nlp_artifacts.tokens
            if token.like_num
        ]


class Endless(PatternRecognizer):
    def __init__(self):
        super().__init__(supported_entity="ENDLESS", patterns=[Pattern("slow", r"(?:\\w|\\w\\w)+\\Z(?<=x)", 0.5)])

    def analyze(self, text, entities, nlp_artifacts=None, regex_flags=None):
        return super().analyze(text, entities, nlp_artifacts, regex_flags)


class Broken(EntityRecognizer):
    def __init__(self):
        raise RuntimeError("secret text of a constructor")


class Unfit:
    pass
'''


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The page's examples as files, with the Python among them importable."""
    for name, text in EXAMPLES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "other_recognizers.py").write_text(OTHERS)
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))
    for name in ("acme_recognizers", "acme_detectors", "other_recognizers"):
        sys.modules.pop(name, None)


def found(detector: Detector, text: str) -> dict[str, float]:
    """Best score by type."""
    scores: dict[str, float] = {}
    for match in detector.find(text):
        scores[match.entity_type] = max(match.score, scores.get(match.entity_type, 0))
    return scores


def complaint(folder: Path, text: str) -> tuple[str, int | None]:
    """The first problem of a file with this text, and its line."""
    path = folder / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_file(path, "own.bad")
    assert caught.value.problems[0].file == path
    return caught.value.problems[0].message, caught.value.problems[0].line


def test_presidio_yaml_runs_as_it_is(folder: Path) -> None:
    """Patterns with their scores, context words of every language, a list of words."""
    detector = load_file(folder / "presidio.yaml", "own.presidio")
    assert detector.entity_types == {"ACME_CUSTOMER", "ACME_PROJECT"}
    assert found(detector, "AC123456") == {"ACME_CUSTOMER": 0.3}
    assert found(detector, "our customer AC123456") == {"ACME_CUSTOMER": pytest.approx(0.65)}
    assert found(detector, "Kundennummer: AC123456") == {"ACME_CUSTOMER": pytest.approx(0.65)}
    assert found(detector, "ACME-123456 is late")["ACME_CUSTOMER"] == 0.85
    assert found(detector, "when does operation larch begin?") == {"ACME_PROJECT": 1.0}
    assert found(detector, "larch wood") == {}


def test_rules_in_our_format_are_proven_when_they_are_loaded(folder: Path) -> None:
    """The page's rule finds its examples; a broken example ends the load with its line."""
    detector = load_file(folder / "rules.yaml", "own.rules")
    assert found(detector, "where is order 7000000005?") == {"ACME_ORDER": 0.9}
    message, line = complaint(folder, EXAMPLES["rules.yaml"].replace("order 7000000005", "order 7000000001"))
    assert "does not find its match example" in message
    assert line == 10


def test_python_recognizers_run_as_they_are(folder: Path) -> None:
    """Validation as the class says it; tokens for those that read words."""
    badge = load_class("acme_recognizers:BadgeRecognizer", "own.badge")
    assert found(badge, "badge B12345P") == {"ACME_BADGE": 1.0}
    assert found(badge, "badge B12345Q") == {}
    numbers = load_class("other_recognizers:Numbers", "own.numbers")
    assert [(m.start, m.end) for m in numbers.find("I have seven cats and 12 dogs")] == [(7, 12), (22, 24)]
    assert badge.version != numbers.version


def test_packages_bring_detectors_by_entry_point(folder: Path) -> None:
    """Under the entry point's name; what follows our protocol is asked directly."""
    ((name, detector),) = load_entry_points((EntryPoint("acme", "acme_detectors:Badges", "gateway.detectors"),))
    assert (name, detector.name, detector.views) == ("acme", "own.acme", "all")
    assert found(detector, "locker L-1234") == {"ACME_LOCKER": 0.9}
    with pytest.raises(ConfigError, match="of an installed package cannot be used"):
        load_entry_points((EntryPoint("gone", "no_such_module:Thing", "gateway.detectors"),))


def test_all_of_them_together(folder: Path) -> None:
    """As gateway.yaml lists them; names are told apart."""
    listed = [str(folder / "presidio.yaml"), str(folder / "rules.yaml"), "acme_recognizers:BadgeRecognizer"]
    detectors = user_detectors(listed, packages=False)
    assert [one.name for one in detectors] == ["own.presidio", "own.rules", "own.badgerecognizer"]
    with pytest.raises(ConfigError, match=r"two detectors are called 'own\.rules'"):
        user_detectors([listed[1], listed[1]], packages=False)
    with pytest.raises(ConfigError, match="neither a file nor a class"):
        user_detectors(["recognizers"], packages=False)


def test_a_slow_pattern_is_incomplete_coverage_and_never_clean(folder: Path) -> None:
    """Presidio itself would skip it with a warning."""
    slow = load_class("other_recognizers:Endless", "own.endless")
    reading = read("a" * 4000 + "!", [slow], joined=False, abandoned=lambda: False)
    assert reading.failed
    assert "detector_error:own.endless" in reading.reasons


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("other_recognizers:Broken", "cannot be used: RuntimeError"),
        ("other_recognizers:Unfit", "it lacks name, version, entity_types, views, find"),
        ("other_recognizers:Nothing", "AttributeError"),
        ("no_such_module:Thing", "No module named"),
    ],
)
def test_what_cannot_be_used_ends_the_start(folder: Path, spec: str, message: str) -> None:
    """With the setting's own words; what a constructor raised is not quoted."""
    assert is_class(spec)
    with pytest.raises(ConfigError, match=message) as caught:
        load_class(spec, "own.x")
    assert "secret text" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("things: []\n", "lists no recognizers and no rules", 1),
        ("recognizers: []\n", "no recognizer is enabled", 1),
        ("recognizers:\n  - name: A\n    supported_entity: A_B\n", "needs patterns or a deny_list", 2),
        ("recognizers:\n  - name: A\n    deny_list: [x]\n", "needs a supported_entity", 2),
        ("recognizers:\n  - name: A\n    supported_entity: A_B\n    deny_lst: [x]\n", "unknown key 'deny_lst'", 4),
        ("recognizers:\n  - name: A\n    supported_entity: '!!'\n    deny_list: [x]\n", "cannot be an entity type", 3),
        ("recognizers:\n  - type: predefined\n    name: NoSuchRecognizer\n", "Presidio has no recognizer", 3),
        ("recognizers:\n  - NoSuchRecognizer\n", "Presidio has no recognizer", 2),
        (
            ("recognizers:\n  - name: A\n    supported_entity: A_B\n    patterns:\n"
            "      - name: p\n        regex: '(a'\n        score: 0.5\n"),
            "the regex is not valid",
            6,
        ),
        (
            ("recognizers:\n  - name: A\n    supported_entity: A_B\n    patterns:\n"
            "      - {name: p, regex: a, score: 5}\n"),
            "a score must be a number from 0 to 1",
            5,
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str, message: str, line: int) -> None:
    """A typo must not become a recognizer that finds nothing."""
    said, where = complaint(tmp_path, text)
    assert message in said
    assert where == line


def test_presidios_own_recognizers_can_be_turned_on(tmp_path: Path) -> None:
    """By name, or as an entry that is predefined; one that is not enabled stays out."""
    path = tmp_path / "more.yaml"
    path.write_text(
        "recognizers:\n  - UrlRecognizer\n  - name: IbanRecognizer\n    type: predefined\n    enabled: false\n"
    )
    detector = load_file(path, "own.more")
    assert detector.entity_types == {"URL"}
    assert found(detector, "see https://www.acme.net/x")


def test_types_are_written_as_policies_write_them() -> None:
    """Presidio allows any text; a policy wants capitals."""
    assert entity_type("Zip code") == "ZIP_CODE"
    with pytest.raises(ValueError, match="cannot be an entity type"):
        entity_type("7")


def test_a_class_without_source_has_a_version_all_the_same() -> None:
    """Its name stands in for it."""
    assert source_version(int) == source_version(int) != source_version(str)
