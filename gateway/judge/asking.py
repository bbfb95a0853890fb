"""One question to one backend, on the way that every request goes: draft, decide, record, send, read.

There is no second way out. The question carries a client's text, so it is given the highest label, and ``decide`` gives
that label to nobody but a backend that is proven to be inside and cleared for it: whatever this file is handed, an
external backend gets nothing from it.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from gateway.egress.formats import BackendFormat
from gateway.egress.sender import Egress
from gateway.errors import BackendUnavailable, Untranslatable, UpstreamRejected
from gateway.judge import answer
from gateway.judge.hearing import Hearing
from gateway.judge.prompt import Prompt
from gateway.judge.question import Form, question
from gateway.judge.settle import DETECTOR
from gateway.judge.verdicts import Failure, Result, Verdict
from gateway.model import Backend, Completion, Coverage, Draft, Facts, Finding, Inbound, Report, WireFormat
from gateway.policy.conditions import Always
from gateway.policy.decision import Cleared, decide
from gateway.policy.judging import MATTER
from gateway.policy.rules import ClassifyRule, Policy
from gateway.policy.vocabulary import PRIVATE_MATTER

RULE: Final = "builtin-judge"
"""Stands in the record of a question."""
_FORMS: Final = (Form.SCHEMA, Form.LOGPROBS, Form.BARE)
_NO_THINKING: Final[Mapping[str, object]] = {"chat_template_kwargs": {"enable_thinking": False}}
"""vLLM and llama.cpp: a model that thinks first would spend its few tokens on that. Others pass over it."""


class Unreached(Exception):
    """This backend cannot be asked now; another may."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Asking:
    """How questions are put."""

    formats: Mapping[WireFormat, BackendFormat]
    egress: Egress
    prompt: Prompt
    forms: dict[str, int]
    """By backend: the first of ``_FORMS`` that it has not refused. Learnt from its answers."""

    async def ask(self, backend: Backend, text: str, facts: Facts, hearing: Hearing) -> Result:
        """What ``backend`` says of ``text``. Raises Unreached, and what ``hearing.record`` raises."""
        for number in range(self.forms.get(backend.name, 0), len(_FORMS)):
            draft = self._draft(backend, text, _FORMS[number], hearing.inbound)
            if draft is None:
                continue
            cleared = permission(hearing.policy, draft, facts)
            if cleared is None:
                raise Unreached(Failure.UNAVAILABLE)
            await hearing.record(cleared, about(draft, self.prompt.version))
            try:
                said = await self.egress.send(cleared)
            except BackendUnavailable as why:
                raise Unreached(_failure(why.reason)) from None
            except UpstreamRejected:
                continue  # something in this form is not known there; the next one asks for less
            self.forms[backend.name] = number
            result = await _read(said)
            return replace(result, backend=backend.name) if isinstance(result, Verdict) else result
        return Failure.ERROR

    def _draft(self, backend: Backend, text: str, form: Form, inbound: Inbound) -> Draft | None:
        """The question as one request to ``backend``; None where its format or the server cannot do this form."""
        if form is Form.SCHEMA and not backend.capabilities.json_schema:
            return None
        extra = _NO_THINKING if backend.format is WireFormat.OPENAI and form is not Form.BARE else {}
        body = {**question(self.prompt, text, form), **extra}
        asked = replace(inbound, body=body, wanted_model=backend.default_model, stream=False, wants_usage=False)
        try:
            return self.formats[backend.format].draft(asked, backend, backend.default_model)
        except Untranslatable:
            return None


def about(draft: Draft, version: str) -> Report:
    """What the record of a question says was found in it: a doubt about a private matter, in its last message."""
    doubt = Finding(PRIVATE_MATTER, 1.0, "messages.*.content", "user", -1, -1, MATTER)
    return Report(draft.digest, (doubt,), Coverage(), ((DETECTOR, version),))


def permission(policy: Policy, draft: Draft, facts: Facts) -> Cleared | None:
    """Leave to ask, which only a backend inside with the top clearance can have; None: it is none."""
    verdict = decide(_everything_is_secret(policy.name, policy.labels), draft, about(draft, ""), facts)
    return verdict if isinstance(verdict, Cleared) and verdict.label == policy.top else None


@lru_cache(maxsize=8)
def _everything_is_secret(name: str, labels: tuple[str, ...]) -> Policy:
    """A policy by which every draft has the highest label."""
    return Policy(name=name, labels=labels, classify=(ClassifyRule(RULE, Always(), labels[-1]),))


async def _read(said: Completion | AsyncGenerator[object]) -> Result:
    if not isinstance(said, Completion):
        await said.aclose()
        return Failure.ANSWER
    return answer.read(said) or Failure.ANSWER


def _failure(reason: str) -> Failure:
    """Why a sending failed, in the judge's words. ``reason`` is that of ``BackendUnavailable``."""
    if reason == "timeout":
        return Failure.TIMEOUT
    if reason in {"connect", "connect_timeout"}:
        return Failure.UNAVAILABLE
    return Failure.ANSWER if reason == "garbage" else Failure.ERROR
