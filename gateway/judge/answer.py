"""Reads the model's answer. General has to be said exactly; whatever is anything else is no verdict, or private.

The two errors are not alike: a general text taken for private costs a better answer, a private one taken for general
leaves. So ``private`` is taken where the answer begins with it, ``general`` only where the answer says nothing more.
"""

import json
import math
import re
from typing import Any, Final

import orjson

from gateway.judge.question import NONE
from gateway.judge.verdicts import REASONS, Ruling, Verdict
from gateway.model import Completion, Json

GENERAL_SHARE: Final = 0.7
"""Where the server says how likely each first word was: ``general`` needs this share of the two words' probability."""
_THOUGHT: Final = re.compile(r"\s*<think>\s*</think>\s*")
"""What templates of thinking models put before an answer that was not to be thought about."""
_FENCE: Final = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
_PRIVATE: Final = re.compile(r"\W{0,3}private\b[\s:,/(-]*([a-z_]*)", re.IGNORECASE)
_GENERAL: Final = re.compile(r"['\"*]{0,3}general(?:[\s:,/(-]+none)?['\"*.)]{0,3}", re.IGNORECASE)


def read(completion: Completion) -> Verdict | None:
    """The verdict; None where the answer is none, is cut off, contradicts itself or is not sure enough."""
    choice = _choice(completion.body)
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str) or len(content) > 1000:
        return None
    content = _THOUGHT.sub("", content, count=1) if content.lstrip().startswith("<think>") else content
    content = fenced[1] if (fenced := _FENCE.fullmatch(content)) else content
    if content.lstrip().startswith("{"):
        return _from_json(content)
    return _from_words(content.strip(), choice)


def _choice(body: bytes) -> dict[str, Any]:
    """The one choice of an answer; empty where there is not exactly one."""
    answer = orjson.loads(body)
    choices = answer.get("choices") if isinstance(answer, dict) else None
    only = choices[0] if isinstance(choices, list) and len(choices) == 1 else None
    return only if isinstance(only, dict) else {}


def _from_json(content: str) -> Verdict | None:
    try:
        pairs = json.loads(content, object_pairs_hook=list)
        said = dict(pairs)
    except (ValueError, TypeError, RecursionError):
        return None
    if len(said) != len(pairs) or not said.keys() <= {"verdict", "reason"}:
        return None
    ruling, reason = said.get("verdict"), said.get("reason", NONE)
    if ruling == Ruling.PRIVATE:
        return Verdict(Ruling.PRIVATE, _known(reason))
    # A reason why it is private and the verdict that it is not: one of the two is wrong.
    return Verdict(Ruling.GENERAL) if ruling == Ruling.GENERAL and reason == NONE else None


def _from_words(content: str, choice: dict[str, Any]) -> Verdict | None:
    if found := _PRIVATE.match(content):
        return Verdict(Ruling.PRIVATE, _known(found[1].lower()))
    if _GENERAL.fullmatch(content) and _sure(choice):
        return Verdict(Ruling.GENERAL)
    return None


def _known(reason: object) -> str:
    return reason if isinstance(reason, str) and reason in REASONS else "other"


def _sure(choice: dict[str, Any]) -> bool:
    """Was ``general`` clearly likelier than ``private``? True where the server does not say."""
    logprobs = choice.get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    first = tokens[0] if isinstance(tokens, list) and tokens and isinstance(tokens[0], dict) else None
    offered = first.get("top_logprobs") if first else None
    if not isinstance(offered, list) or not offered:
        return True
    general = math.fsum(_probability(one, Ruling.GENERAL) for one in offered)
    private = math.fsum(_probability(one, Ruling.PRIVATE) for one in offered)
    return general >= GENERAL_SHARE * (general + private) and general > 0


def _probability(one: Json, ruling: Ruling) -> float:
    """How likely the server says that this token was, if it begins the word; otherwise nothing."""
    token, logprob = (one.get("token"), one.get("logprob")) if isinstance(one, dict) else (None, None)
    if not isinstance(token, str) or not isinstance(logprob, int | float) or not math.isfinite(logprob):
        return 0.0
    piece = token.strip().strip("'\"*").lower()
    return math.exp(min(logprob, 0.0)) if piece and ruling.value.startswith(piece) else 0.0
