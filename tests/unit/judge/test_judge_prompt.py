"""The prompt's file: what comes with the gateway loads, and one that lost something does not."""

from pathlib import Path

import pytest

from gateway.audit.record import Judged
from gateway.errors import ConfigError
from gateway.judge.prompt import load_prompt
from gateway.judge.verdicts import REASONS, Ruling
from gateway.policy.shipped import shipped

TEXT = (shipped() / "judge" / "judge.yaml").read_text()


def broken(folder: Path, old: str, new: str) -> tuple[str, int | None]:
    """The only problem of the shipped file with ``old`` replaced, and its line."""
    assert old in TEXT
    file = folder / "judge.yaml"
    file.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_prompt(file)
    (problem,) = caught.value.problems
    assert problem.remedy
    assert problem.file == file
    return problem.message, problem.line


def test_the_shipped_prompt_shows_both_verdicts_in_seven_languages() -> None:
    """A model that has seen only one of the two answers gives that one."""
    prompt = load_prompt()
    assert {one.verdict.ruling for one in prompt.examples} == set(Ruling)
    assert [code for code, _ in prompt.reasons] == list(REASONS)
    assert all(f"language: {code}" in TEXT for code in ("en", "de", "fr", "es", "it", "pt", "nl"))


def test_every_reason_fits_a_record() -> None:
    """The closed list is the only way for a reason into the records."""
    assert Judged(private=1, general=0, failed=0, reasons=tuple(sorted(REASONS)), ms=1.0).reasons


def test_every_word_of_the_prompt_is_in_its_version(tmp_path: Path) -> None:
    """Verdicts are remembered and recorded under it."""
    file = tmp_path / "judge.yaml"
    versions = {load_prompt().version}
    for old, new in (("Marie Curie", "Ada Lovelace"), ("somebody's illness", "illness"), ("evidence", "a text")):
        file.write_text(TEXT.replace(old, new, 1))
        versions.add(load_prompt(file).version)
    file.write_text(f"# a comment\n{TEXT}")
    assert load_prompt(file).version == load_prompt().version
    assert len(versions) == 4


def line(text: str) -> int:
    return TEXT[: TEXT.index(text)].count("\n") + 1


def test_an_unknown_key_stops_the_load(tmp_path: Path) -> None:
    assert broken(tmp_path, "after: >-", "afterwards: >-\n  x\nafter: >-") == (
        "unknown key `afterwards`",
        line("after: >-"),
    )


def test_an_unknown_reason_stops_the_load(tmp_path: Path) -> None:
    message, at = broken(tmp_path, "verdict: private, reason: money", "verdict: private, reason: cash")
    assert "unknown reason code 'cash'" in message
    assert at == line("verdict: private, reason: money")


def test_a_missing_reason_stops_the_load(tmp_path: Path) -> None:
    message, at = broken(tmp_path, "  school: a pupil's or student's marks, conduct or difficulties\n", "")
    assert message == "reasons: school is missing"
    assert at == line("reasons:\n")


def test_a_question_that_does_not_name_the_mark_stops_the_load(tmp_path: Path) -> None:
    message, at = broken(tmp_path, "lines [{mark}]", "lines")
    assert "{mark}" in message
    assert at == line("before: >-")


def test_a_private_example_without_a_reason_stops_the_load(tmp_path: Path) -> None:
    message, _ = broken(tmp_path, "verdict: private, reason: legal", "verdict: private")
    assert "a private example has a reason" in message


def test_examples_of_one_kind_alone_stop_the_load(tmp_path: Path) -> None:
    file = tmp_path / "judge.yaml"
    lines = [one for one in TEXT.splitlines() if "verdict: general" not in one]
    file.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match="none is general"):
        load_prompt(file)
