"""The judge without a gateway around it: for measuring what it changes, on rows that nobody sends."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from gateway.egress.discover import models_at
from gateway.egress.formats import BackendFormat
from gateway.egress.locality import prove_local
from gateway.egress.sender import Egress
from gateway.errors import ConfigError, Problem
from gateway.judge.bench import Bench
from gateway.judge.hearing import Hearing
from gateway.judge.judge import Judge
from gateway.judge.prompt import Prompt, load_prompt
from gateway.model import Backend, Draft, Facts, Inbound, Report, WireFormat
from gateway.policy.band import band_of
from gateway.policy.decision import Cleared
from gateway.policy.judging import JudgeMode, JudgeUse
from gateway.policy.rules import Policy

TIMEOUT_S: Final = 120.0
"""For all questions about one text, and an exam before them. Whoever measures has time."""
QUESTIONS: Final = 256

Settle: TypeAlias = Callable[[Policy, Inbound, Draft, Report, Facts], Awaitable[Report]]


@dataclass(frozen=True, slots=True)
class Sitting:
    """A judge that can be asked."""

    model: str
    prompt: str
    """Version of the question."""
    settle: Settle
    """Gives a report with verdicts in place of doubts, as the gateway would before it decides about that draft:
    ``decide(policy, draft, await settle(policy, inbound, draft, report, facts), facts)``."""


@asynccontextmanager
async def judge_at(
    base_url: str,
    formats: Mapping[WireFormat, BackendFormat],
    *,
    model: str | None = None,
    listed_hosts: Collection[str] = (),
    prompt: Prompt | None = None,
    count: Callable[[str, float | None], None] = lambda verdict, seconds: None,
) -> AsyncIterator[Sitting]:
    """A judge that asks the OpenAI-compatible server at ``base_url`` (with ``/v1``).

    A policy without a judge is judged as ``uncertain``. ``model``: the first that the server lists by default.
    ``count`` is told of each verdict, or why there was none, and the seconds that it took (None: remembered).

    Raises ConfigError where the server is not proven to be inside, or lists no model. Nothing is recorded: the texts
    are the caller's own rows, of no client.
    """
    prove_local(base_url, listed_hosts)
    asked = model or next(iter(await models_at(base_url)), None)
    if asked is None:
        message = f"no server that lists a model answers at {base_url}"
        raise ConfigError((Problem(message, "Start one, or name its model."),))
    question = prompt or load_prompt()
    backend = Backend("judge", WireFormat.OPENAI, base_url, {asked: asked}, "", local=True)
    judges: dict[str, Judge] = {}
    egresses: list[Egress] = []

    def of(top: str) -> Judge:
        if top not in judges:
            cleared = replace(backend, clearance=top)
            egresses.append(Egress([cleared], formats, listed_hosts=listed_hosts))
            judges[top] = Judge(Bench([cleared], formats, egresses[-1], question), count)
        return judges[top]

    async def settle(policy: Policy, inbound: Inbound, draft: Draft, report: Report, facts: Facts) -> Report:
        hearing = Hearing(inbound, replace(policy, judge=measured(policy)), _unrecorded)
        return await of(policy.top).settled(draft, report, facts, hearing)

    try:
        yield Sitting(asked, question.version, settle)
    finally:
        for egress in egresses:
            await egress.aclose()


def measured(policy: Policy) -> JudgeUse:
    """How the judge is used for ``policy``: as it says, or where the classifier is not sure, but with patience."""
    use = policy.judge or JudgeUse(JudgeMode.UNCERTAIN, band_of(policy.conditions))
    return replace(use, timeout_s=TIMEOUT_S, questions=QUESTIONS, backend=None)


async def _unrecorded(_: Cleared, __: Report) -> None:
    """Rows of an evaluation are nobody's requests."""
