"""What an editor knows of the language is what the loader does with it, as far as a schema can tell."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.policy.block import Block
from gateway.policy.json_schema import policy_schema, probes_schema
from gateway.policy.probe_file import ProbeFile
from gateway.policy.schema import PolicyFile
from gateway.policy.shipped import shipped
from gateway.policy.vocabulary import Vocabulary
from gateway.policy.yaml_lines import load_yaml, parse_yaml

CATALOGUE = load_catalogue()
KNOWN = Vocabulary(CATALOGUE.entity_types, CATALOGUE.groups)
POLICY = Draft202012Validator(policy_schema(KNOWN))
PROBES = Draft202012Validator(probes_schema(KNOWN))
POLICIES = sorted(shipped().glob("*/policy.yaml"))
RULE = "version: 1\nname: a\nlabels: [public, top]\nclassify:\n  - {id: one, label: top, when: %s}\n"


def blocks(model: type[Block], seen: set[type[Block]]) -> Iterator[type[Block]]:
    """A model and all models inside it."""
    if model in seen:
        return
    seen.add(model)
    yield model
    for field in model.model_fields.values():
        waiting: list[Any] = [field.annotation]
        while waiting:
            one = waiting.pop()
            waiting += get_args(one)
            if isinstance(one, type) and issubclass(one, Block):
                yield from blocks(one, seen)


def valid(text: str) -> bool:
    return POLICY.is_valid(parse_yaml(text, Path("policy.yaml"))[0])


@pytest.mark.parametrize("validator", [POLICY, PROBES])
def test_it_is_a_schema(validator: Draft202012Validator) -> None:
    """Of the dialect that it names."""
    Draft202012Validator.check_schema(validator.schema)


@pytest.mark.parametrize("file", POLICIES, ids=lambda file: file.parent.name)
def test_every_shipped_policy_and_its_probes_are_valid(file: Path) -> None:
    """An editor marks nothing in a file that loads."""
    POLICY.validate(load_yaml(file)[0])
    PROBES.validate(load_yaml(file.parent / "probes.yaml")[0])


@pytest.mark.parametrize("model", [*blocks(PolicyFile, set()), *blocks(ProbeFile, set())], ids=lambda one: one.__name__)
def test_every_key_has_a_description(model: type[Block]) -> None:
    """It is what an editor shows beside the key, and what the reference says of it."""
    silent = {name for name, field in model.model_fields.items() if not field.description}
    assert silent == set(), f"give these fields of {model.__name__} a description"


@pytest.mark.parametrize(
    "when",
    [
        "always",
        "{always: true}",
        "{matter: private}",
        "{matter: {over: 0.5}}",
        "{coverage: incomplete}",
        "{coverage: {reasons: timeout}}",
        "{coverage: {reasons: [part:image]}}",
        "{attachments: true}",
        "{attachments: [image]}",
        "{entities: {any_of: secrets}}",
        "{entities: {all_of: [CREDIT_CARD, contact]}}",
        "{not: {model: mini-*}}",
        "{any: [{key: a}, {all: [{tools: false}]}]}",
    ],
)
def test_short_forms_are_known(when: str) -> None:
    """Words instead of mappings, one name instead of a list."""
    assert valid(RULE % when)


@pytest.mark.parametrize(
    "when",
    [
        "alwyas",
        "{}",
        "{entities: {any_of: secrest}}",
        "{entities: {any_of: [secrets], min_score: 2}}",
        "{coverage: complete}",
        "{coverage: {reasons: [part:imgae]}}",
        "{attachments: false}",
        "{tols: true}",
        "{matter: general}",
        "{tokens: many}",
    ],
)
def test_what_the_loader_refuses_is_marked(when: str) -> None:
    """Unknown names, words and keys."""
    assert not valid(RULE % when)


def test_what_may_never_be_accepted_is_not_offered() -> None:
    """An error does not mean that nothing was there."""
    head = "version: 1\nname: a\nlabels: [public]\ncoverage: {accept: %s}\n"
    assert valid(head % "[script]")
    assert not valid(head % "[timeout]")


def test_completion_offers_types_groups_and_backends() -> None:
    """Those of this installation; without a gateway.yaml any backend's name goes."""
    names = policy_schema(Vocabulary(frozenset({"STAFF"}), {"own_lists": frozenset({"STAFF"})}))["$defs"]
    assert names["EntityName"]["enum"] == ["anything", "own_lists", "STAFF"]
    assert names["BackendName"]["anyOf"][1] == {"type": "string"}
    closed = policy_schema(Vocabulary(frozenset(), backends={"gpt": ("internal", False)}))["$defs"]
    assert closed["BackendName"] == {"enum": ["local", "external", "gpt"]}


def test_probes_may_be_a_bare_list() -> None:
    """As the loader reads them."""
    PROBES.validate([{"name": "a", "prompt": "b", "expect": {"zone": "local"}}])
    with pytest.raises(ValidationError):
        PROBES.validate([{"name": "a", "prompt": "b", "expect": {"zone": "loacl"}}])
