"""A judge for an evaluation: the model server that is asked, and what it said about one row."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from gateway.judge.standalone import Sitting, judge_at, measured
from gateway.model import Draft, Facts, Inbound, Report
from gateway.policy.rules import Policy
from gateway.wiring import FORMATS


@dataclass(frozen=True, slots=True)
class JudgeAt:
    """Where to find it."""

    url: str
    """With ``/v1``."""
    model: str | None = None
    """None: the first that the server lists."""
    listed_hosts: tuple[str, ...] = ()
    """Hosts that a gateway.yaml vouches for as inside."""

    @classmethod
    def of(cls, written: str, listed_hosts: Collection[str] = ()) -> "JudgeAt":
        """``URL`` or ``URL#model``."""
        url, _, model = written.partition("#")
        return cls(url.rstrip("/"), model or None, tuple(listed_hosts))


@dataclass(frozen=True, slots=True)
class JudgeUsed:
    """Who judges by which policy, and in which doubt."""

    model: str
    prompt: str
    """Version of the question."""
    mode: str
    band: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        """Everything."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "JudgeUsed":
        """What ``as_json`` wrote."""
        return cls(value["model"], value["prompt"], value["mode"], (value["band"][0], value["band"][1]))


class Judging:
    """Puts verdicts in place of doubts, and notes each. For one row at a time."""

    def __init__(self, sitting: Sitting, told: list[tuple[str, float | None]]) -> None:
        self._sitting = sitting
        self._told = told

    def used(self, policy: Policy) -> JudgeUsed:
        """Who is asked, and when, for ``policy``."""
        use = measured(policy)
        return JudgeUsed(self._sitting.model, self._sitting.prompt, str(use.mode), use.band)

    async def settled(self, policy: Policy, inbound: Inbound, draft: Draft, report: Report, facts: Facts) -> Report:
        """``report`` as the gateway would decide it, were this judge its own."""
        return await self._sitting.settle(policy, inbound, draft, report, facts)

    def told(self) -> tuple[tuple[str, float | None], ...]:
        """Since the last call: each verdict, or why there was none, with its seconds; None: it was remembered."""
        told = tuple(self._told)
        self._told.clear()
        return told


@asynccontextmanager
async def judging(at: JudgeAt) -> AsyncIterator[Judging]:
    """A judge that asks the server at ``at``. Raises ConfigError as ``judge_at`` does."""
    told: list[tuple[str, float | None]] = []
    async with judge_at(
        at.url,
        FORMATS,
        model=at.model,
        listed_hosts=at.listed_hosts,
        count=lambda verdict, seconds: told.append((str(verdict), seconds)),
    ) as sitting:
        yield Judging(sitting, told)
