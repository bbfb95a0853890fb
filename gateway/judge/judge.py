"""The step between inspection and decision: ask a model inside what the classifier could not tell.

Asked are only texts about which there is doubt, and only where the answer could change what becomes of the draft.
Whatever goes wrong leaves a coverage reason that no policy can accept, so that the request stays inside (law 4).
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from gateway.judge.bench import Bench
from gateway.judge.doubt import Passage, doubts
from gateway.judge.hearing import Hearing
from gateway.judge.passages import passages
from gateway.judge.settle import matters, settle
from gateway.judge.verdicts import Failure, Result, Verdict, together
from gateway.model import Draft, Facts, Report
from gateway.policy.judging import JudgeMode, JudgeUse
from gateway.policy.rules import Policy

_LARGE: Final = 131_072
"""Bytes of a body from which on it is walked in a thread."""


@dataclass(frozen=True, slots=True)
class Judge:
    """One per process, for one event loop; safe to use from many requests at once."""

    bench: Bench
    count: Callable[[str, float | None], None]
    """Told of each text: the verdict or why there is none, and the seconds that it took; None: it was remembered."""

    async def settled(self, draft: Draft, report: Report, facts: Facts, hearing: Hearing) -> Report:
        """``report``, with the judge's verdicts in place of the classifier's doubts. Raises nothing but CancelledError.

        The report itself where the policy has no judge and where there is no doubt. Where no verdict could change what
        becomes of the draft nobody is asked; verdicts that this request or an earlier one got already are used.
        """
        use = hearing.policy.judge
        if use is None:
            return report
        doubted = doubts(report, use.band)
        if not doubted and use.mode is JudgeMode.UNCERTAIN:
            return report
        try:
            found = await _passages(use, draft, doubted)
            asked = bool(found) and matters(hearing.policy, draft, report, facts, found)
            results = await self._results(use, found, hearing, facts, ask=asked)
        except Exception:  # noqa: BLE001 - law 4: a failure of the judge is a reason, never an exception to forget
            results = {Passage("", "", "", ()): Failure.ERROR}
        return settle(report, use.band, results, self.bench.version)

    async def _results(
        self, use: JudgeUse, found: Iterable[Passage], hearing: Hearing, facts: Facts, *, ask: bool
    ) -> dict[Passage, Result]:
        """The result of each passage; those that are not known are left out unless ``ask``."""
        keys = {passage: [self.bench.key(text) for text in passage.pieces] for passage in found}
        missing: dict[bytes, str] = {}
        for passage, those in keys.items():
            new = {
                key: text
                for key, text in zip(those, passage.pieces, strict=True)
                if key not in missing and not self._known(key, text, hearing)
            }
            if ask and len(missing) + len(new) <= use.questions:
                missing |= new
            elif ask:
                hearing.results |= dict.fromkeys(new, Failure.UNAVAILABLE)
                self.count(Failure.UNAVAILABLE, None)
        if missing:
            await self._ask(use, missing, hearing, facts)
        known = hearing.results
        return {
            passage: together([known[key] for key in those])
            for passage, those in keys.items()
            if all(key in known for key in those) and (those or ask)
        }

    def _known(self, key: bytes, text: str, hearing: Hearing) -> bool:
        """Has the request a result already, or an earlier one a verdict? Then this one has it, too."""
        if key in hearing.results:
            return True
        verdict = self.bench.recall(text, hearing.policy)
        if verdict is None:
            return False
        hearing.results[key] = verdict
        self.count(verdict.ruling, None)
        return True

    async def _ask(self, use: JudgeUse, missing: Mapping[bytes, str], hearing: Hearing, facts: Facts) -> None:
        """Ask about each text, all at once, within what is left of the request's time. Results go to the hearing."""
        started = perf_counter()
        left_s = use.timeout_s - hearing.spent_s

        async def one(key: bytes, text: str) -> None:
            result = await self.bench.result(key, text, hearing, facts, left_s) if left_s > 0 else Failure.TIMEOUT
            hearing.results[key] = result
            ruling = result.ruling if isinstance(result, Verdict) else result
            self.count(ruling, perf_counter() - started)

        try:
            async with asyncio.TaskGroup() as tasks:
                for key, text in missing.items():
                    tasks.create_task(one(key, text))
        finally:
            hearing.spent_s += perf_counter() - started


def to_be_asked(policy: Policy, draft: Draft, report: Report, facts: Facts) -> Sequence[Passage]:
    """What would be asked about before this draft is sent. Nothing is sent here: ``gateway explain`` shows it."""
    if policy.judge is None:
        return ()
    found = passages(policy.judge.mode, draft, doubts(report, policy.judge.band))
    return found if found and matters(policy, draft, report, facts, found) else ()


async def _passages(use: JudgeUse, draft: Draft, doubted: frozenset[str]) -> tuple[Passage, ...]:
    if len(draft.body) < _LARGE:
        return passages(use.mode, draft, doubted)
    return await asyncio.to_thread(passages, use.mode, draft, doubted)
