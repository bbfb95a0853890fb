"""The policy reference says what the language is: its examples load, and it names every word."""

import re
from pathlib import Path

import pytest

from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.policy.loader import NOT_YET, load_policy
from gateway.policy.probe_file import AssumedBackend, Expect, Probe, load_probes
from gateway.policy.reads_block import ReadsBlock
from gateway.policy.schema import PolicyFile, RefuseBlock, RouteBlock
from gateway.policy.time_block import TimeBlock
from gateway.policy.vocabulary import FAULTS, UNREAD, Vocabulary
from gateway.policy.when import EntitiesBlock, TokensBlock, When

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text()
POLICY, PROBES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_policy_loads(tmp_path: Path) -> None:
    """What a reader copies works."""
    (tmp_path / "policy.yaml").write_text(POLICY)
    catalogue = load_catalogue()
    policy = load_policy(tmp_path, Vocabulary(catalogue.entity_types, catalogue.groups))
    assert [rule.id for rule in policy.refuse] == ["private-key"]


def test_the_example_probes_load(tmp_path: Path) -> None:
    """So do the tests beside it."""
    (tmp_path / "probes.yaml").write_text(PROBES)
    assert len(load_probes(tmp_path / "probes.yaml").probes) == 2


@pytest.mark.parametrize(
    "block",
    [
        PolicyFile,
        When,
        EntitiesBlock,
        TokensBlock,
        TimeBlock,
        RefuseBlock,
        RouteBlock,
        Probe,
        Expect,
        AssumedBackend,
        ReadsBlock,
    ],
)
def test_every_key_of_the_language_is_named(block: type[PolicyFile]) -> None:
    """A key that is added to the language is added to its reference."""
    keys = {field.alias or name for name, field in block.model_fields.items()}
    assert {key for key in keys if not re.search(rf"\b{key}\b", PAGE)} == set()


def test_every_reason_and_every_reserved_word_is_named() -> None:
    """Closed vocabularies are written out."""
    assert {word for word in {*FAULTS, *UNREAD, *NOT_YET} if f"`{word}`" not in PAGE} == set()
