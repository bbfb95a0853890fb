"""Every shipped policy keeps its own promises: its probes, run through the real inspection and the real decision."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.inspection.detectors.shipped import default_detectors
from gateway.inspection.matter.assessor import load_matter
from gateway.inspection.scanner import Scanner
from gateway.model import Backend, Draft, Report, WireFormat
from gateway.policy.loader import load_policy
from gateway.policy.probes import Inspect, run_probes
from gateway.policy.shipped import shipped
from gateway.policy.vocabulary import Vocabulary

POLICIES = sorted(file.parent for file in shipped().glob("*/policy.yaml"))
NOWHERE = Backend("nowhere", WireFormat.OPENAI, "http://nowhere.invalid/v1", {"none": "none"}, "public")


@pytest.fixture(scope="module")
def known() -> Vocabulary:
    catalogue = load_catalogue()
    return Vocabulary(catalogue.entity_types, catalogue.groups)


@pytest.fixture(scope="module")
def inspect() -> Iterator[Inspect]:
    """The shipped detectors with time enough for a busy machine."""
    matter = load_matter()
    scanner = Scanner(default_detectors(), assessors=(matter,), timeout_s=60, workers=2, queue=64, cache_entries=1000)

    def report(body: Mapping[str, Any]) -> Report:
        draft = Draft(NOWHERE, "http://nowhere.invalid/v1", (), orjson.dumps(body), "none", stream=False)
        return asyncio.run(scanner.scan(draft))

    yield report
    scanner.close()


def test_the_shipped_policies_are_those_that_the_documentation_names() -> None:
    """A policy that is dropped by accident is missed here."""
    assert {"default", "everything-local", "strict"} <= {folder.name for folder in POLICIES}


@pytest.mark.parametrize("folder", POLICIES, ids=lambda folder: folder.name)
def test_every_probe_passes_and_every_rule_is_tested(folder: Path, known: Vocabulary, inspect: Inspect) -> None:
    """What a policy says it does is what the gateway does."""
    run = run_probes(folder, inspect, known)
    wrong = [
        f"{folder.name}:{one.line}: {one.name}: {'; '.join(one.failures)}" for one in run.results if not one.passed
    ]
    assert not wrong, "\n".join(wrong)
    assert not run.problems, "\n".join(map(str, run.problems))
    assert run.passed


@pytest.mark.parametrize("folder", POLICIES, ids=lambda folder: folder.name)
def test_shipped_policies_share_labels_so_that_one_gateway_can_change_between_them(
    folder: Path, known: Vocabulary
) -> None:
    """Clearances in gateway.yaml stay valid when the policy changes, and every policy is called like its folder."""
    policy = load_policy(folder, known)
    assert policy.labels == ("public", "internal", "confidential", "restricted")
    assert policy.name == folder.name


@pytest.mark.parametrize("folder", POLICIES, ids=lambda folder: folder.name)
def test_no_policy_promises_compliance(folder: Path) -> None:
    """A preset is a starting point; meeting a regulation is for people to judge."""
    text = (folder / "policy.yaml").read_text().casefold()
    assert not any(claim in text for claim in ("compliant", "compliance", "certified", "guarantee"))
