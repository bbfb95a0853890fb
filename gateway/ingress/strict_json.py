"""Read a client's JSON so that there is one way to understand it, or not at all.

orjson already refuses most of what readers disagree on: bad UTF-8, lone surrogates, NaN, infinities, byte order marks,
control characters, trailing commas and trailing text. Three things it lets through are refused here: an object that
names a key twice (the last one would win), an integer beyond 64 bits (it would become a float), and JSON that is deeper
or wider than the limits. Nothing is repaired. Errors name the rule and a position, never a key or a value.
"""

import json
import re
from typing import Final

import orjson

from gateway.errors import GatewayError, Malformed, TooLarge
from gateway.ingress.limits import IngressLimits
from gateway.model import Json

_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**64 - 1
_LOOK_INSIDE: Final = frozenset({dict, list, float})
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A JSON string, or an unterminated one to the end: the optional quote keeps the search linear on broken input."""

_TEXT_ENCODINGS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00")
_RULES: Final = (
    ("no low surrogate", "holds a lone surrogate escape"),
    ("invalid high surrogate", "holds a lone surrogate escape"),
    ("number is infinity", "holds a number beyond the range of a double"),
    ("unexpected control character", "holds an unescaped control character in a string"),
    ("unexpected content after", "goes on after the end of the JSON value"),
)
"""Opening words of orjson's own (constant) messages, and what the client is told. Others: a plain syntax error."""


class _Ambiguous(Exception):
    """Raised inside json's hooks. Its text is the rule, in our words."""


def parse_object(body: bytes, limits: IngressLimits) -> dict[str, Json]:
    """The JSON object in ``body``.

    Raises Malformed for whatever is not one unambiguous JSON object in UTF-8 within ``limits.json_depth`` levels,
    TooLarge beyond ``limits.json_nodes`` values.
    """
    _check_encoding(body)
    _check_width(body, limits.json_nodes)
    value = _loads(body)
    if type(value) is not dict:
        raise Malformed("The body must be a JSON object.")
    has_huge_number = _check_shape(value, limits)
    _check_unambiguous(body, value, has_huge_number)
    return value


def _check_unambiguous(body: bytes, value: Json, has_huge_number: bool) -> None:
    """Refuse a body that another reader may understand otherwise than orjson did, by the cheapest proof that holds.

    Written again, most clients' bodies are the same bytes: then nothing was lost. Otherwise, an object that lost a
    member on parsing has fewer colons when written again. The one way a colon can be written otherwise is as an escape;
    then, and for numbers that may have been integers once, the slow reader looks at every token.
    """
    again = orjson.dumps(value)
    if again == body:
        return
    escaped_colon = b"\\u003" in body and (b"\\u003a" in body or b"\\u003A" in body)
    if has_huge_number or escaped_colon:
        _read_every_token(body, value)
    elif again.count(b":") != body.count(b":"):
        raise Malformed("The body names the same key twice in one object.")


def _check_encoding(body: bytes) -> None:
    if body.startswith(b"\xef\xbb\xbf"):
        raise Malformed("The body starts with a byte order mark; send plain UTF-8.")
    if body.startswith(_TEXT_ENCODINGS) or b"\x00" in body[:4]:
        raise Malformed("The body is not UTF-8.")


def _check_width(body: bytes, most: int) -> None:
    """Refuse far too many values before they are built: seven million empty lists fit 20 MB of body, and 500 of memory.

    Every comma parts two values and every bracket is one, so more than twice ``most`` of them are more than ``most``
    values. The exact count follows in ``_check_shape``.
    """
    if len(body) <= 2 * most:  # a value takes two bytes, its comma or bracket included
        return
    if body.count(b",") + body.count(b"[") + body.count(b"{") <= 2 * most:
        return
    bare = _STRINGS.sub(b"", body)
    if bare.count(b",") + bare.count(b"[") + bare.count(b"{") > 2 * most:
        raise _too_many(most)


def _loads(body: bytes) -> Json:
    # The parser's exception holds the whole body, so ours is raised after it is gone and not chained to it.
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        problem = _syntax_problem(body, error.msg, error.pos)
    raise problem


def _syntax_problem(body: bytes, parser_message: str, position: int) -> GatewayError:
    if not body.strip():
        return Malformed("The body is empty.")
    if parser_message.startswith("depth limit"):
        return Malformed("The body is nested too deeply.")
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return Malformed(f"The body is not UTF-8: invalid at byte {error.start}.")
    rule = next((rule for opening, rule in _RULES if parser_message.startswith(opening)), "is not valid JSON")
    return Malformed(f"The body {rule} (at character {position}).")


def _check_shape(value: dict[str, Json], limits: IngressLimits) -> bool:
    """Hold the limits, level by level. True if a float lies where only an integer beyond 64 bits may have stood."""
    level: list[Json] = [value]
    depth, nodes, has_huge_number = 0, 1, False
    while level:
        depth += 1
        if depth > limits.json_depth:
            raise Malformed(f"The body is nested more than {limits.json_depth} levels deep.")
        deeper: list[Json] = []
        for container in level:
            nodes += len(container)
            children = container.values() if type(container) is dict else container
            deeper += [child for child in children if type(child) in _LOOK_INSIDE]
        if nodes > limits.json_nodes:
            raise _too_many(limits.json_nodes)
        has_huge_number = has_huge_number or any(
            type(child) is float and not _SMALLEST < child < _LARGEST for child in deeper
        )
        level = [child for child in deeper if type(child) is not float]
    return has_huge_number


def _too_many(most: int) -> TooLarge:
    return TooLarge(f"The body holds more than {most} JSON values.")


def _read_every_token(body: bytes, value: Json) -> None:
    """Read again with the standard library, which shows each pair and each integer as written."""
    try:
        again = json.loads(body, object_pairs_hook=_unambiguous_object, parse_int=_integer)
    except _Ambiguous as error:
        problem = Malformed(str(error))
    except (ValueError, RecursionError):
        problem = Malformed("The body is read differently by different JSON readers.")
    else:
        if again == value:
            return
        problem = Malformed("The body is read differently by different JSON readers.")
    raise problem


def _unambiguous_object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Ambiguous("The body names the same key twice in one object.")
    return members


def _integer(digits: str) -> int:
    # Length first: converting thousands of digits is slow and, past 4,300, an error of its own.
    if len(digits) > 20 or not _SMALLEST <= int(digits) <= _LARGEST:
        raise _Ambiguous("The body holds an integer beyond 64 bits; send it as a string.")
    return int(digits)
