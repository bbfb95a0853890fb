"""Inspection for commands that have no gateway.yaml at hand: the shipped detectors, a draft to nowhere, a report."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import typer

from gateway.cli.output import UNUSABLE, Output
from gateway.inspection.detectors.base import Detector, Match
from gateway.inspection.matter.assessor import load_matter
from gateway.inspection.scanner import Scanner
from gateway.inspection.suppressing import without_suppressed
from gateway.model import Backend, Capabilities, Draft, Report, WireFormat
from gateway.policy.rules import Policy
from gateway.policy.vocabulary import PRIVATE_MATTER

NOWHERE = Backend(
    name="nowhere",
    format=WireFormat.OPENAI,
    base_url="http://nowhere.invalid/v1",
    models={"none": "none"},
    clearance="none",
)
"""What a draft needs to name a backend; nothing is ever sent to it."""
ASSUMED = (
    Backend(
        name="external",
        format=WireFormat.OPENAI,
        base_url="http://external.invalid/v1",
        models={"external": "external"},
        clearance="internal",
        capabilities=Capabilities(vision=True, documents=True, audio=True),
    ),
    Backend(
        name="local",
        format=WireFormat.OPENAI,
        base_url="http://local.invalid/v1",
        models={"local": "local"},
        clearance="restricted",
        capabilities=Capabilities(vision=True, documents=True, audio=True),
        local=True,
    ),
)
"""One backend of each side, for questions asked without a gateway.yaml. Nothing is sent, no name is resolved."""
PATIENT_S = 600.0
"""A command may take its time: inspection is bounded for servers, not for somebody who scans a file."""


def patient_scanner(detectors: Sequence[Detector]) -> Scanner:
    """A scanner without a server's hurry."""
    matter = load_matter()
    return Scanner(detectors, assessors=(matter,), timeout_s=PATIENT_S, workers=2, queue=64, cache_entries=10_000)


def without_general(report: Report) -> Report:
    """The report without verdicts of the classifier that mean "general": every text has a score, few are findings."""
    least = load_matter().model.profiles["balanced"]
    kept = tuple(one for one in report.findings if one.entity_type != PRIVATE_MATTER or one.score >= least)
    return replace(report, findings=kept)


def why_private(text: str, report: Report) -> str | None:
    """What makes the classifier think so, strongest first; None where it found nothing. Quotes words of ``text``."""
    if not any(one.entity_type == PRIVATE_MATTER for one in report.findings):
        return None
    matches = [
        Match(one.start, one.end, one.entity_type, one.score)
        for one in report.findings
        if one.entity_type != PRIVATE_MATTER and 0 <= one.start < one.end <= len(text)
    ]
    return ", ".join(f"{name} {share:+.1f}" for name, share in load_matter().reasons(text, matches))


def inspect(scanner: Scanner, body: Mapping[str, Any]) -> Report:
    """The report about one chat completions body."""
    return asyncio.run(scanner.scan(_draft(body)))


def unsuppressed(policy: Policy, body: Mapping[str, Any], report: Report) -> Report:
    """The report about this body without what the policy's suppressions name."""
    return without_suppressed(policy, _draft(body), report)


def _draft(body: Mapping[str, Any]) -> Draft:
    return Draft(
        backend=NOWHERE,
        url=f"{NOWHERE.base_url}/chat/completions",
        headers=(),
        body=orjson.dumps(body),
        model="none",
        stream=False,
    )


def one_message(text: str) -> dict[str, Any]:
    """A chat completions body that asks this text as a user would."""
    return {"model": "none", "messages": [{"role": "user", "content": text}]}


def read_bytes(file: Path, output: Output) -> bytes:
    """A file, or standard input for ``-``. Ends the command with exit code 2 when it cannot be read."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        output.problem(f"cannot read {file}: {error.strerror}", "Name files that exist and may be read.")
        raise typer.Exit(UNUSABLE) from None


def as_text(content: bytes | str, name: str, output: Output) -> str:
    """Text that JSON can carry. Ends the command with exit code 2 when it is not UTF-8, in an argument as in a file."""
    try:
        # An argument that is not UTF-8 arrives as lone surrogates, which stand for its bytes.
        return (content if isinstance(content, bytes) else os.fsencode(content)).decode("utf-8")
    except UnicodeDecodeError as error:
        output.problem(f"{name} is not UTF-8 text (byte {error.start})", "Convert it to UTF-8 first.")
        raise typer.Exit(UNUSABLE) from None
