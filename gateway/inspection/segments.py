"""Every string of a draft, keys included, and what in its structure nobody can read.

The draft's own bytes are parsed again: what is sent is what is read, whichever format translated them (law 2). The walk
knows no list of text fields. It skips only keys of the known vocabulary, constants of the wire formats (``"type":
"text"``) and small plain numbers of request parameters; everything else becomes a segment (law 3).
"""

import re
from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

from gateway.inspection import coverage, parts, paths
from gateway.inspection.json_text import Number, Pairs, looks_like_json, parse
from gateway.model import Segment

MAX_DEPTH: Final = 64
MAX_NODES: Final = 200_000
MAX_NESTED: Final = 3
"""How often JSON inside a string inside JSON is opened."""
VISIBLE_DIGITS: Final = 7
"""A number with fewer digits identifies nobody by itself: the shortest identifiers that detectors know (phone numbers
without area code, national ids, account numbers) have seven. Shorter ones are left out only where a quantity belongs.
In any other field, and in any array, they may be one value in pieces."""
_QUANTITIES: Final = paths.words(
    """
    budget_tokens frequency_penalty logit_bias max_completion_tokens max_tokens min_p n presence_penalty
    repetition_penalty seed temperature top_k top_logprobs top_p
    """
)
_NUMBER_ARRAY: Final = 16
"""So many numbers of VISIBLE_DIGITS or more in one array are a vector or an encoding, not a few values."""

_WHOLE: Final = 12
"""A number with so many digits is an identifier by itself, not a piece of one."""

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})

_CONSTANTS: Final[dict[str, frozenset[str]]] = {
    "role": _ROLES,
    "type": paths.words(
        """
        text input_text output_text refusal thinking tool_use tool_result search_result image_url input_audio file image
        document function custom object string number integer boolean array null json_schema json_object base64 url
        content ephemeral auto any tool none enabled disabled adaptive grammar allowed_tools approximate image/png
        """
    ),
    "tool_choice": frozenset({"auto", "none", "required", "any"}),
    "detail": frozenset({"auto", "low", "high"}),
    "effort": frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"}),
    "reasoning_effort": frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"}),
    "verbosity": frozenset({"low", "medium", "high"}),
    "service_tier": frozenset({"auto", "default", "flex", "priority", "scale", "standard_only"}),
    "format": frozenset({"wav", "mp3", "flac", "opus", "pcm16", "aac"}),
    "modalities": frozenset({"text", "audio"}),
    "syntax": frozenset({"lark", "regex"}),
}

_FREE: Final = paths.words("metadata parameters schema input_schema arguments input_examples logit_bias")
"""Fields below which names are the client's own, so that a ``file_id`` there is a word and no reference."""

_BINARY: Final = re.compile(r"(?:data:(?!text/|application/json)[\w./+;=-]*;base64,)?[A-Za-z0-9+/_\r\n-]+={0,2}")


class _Zone(Enum):
    REQUEST = "request"
    MESSAGE = "message"
    OPEN = "open"
    FREE = "free"


def segments(body: bytes, constants: frozenset[str] = frozenset()) -> tuple[tuple[Segment, ...], tuple[str, ...]]:
    """All segments of a draft's body in document order, keys (path ends in ``#``) before their values, and the
    coverage reasons of its structure.

    ``constants`` are texts that the gateway itself put in as the value of ``model``. Never raises: a body that cannot
    be read gives no segments and a reason.
    """
    walk = _Walk(constants)
    try:
        value = parse(body.decode("utf-8"))
    except ValueError:
        return (), ("json:unreadable",)
    except RecursionError:
        return (), ("json:depth",)
    if isinstance(value, Pairs):
        walk.request(value)
    else:
        walk.reasons.add("json:unreadable")
        walk.value(value, paths.ANYWHERE, "", "", _Zone.FREE)
    return tuple(walk.found), coverage.ordered(walk.reasons)


class _Walk:
    """One pass over one body."""

    def __init__(self, constants: frozenset[str]) -> None:
        self.found: list[Segment] = []
        self.reasons: set[str] = set()
        self._constants = constants
        self._nodes = 0
        self._depth = 0
        self._nested = 0

    def request(self, pairs: Pairs) -> None:
        self._note_duplicates(pairs)
        for name, value in pairs:
            self._note_key(name, "", "", _Zone.REQUEST)
            self.reasons.update(parts.top_level_reasons(name, value))
            path = paths.field("", name)
            if name == "messages" and type(value) is list:
                for index, message in enumerate(value):
                    self._message(message, paths.element(path, index))
            elif name == "tools" and type(value) is list:
                for index, tool in enumerate(value):
                    self.value(tool, paths.element(path, index), "", "", _Zone.OPEN)
            elif name == "model" and isinstance(value, str) and value in self._constants:
                continue
            else:
                role = "system" if name in {"system", "instructions"} else "user" if name in {"prompt", "input"} else ""
                self._field(name, value, path, role, _Zone.OPEN)

    def value(self, value: Any, path: str, role: str, name: str, zone: _Zone) -> None:
        """Any JSON value that stands under ``name``."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self.reasons.add("json:nodes")
        elif isinstance(value, Number):
            self._number(value, path, role, name, zone)
        elif isinstance(value, str):
            self._text(value, path, role, name)
        elif isinstance(value, list):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                self.reasons.add("json:depth")
            elif isinstance(value, Pairs):
                self._object(value, path, role, zone)
            else:
                self._array(value, path, role, name, zone)
            self._depth -= 1

    def _message(self, message: Any, path: str) -> None:
        role = next((value for name, value in message if name == "role"), "") if isinstance(message, Pairs) else ""
        role = role if isinstance(role, str) and role in _ROLES else ""
        if isinstance(message, Pairs) and any(name == "audio" and value for name, value in message):
            self.reasons.add("reference:audio")
        self.value(message, path, role, "", _Zone.MESSAGE)

    def _object(self, pairs: Pairs, path: str, role: str, zone: _Zone) -> None:
        if not self._nested:
            self._note_duplicates(pairs)
        for name, value in pairs:
            self._note_key(name, path, role, zone)
            if zone is not _Zone.FREE:
                self.reasons.update(parts.field_reasons(name, value))
            self._field(name, value, paths.field(path, name), role, _Zone.OPEN if zone is _Zone.MESSAGE else zone)

    def _field(self, name: str, value: Any, path: str, role: str, zone: _Zone) -> None:
        if name in _FREE or (name == "input" and isinstance(value, Pairs)):
            zone = _Zone.FREE
        if zone is not _Zone.FREE and name in {"content", "system"} and type(value) is list:
            self._parts(value, path, role)
        elif name == "logit_bias" and isinstance(value, Pairs):
            # Token ids: a few digits each. One text, or a long list would be read as hundreds of segments.
            self._add(" ".join(token for token, _ in value), paths.key(path, ""), role)
            for _, bias in value:
                self.value(bias, paths.field(path, ""), role, name, _Zone.OPEN)
        else:
            self.value(value, path, role, name, zone)

    def _parts(self, content: list[Any], path: str, role: str) -> None:
        for index, part in enumerate(content):
            reasons = parts.part_reasons(part)
            self.reasons.update(reasons)
            place = paths.element(path, index)
            self.value(_without_payload(part) if reasons else part, place, role, "", _Zone.OPEN)

    def _array(self, items: list[Any], path: str, role: str, name: str, zone: _Zone) -> None:
        if len(items) > 1 and all(isinstance(item, Number) for item in items):
            self._numbers(items, paths.field(path, ""), role)
        elif len(items) > 1 and all(type(item) is str and len(item) == 1 for item in items):
            self._add("".join(items), paths.field(path, ""), role)
        else:
            for index, item in enumerate(items):
                of = "" if isinstance(item, Number) else name
                self.value(item, paths.element(path, index), role, of, zone)

    def _number(self, number: Number, path: str, role: str, name: str, zone: _Zone) -> None:
        text = number.readings()
        if zone is _Zone.FREE or name not in _QUANTITIES or sum(map(str.isdigit, text)) >= VISIBLE_DIGITS:
            self._add(text, path, role)

    def _numbers(self, numbers: list[Number], path: str, role: str) -> None:
        if sum(number.digits >= VISIBLE_DIGITS for number in numbers) >= _NUMBER_ARRAY:
            self.reasons.add("opaque:numbers")
        self._add(" ".join(number.readings() for number in numbers), path, role)
        for number in numbers:
            if number.digits >= _WHOLE:
                self._add(number.readings(), path, role)  # by itself, too: its neighbours are other numbers
        codes = "".join(map(_character, numbers))
        if len(codes) == len(numbers) and len(codes) > 3:
            self._add(codes, path, role)

    def _text(self, text: str, path: str, role: str, name: str) -> None:
        if text in _CONSTANTS.get(name, ()):
            return
        stripped = text.strip()
        if looks_like_json(stripped) and self._opened(stripped, path, role):
            return
        self._add(text, path, role)

    def _opened(self, text: str, path: str, role: str) -> bool:
        """JSON inside a string: walk its value instead. Its keys, strings and numbers are all of its content."""
        try:
            value = parse(text)
        except (ValueError, RecursionError):
            return False  # read as the text it is
        if self._nested == MAX_NESTED:
            self.reasons.add("json:depth")
            return False
        self._nested += 1
        self.value(value, path, role, "", _Zone.FREE)
        self._nested -= 1
        return True

    def _add(self, text: str, path: str, role: str) -> None:
        if text and not text.isspace():
            self.found.append(Segment(path, role, text))

    def _note_key(self, name: str, path: str, role: str, zone: _Zone) -> None:
        if name in paths.KNOWN_NAMES:
            return
        if zone is not _Zone.FREE and paths.is_case_variant(name, paths.KNOWN_NAMES):
            self.reasons.add("json:key_case")
        self._add(name, paths.key(path, name), role)

    def _note_duplicates(self, pairs: Pairs) -> None:
        if len({name for name, _ in pairs}) != len(pairs):
            self.reasons.add("json:duplicate_key")


def _character(number: Number) -> str:
    """The character of a code. Arrays of codes may be text; codes of planes where quantities would fall may not."""
    if not number.isdecimal() or len(number) > 6:
        return ""
    code = int(number)
    if 0x1D400 <= code < 0x1D800 or 0xFEFF <= code < 0xFF5F:  # mathematical, full-width, zero-width
        return chr(code)
    return chr(code) if code in {9, 10, 13} or 32 <= code < 127 or 160 <= code < 0xD800 else ""


def _without_payload(part: Any) -> Any:
    """A part that nobody reads anyway, without its bytes: base64 of a picture is not text to be scanned."""
    if not isinstance(part, Pairs):
        return part
    return Pairs(_kept(part))


def _kept(pairs: Pairs) -> Iterable[tuple[str, Any]]:
    for name, value in pairs:
        if isinstance(value, Pairs):
            yield name, Pairs(_kept(value))
        elif not (parts.is_payload(name) and type(value) is str and len(value) > 64 and _BINARY.fullmatch(value)):
            yield name, value
