"""The proof of monotony holds of what the compiler makes, and of nothing that breaks the law."""

import ast
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import get_type_hints

import pytest
from policy_values import entities, policy

from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.policy import conditions, request_conditions
from gateway.policy.conditions import AllOf, AnyOf, Condition, Entities, Incomplete, Not, Observed, Tools
from gateway.policy.loader import load_policy
from gateway.policy.monotone import CLIENTS, FACTS, GROWING, LOWER_BOUNDS, proof_of
from gateway.policy.shipped import shipped
from gateway.policy.vocabulary import Vocabulary

CATALOGUE = load_catalogue()


@pytest.mark.parametrize("file", sorted(shipped().glob("*/policy.yaml")), ids=lambda file: file.parent.name)
def test_every_shipped_policy_is_proven(file: Path) -> None:
    """From its compiled conditions."""
    proof = proof_of(load_policy(file, Vocabulary(CATALOGUE.entity_types, CATALOGUE.groups)))
    assert proof.holds, str(proof)
    assert "none that reads findings" in str(proof)


@pytest.mark.parametrize(
    "condition",
    [
        Not(entities("PERSON")),
        Not(AnyOf((Tools(True), Incomplete()))),
        AllOf((Tools(True), Not(AllOf((Not(entities("PERSON")),))))),
    ],
)
def test_a_finding_under_not_is_a_gap(condition: Condition) -> None:
    """However deep, and also under two of them: the walk does not count."""
    proof = proof_of(policy(("hole", condition, "internal")))
    assert not proof.holds
    assert "rule `hole`: " in str(proof)
    assert "under `not`" in str(proof)


def test_a_condition_that_nobody_thought_about_is_a_gap() -> None:
    """What is new is not proven until its reason stands in the module."""

    @dataclass(frozen=True)
    class Quiet:
        def holds(self, seen: Observed) -> bool:
            return not seen.findings

    proof = proof_of(policy(("new", Quiet(), "internal")))
    assert proof.gaps == ("rule `new`: nothing is known about the condition Quiet",)


def test_every_condition_of_the_language_is_known() -> None:
    """One that is added to the language is added to the proof, and so is a bound of Entities."""
    classes = {
        node.name
        for module in (conditions, request_conditions)
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef)
        and node.name != "Condition"
        and any(isinstance(one, ast.FunctionDef) and one.name == "holds" for one in node.body)
    }
    assert classes == {one.__name__ for one in (*FACTS, *GROWING, *CLIENTS, AllOf, AnyOf, Not)}
    assert get_type_hints(Entities).keys() == LOWER_BOUNDS
