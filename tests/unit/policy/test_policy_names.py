"""Names are checked where they stand: by their form, and against what detectors, labels and backends there are."""

from typing import Any

import pytest
from policy_values import backend
from pydantic import ValidationError

from gateway.policy.block import Block, Known
from gateway.policy.names import Acceptable, Code, Entities, JudgeBackend, Label, Patterns, Reasons, RuleId, Target
from gateway.policy.vocabulary import Vocabulary, rights

BACKENDS = rights([backend("gpt", "internal"), backend("qwen", "secret", local=True)])
KNOWN = Known(Vocabulary(frozenset({"PERSON", "IBAN"}), {"names": frozenset({"PERSON"})}, BACKENDS), ("open", "secret"))


class Names(Block):
    """One key for each kind of name."""

    id: RuleId | None = None
    code: Code | None = None
    label: Label | None = None
    entities: Entities | None = None
    reasons: Reasons | None = None
    accept: Acceptable | None = None
    models: Patterns | None = None
    to: Target | None = None
    judge: JudgeBackend | None = None


def told(**written: Any) -> tuple[str, str]:
    """What the author is told: what is wrong, and what to write instead."""
    with pytest.raises(ValidationError) as caught:
        Names.model_validate(written, context=KNOWN)
    (error,) = caught.value.errors(include_url=False, include_input=False)
    remedy = error["ctx"]["remedy"]
    return error["ctx"]["message"], remedy() if callable(remedy) else remedy


def test_what_is_known_passes_and_one_name_needs_no_brackets() -> None:
    written = {"id": "it", "label": "secret", "entities": "names", "models": "gpt-*", "to": "local", "judge": "qwen"}
    names = Names.model_validate(written, context=KNOWN)
    assert (names.entities, names.models) == (["names"], ["gpt-*"])


@pytest.mark.parametrize(
    ("key", "value", "said", "instead"),
    [
        ("id", "It is", "'It is' is not a name", "small letters"),
        ("id", "builtin-it", "the gateway's own", "another id"),
        ("code", "no-code", "not an error code", "digits and `_`"),
        ("label", "secrt", "unknown label 'secrt'", "`secret`"),
        ("entities", ["PERSN"], "unknown entity type or group 'PERSN'", "`PERSON`"),
        ("entities", ["IBAN", "IBAN"], "'IBAN' stands twice", "one of them"),
        ("entities", [], "the list is empty", "at least one"),
        ("reasons", "scripts", "unknown coverage reason 'scripts'", "`script`"),
        ("accept", "timeout", "'timeout' cannot be accepted", "Remove it"),
        ("models", "a b", "not a name or a pattern", "`*`"),
        ("to", "gtp", "unknown backend 'gtp'", "`gpt`"),
        ("judge", "gpt", "not local with the top clearance", "qwen"),
        ("judge", "qwn", "unknown backend 'qwn'", "`qwen`"),
    ],
)
def test_what_is_not_is_corrected(key: str, value: object, said: str, instead: str) -> None:
    message, remedy = told(**{key: value})
    assert said in message
    assert instead in remedy


def test_names_cannot_be_checked_against_nothing() -> None:
    with pytest.raises(TypeError):
        Names.model_validate({"label": "secret"})
