"""From the checked document to the policy that decisions read: groups written out, conditions made into predicates."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from gateway.policy.band import band_of
from gateway.policy.conditions import (
    AllOf,
    Always,
    AnyOf,
    Attachment,
    Attachments,
    Condition,
    Entities,
    Incomplete,
    Key,
    Not,
    Stream,
    Tokens,
    Tools,
    WantedModel,
)
from gateway.policy.judging import JudgeMode, JudgeUse
from gateway.policy.modes import ENFORCE, SHADOW, Mode
from gateway.policy.reads import READS_NOTHING, Reads
from gateway.policy.reads_block import ReadsBlock
from gateway.policy.request_conditions import App, Clock, Headers, Metadata, SystemPrompt, Team, ToolNames
from gateway.policy.rule_mode import CanaryBlock
from gateway.policy.rules import ClassifyRule, Otherwise, Policy, RefuseRule, RouteRule
from gateway.policy.schema import JudgeBlock, PolicyFile
from gateway.policy.suppress_block import suppression_of
from gateway.policy.vocabulary import ANYTHING, CERTAIN, PRIVATE_MATTER, Vocabulary
from gateway.policy.when import EntitiesBlock, When

__all__ = ["Policy", "compile_policy"]

_NO_TERMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})


def compile_policy(
    document: PolicyFile,
    vocabulary: Vocabulary,
    profile: str | None = None,
    terms: Mapping[str, tuple[str, ...]] = _NO_TERMS,
) -> Policy:
    """Compile a document that was validated against the same vocabulary. Descriptions (``about``) are left behind.

    ``profile``: the operating point to use instead of the document's own. ``terms``: the values in the files of
    suppressions, by the suppression's id.
    """
    private = vocabulary.profiles.get(profile or document.profile, CERTAIN)
    policy = Policy(
        name=document.name,
        labels=tuple(document.labels),
        classify=tuple(
            ClassifyRule(rule.id, _compiled(rule.when, vocabulary, private), rule.label, _mode(rule.mode))
            for rule in document.classify
        ),
        refuse=tuple(
            RefuseRule(rule.id, _compiled(rule.when, vocabulary, private), rule.message, rule.code, _mode(rule.mode))
            for rule in document.refuse
        ),
        route=tuple(
            RouteRule(
                _compiled(rule.when, vocabulary, private),
                tuple(rule.to),
                Otherwise(rule.on_unavailable),
                Otherwise(rule.on_incapable),
            )
            for rule in document.route
        ),
        accepted=frozenset(document.coverage.accept if document.coverage else ()),
        reads=_reads(document.reads),
        suppress=tuple(suppression_of(one, vocabulary, terms.get(one.id, ())) for one in document.suppress),
    )
    return replace(policy, judge=_judge(document.judge, policy))


def _reads(block: ReadsBlock | None) -> Reads:
    return READS_NOTHING if block is None else Reads(frozenset(block.headers), frozenset(block.metadata))


def _mode(said: str | CanaryBlock) -> Mode:
    if isinstance(said, CanaryBlock):
        return Mode(said.share)
    return ENFORCE if said == "enforce" else SHADOW


def _judge(block: JudgeBlock | None, policy: Policy) -> JudgeUse | None:
    if block is None or block.mode == "off":
        return None
    band = band_of(policy.conditions) if block.band is None else (block.band[0], block.band[1])
    return JudgeUse(JudgeMode(block.mode), band, block.timeout_ms / 1000, block.backend, block.questions)


def _compiled(when: When, vocabulary: Vocabulary, private: float) -> Condition:
    """One mapping of the file: all of its keys have to hold."""
    parts: list[Condition] = list(_facts(when))
    if when.entities is not None:
        parts.append(_entities(when.entities, vocabulary))
    if when.matter is not None:
        score = private if when.matter.over is None else when.matter.over
        parts.append(Entities(any_of=frozenset({PRIVATE_MATTER}), min_score=score))
    if when.coverage is not None:
        parts.append(Incomplete(frozenset(when.coverage.reasons or ())))
    if when.all is not None:
        parts.extend(_compiled(part, vocabulary, private) for part in when.all)
    if when.any is not None:
        parts.append(AnyOf(tuple(_compiled(part, vocabulary, private) for part in when.any)))
    if when.not_ is not None:
        parts.append(Not(_compiled(when.not_, vocabulary, private)))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _facts(when: When) -> Iterable[Condition]:
    """The predicates about the request itself, cheap ones first."""
    if when.always is not None:
        yield Always()
    if when.stream is not None:
        yield Stream(when.stream)
    if when.tools is not None:
        yield Tools(when.tools)
    if when.tokens is not None:
        yield Tokens(when.tokens.over, when.tokens.under)
    if when.attachments is not None:
        yield Attachments(frozenset(Attachment(kind) for kind in when.attachments))
    if when.key is not None:
        yield Key(tuple(when.key))
    if when.model is not None:
        yield WantedModel(tuple(when.model))
    yield from _circumstances(when)


def _circumstances(when: When) -> Iterable[Condition]:
    """Who the request is for, what it offers the model, and when it came."""
    if when.headers is not None:
        yield Headers(tuple((name, tuple(patterns)) for name, patterns in sorted(when.headers.items())))
    if when.metadata is not None:
        yield Metadata(tuple((name, tuple(patterns)) for name, patterns in sorted(when.metadata.items())))
    if when.team is not None:
        yield Team(tuple(when.team))
    if when.app is not None:
        yield App(tuple(when.app))
    if when.system_prompt is not None:
        yield SystemPrompt(when.system_prompt)
    if when.tool_names is not None:
        yield ToolNames(tuple(when.tool_names))
    if when.time is not None:
        yield Clock(*when.time.hours(), when.time.weekdays(), when.time.zone)


def _entities(block: EntitiesBlock, vocabulary: Vocabulary) -> Entities:
    any_of = block.any_of or []
    types = frozenset[str]().union(*_named(any_of, vocabulary))
    # A group may be empty: own lists, where none is configured. Asked for, it is never found; it is not "no condition".
    never = (frozenset[str](),) if any_of and not types and ANYTHING not in any_of else ()
    return Entities(
        any_of=types,
        all_of=(*_named(block.all_of or [], vocabulary), *never),
        anything=ANYTHING in any_of,
        min_score=block.min_score,
        min_count=block.min_count,
        roles=frozenset(block.roles or ()),
        where=frozenset(block.where or ()),
        min_distinct=block.min_distinct,
        near=block.near,
    )


def _named(names: Iterable[str], vocabulary: Vocabulary) -> tuple[frozenset[str], ...]:
    return tuple(vocabulary.types(name) for name in names if name != ANYTHING)
