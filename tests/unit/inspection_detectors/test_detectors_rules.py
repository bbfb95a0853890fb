"""Rules in YAML: they carry their proof, and every mistake ends the start with file, line and remedy."""

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.inspection.detectors import rules
from gateway.inspection.detectors.catalogue import detector_files

GOOD = """\
rules:
  - id: ticket
    entity_type: TICKET
    regex: 'T-(\\d{4})'
    match: ['T-{digit:4}']
    no_match: ['T-12']
"""
FILES = ("secrets", "identifiers", "national", "addresses", "letters", "clinical")


def load(folder: Path, text: str) -> rules.RuleDetector:
    path = folder / "rules.yaml"
    path.write_text(text)
    return rules.load_rules(path, "rules")


def test_a_rule_finds_the_group_it_names(tmp_path: Path) -> None:
    """The match is the value; the whole hit where the pattern names no group or the group took no part."""
    detector = load(tmp_path, GOOD.replace("'T-(\\d{4})'", "'T-(\\d{4})|U-\\d{4}'"))
    assert [(m.start, m.end) for m in detector.find("T-1234 U-5678")] == [(2, 6), (7, 13)]


@pytest.mark.parametrize(
    ("old", "new", "says", "line"),
    [
        ("match: ['T-{digit:4}']", "match: ['T-12']", "does not find its match example 1", 5),
        ("no_match: ['T-12']", "no_match: ['T-12', 'T-1234']", "finds its no_match example 2", 6),
        ("    no_match: ['T-12']\n", "", "has no no_match example", 2),
        ("entity_type: TICKET", "entity_type: ticket", "entity_type must be capitals", 3),
        ("id: ticket", "id: Ticket!", "needs an id", 2),
        ("regex: 'T-(\\d{4})'", "regex: 'T-(\\d{4}'", "not valid", 4),
        ("regex: 'T-(\\d{4})'", "regex: '(T)-(\\d{4})'", "more than one group", 4),
        ("    match:", "    validator: lun\n    match:", "no validator 'lun'", 5),
        ("    match:", "    scroe: 1\n    match:", "unknown key 'scroe'", 5),
        ("    match:", "    score: 2\n    match:", "score must be", 5),
        ("    match:", "    entropy: -1\n    match:", "entropy must be", 5),
        ("    match:", "    gate: '('\n    match:", "gate is not a valid", 5),
        ("    match:", "    keywords: [1]\n    match:", "must be a list of texts", 5),
    ],
)
def test_a_wrong_rule_ends_the_start(tmp_path: Path, old: str, new: str, says: str, line: int) -> None:
    """Law 7: file, line and remedy."""
    assert old in GOOD
    with pytest.raises(ConfigError, match=says) as raised:
        load(tmp_path, GOOD.replace(old, new))
    assert [problem.line for problem in raised.value.problems] == [line]
    assert all(problem.remedy for problem in raised.value.problems)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Nobody wants to start a program five times to learn of five mistakes."""
    second = GOOD.removeprefix("rules:\n").replace("T-12'", "T-1234'")
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, GOOD.replace("TICKET", "ticket") + second)
    assert len(raised.value.problems) == 2


@pytest.mark.parametrize("text", ["", "rules: []\n", "rules: {}\n", "rule:\n  - id: x\n", "- 1\n"])
def test_a_file_without_rules_is_an_error(tmp_path: Path, text: str) -> None:
    """Zero rules never mean "release"."""
    with pytest.raises(ConfigError):
        load(tmp_path, text)


def test_an_id_stands_for_one_rule(tmp_path: Path) -> None:
    """Records and messages name rules by it."""
    with pytest.raises(ConfigError, match="given twice"):
        load(tmp_path, GOOD + GOOD.removeprefix("rules:\n"))


def test_a_pattern_that_takes_too_long_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 4: Presidio's way, to skip it with a warning, would make an unread text look clean."""
    detector = load(tmp_path, GOOD.replace("'T-(\\d{4})'", "'T-(\\d{4})|(?:x+x+)+y'"))
    monkeypatch.setattr(rules, "PATTERN_SECONDS", 0.05)
    with pytest.raises(TimeoutError):
        detector.find("x" * 3000)


def test_keywords_and_gates_only_save_time(tmp_path: Path) -> None:
    """A text without the keyword is not read, in capitals it is."""
    detector = load(tmp_path, GOOD.replace("    regex", "    keywords: [t-]\n    gate: '\\d\\d'\n    regex"))
    assert detector.find("t-1234") == []
    assert len(detector.find("T-1234")) == 1


def test_a_needed_word_may_stand_before_or_after(tmp_path: Path) -> None:
    """Within 64 characters before or 32 after; short words whole, longer ones also as beginnings."""
    detector = load(
        tmp_path,
        GOOD.replace("    regex", "    needs: [ref, ticket]\n    regex").replace(
            "['T-{digit:4}']", "['ticket T-1234']"
        ),
    )
    assert detector.find("Tickets: T-1234")
    assert detector.find("T-1234 is the ref")
    assert not detector.find("refer T-1234")
    assert not detector.find("ticket" + "." * 80 + "T-1234")


def test_made_up_characters_are_always_the_same() -> None:
    """Examples must not pass on one day and fail on another; two blanks of one kind differ."""
    first, second = rules.fill("{b62:40} {b62:40}").split()
    assert (first, second) == tuple(rules.fill("{b62:40} {b62:40}").split())
    assert first != second
    assert rules.fill("{unknown:3} {x:3}") == "{unknown:3} xxx"


def test_the_version_follows_the_file(tmp_path: Path) -> None:
    """Results are cached under it."""
    assert load(tmp_path, GOOD).version != load(tmp_path, GOOD + "# a comment\n").version


@pytest.mark.parametrize("name", FILES)
def test_every_shipped_example_is_found_inside_a_text_too(name: str) -> None:
    """What a rule finds alone it finds between other words, in JSON, and on a line of its own."""
    path = detector_files() / f"{name}.yaml"
    detector = rules.load_rules(path, name)
    listed = rules.load_mapping(path)[0]["rules"]
    for rule, body in zip(detector.rules, listed, strict=True):
        alone = rules.RuleDetector("alone", "", (rule,))
        for example in map(rules.fill, body["match"]):
            for around in ("Please note:\n{}\nThank you", 'x = "{}"', "- {} (see above)"):
                assert alone.find(around.replace("{}", example)), (rule.id, around)
