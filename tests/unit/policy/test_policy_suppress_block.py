"""`suppress:` and `transform:` of policy.yaml: what they say, what is refused, and what has come to its end."""

import os
from datetime import date
from pathlib import Path

import pytest
from test_policy_loader import HEAD, load, problems

from gateway.policy.lint import lint
from gateway.policy.suppress_block import SECRETS, SuppressBlock
from gateway.policy.suppression import grouped, plain
from gateway.policy.term_files import expired
from gateway.policy.transform_block import TransformBlock
from gateway.policy.vocabulary import Vocabulary
from gateway.policy.yaml_lines import load_mapping

VOCABULARY = Vocabulary(
    frozenset({"PERSON", "CREDIT_CARD", "PHONE_NUMBER", "EMAIL_ADDRESS", "PRIVATE_KEY", "API_KEY", "PRIVATE_MATTER"}),
    {SECRETS: frozenset({"PRIVATE_KEY", "API_KEY"}), "contact": frozenset({"PHONE_NUMBER", "EMAIL_ADDRESS"})},
)
SAID = "id: own, reason: Our switchboard., by: ops, until: 2026-12-31"
ROW = f"{{{SAID}, entities: [PHONE_NUMBER], values: ['+49 30 1234567']}}"


def text(*rows: str) -> str:
    return f"{HEAD}suppress:\n" + "".join(f"  - {row}\n" for row in rows)


def test_a_suppression_reads_as_it_is_written(tmp_path: Path) -> None:
    """Values, a file of them, domains, and where they hold."""
    (tmp_path / "own.txt").write_text("# ours\n\n+49 30 7654321\n  info@example.com\n")
    row = f"{{{SAID}, entities: contact, values: ['+49 30 1234567'], terms: own.txt, domains: Example.com, roles: user"
    (one,) = load(tmp_path, text(f"{row}, paths: messages.*.content}}"), VOCABULARY).suppress
    assert (one.id, one.until, one.entity_types) == ("own", "2026-12-31", {"PHONE_NUMBER", "EMAIL_ADDRESS"})
    assert one.values == {plain("+49 30 1234567"), plain("+49 30 7654321"), "info@example.com"}
    assert grouped("+49 30 7654321") in one.numbers
    assert (one.domains, one.roles, one.paths) == ({"example.com"}, {"user"}, ("messages.*.content",))


@pytest.mark.parametrize("key", ["reason", "by", "until", "entities", "id"])
def test_every_suppression_says_why_who_and_until_when(tmp_path: Path, key: str) -> None:
    """Without it the policy does not load."""
    said = {
        "id": "own",
        "reason": "Ours.",
        "by": "ops",
        "until": "2026-12-31",
        "entities": "[PERSON]",
        "values": "[abc]",
    }
    del said[key]
    row = ", ".join(f"{name}: {value}" for name, value in said.items())
    (found,) = problems(tmp_path, text(f"{{{row}}}"), VOCABULARY)
    assert f"{key}: the key is missing" in found.message
    assert found.line == 5


@pytest.mark.parametrize(
    ("row", "message", "remedy"),
    [
        (f"{{{SAID}, entities: [PERSON]}}", "names no values", "values"),
        (f"{{{SAID}, entities: [PERSN], values: [abc]}}", "unknown entity type or group 'PERSN'", "`PERSON`"),
        (f"{{{SAID}, entities: [anything], values: [abc]}}", "cannot be suppressed", "entity types"),
        (f"{{{SAID}, entities: [PRIVATE_MATTER], values: [abc]}}", "cannot be suppressed", "Remove"),
        (f"{{{SAID}, entities: [secrets], values: [abc]}}", "opens something", "allow_secrets"),
        (f"{{{SAID}, entities: [API_KEY], values: [abc]}}", "`API_KEY` opens something", "allow_secrets"),
        (f"{{{SAID}, entities: [secrets], values: [abc], allow_secrets: true}}", "opens something", "its type alone"),
        (f"{{{SAID}, entities: [PERSON], values: []}}", "the list is empty", "Name"),
        (f"{{{SAID}, entities: [PERSON], values: ['a-']}}", "less than 3 letters", "whole value"),
        (f"{{{SAID}, entities: [PERSON], domains: [example.com]}}", "is about mail addresses", "EMAIL_ADDRESS"),
        (f"{{{SAID}, entities: [EMAIL_ADDRESS], domains: ['*.com']}}", "is not a domain", "example.com"),
        (f"{{{SAID}, entities: [EMAIL_ADDRESS], domains: [com]}}", "is not a domain", "example.com"),
        (f"{{{SAID}, entities: [PERSON], values: [abc], paths: ['*']}}", "is not a path", "messages"),
        (f"{{{SAID}, entities: [PERSON], values: [abc], role: user}}", "unknown key", "`roles`"),
        (f"{{{SAID}, entities: [PERSON], terms: none.txt}}", "cannot read", "UTF-8"),
        (f"{{{SAID}, entities: [PERSON], terms: ../x.txt}}", "outside the policy's folder", "beside"),
        (ROW.replace("2026-12-31", "2026-02-30"), "not a day", "2026-12-31"),
        (ROW.replace("2026-12-31", "tomorrow"), "not a day", "2026-12-31"),
        (ROW.replace("2026-12-31", "20261231"), "not a day", "2026-12-31"),
    ],
)
def test_a_suppression_that_cannot_be_ends_the_load(tmp_path: Path, row: str, message: str, remedy: str) -> None:
    """With its line and what to write."""
    (found,) = problems(tmp_path, text(row), VOCABULARY)
    assert found.line == 5
    assert message in found.message
    assert remedy in found.remedy


def test_a_secret_that_opens_nothing_may_be_named_by_its_type(tmp_path: Path) -> None:
    """The example key of a manual, not all keys."""
    row = f"{{{SAID}, entities: [API_KEY], values: [sk-example], allow_secrets: true}}"
    assert load(tmp_path, text(row), VOCABULARY).suppress[0].entity_types == {"API_KEY"}


def test_ids_differ_from_those_of_rules(tmp_path: Path) -> None:
    """Records name both."""
    rule = "classify:\n  - {id: own, when: always, label: internal}\n"
    (found,) = problems(tmp_path, text(ROW) + rule, VOCABULARY)
    assert "given twice" in found.message


def test_a_file_of_values_is_read_strictly(tmp_path: Path) -> None:
    """Too short a value, an empty file, a pipe: each is an error and none holds up the start."""
    row = f"{{{SAID}, entities: [PERSON], terms: own.txt}}"
    (tmp_path / "policy.yaml").write_text(text(row))
    (tmp_path / "own.txt").write_text("# nothing\n")
    assert "has no values" in problems(tmp_path, text(row), VOCABULARY)[0].message
    (tmp_path / "own.txt").unlink()
    os.mkfifo(tmp_path / "own.txt")
    assert "cannot read" in problems(tmp_path, text(row), VOCABULARY)[0].message


def test_an_expired_one_is_named_with_its_line(tmp_path: Path) -> None:
    """The day after its last day, in UTC; it loads, and its findings count again."""
    loaded = load(tmp_path, text(ROW, ROW.replace("own", "old").replace("2026", "2025")), VOCABULARY)
    (found,) = [one for one in lint(tmp_path, loaded, VOCABULARY, date(2026, 12, 31)) if "ended" in str(one)]
    assert found.level == "warning"
    assert (found.problem.line, found.problem.file) == (6, tmp_path / "policy.yaml")
    assert "`old` ended on 2025-12-31" in found.problem.message
    later = lint(tmp_path / "policy.yaml", loaded, VOCABULARY, date(2027, 1, 1))
    assert sum("ended" in str(one) for one in later) == 2


def test_a_policy_without_any_has_none_that_expired(tmp_path: Path) -> None:
    """Nothing to look up."""
    value, lines = load_mapping(Path(__file__).parents[3] / "policies" / "default" / "policy.yaml")
    assert list(expired(value, lines, tmp_path, load(tmp_path, HEAD, VOCABULARY), date(2030, 1, 1))) == []


TRANSFORMS = "transform:\n  - {id: cards, entities: [CREDIT_CARD], to: [external], way: {keep_last: 4}}\n"


def test_a_transform_is_read_and_then_not_built_yet(tmp_path: Path) -> None:
    """Nobody may believe that values are changed before they leave."""
    for way in ("pseudonymise", "redact", "{keep_last: 4}"):
        (found,) = problems(tmp_path, HEAD + TRANSFORMS.replace("{keep_last: 4}", way), VOCABULARY)
        assert found.line == 4
        assert "is not built yet" in found.message
        assert "Remove `transform`" in found.remedy


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        (("CREDIT_CARD", "CREDIT_CRAD"), "unknown entity type or group 'CREDIT_CRAD'", "`CREDIT_CARD`"),
        (("{keep_last: 4}", "redcat"), "unknown way 'redcat'", "`redact`"),
        (("{keep_last: 4}", "{keep_last: 40}"), "from 1 to 8", "keep_last: 4"),
        (("{keep_last: 4}", "{keep: 4}"), "not a way", "keep_last: 4"),
        (("to: [external], ", ""), "to: the key is missing", "Add it"),
        (("way:", "wya:"), "unknown key `transform[0].wya`", "`way`"),
    ],
)
def test_what_is_wrong_in_a_transform_is_said_as_well(
    tmp_path: Path, change: tuple[str, str], message: str, remedy: str
) -> None:
    """All problems at once, each with its line."""
    first, *rest = problems(tmp_path, HEAD + TRANSFORMS.replace(*change), VOCABULARY)
    assert "not built yet" in first.message
    assert any(message in one.message and remedy in one.remedy and one.line == 5 for one in rest)


def test_the_blocks_describe_each_key() -> None:
    """For editors and for the reference."""
    for block in (SuppressBlock, TransformBlock):
        assert all(field.description for field in block.model_fields.values())
