"""Strict JSON: one reading or none. Rows J1, J4 and J5 of the evasion catalogue, and reported problem 12."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, Malformed, TooLarge
from gateway.ingress.limits import DEEPEST_SUPPORTED, IngressLimits
from gateway.ingress.strict_json import parse_object

LIMITS = IngressLimits()
CANARY = "canary4012888888881881"


def refusal(body: bytes, limits: IngressLimits = LIMITS) -> GatewayError:
    """The error that ``body`` is refused with."""
    with pytest.raises(GatewayError) as caught:
        parse_object(body, limits)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b' {"a" : 1 }\n',
        b'{"a":{"a":{"a":[]}}}',
        b'{"a":"b:c","b":"a:a"}',
        b'{"a\\u003ab":1}',
        b'{"a":"\\u003a\\u003A"}',
        b'{"text":"\\u0000 and \\ud83d\\ude00"}',
        b'{"largest":18446744073709551615,"smallest":-9223372036854775808}',
        b'{"big":1e30,"exact":-9223372036854775808.0}',
        b'{"pan":4.01e15}',
        b'{"":"","a":null,"b":true,"c":-0.0}',
        '{"text":"Grüße, 東京 \u2028 \x7f"}'.encode(),
    ],
)
def test_what_has_one_reading_is_taken(body: bytes) -> None:
    """A JSON object that every reader understands alike comes back as the standard library reads it."""
    assert parse_object(body, LIMITS) == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"a","model":"b"}',
        b'{"model":"a","\\u006dodel":"b"}',
        b'{"a":1, "b":{"c":1,"c":1}}',
        b'{"a":[{"b":1},{"c":1 ,"c":2}]}',
        b'{"a":{"x":":::"},"a":{}}',
        b'{"a\\u003a":1,"a\\u003A":2}',
        b'{"a":"\\u003a","a":""}',  # the escaped colon that is kept makes up for the one that is lost
        b'{"":1,"":1}',
    ],
)
def test_a_key_named_twice_is_refused(body: bytes) -> None:
    """Evasion J1: readers disagree about which of two members counts, so the body is refused, escapes or not."""
    error = refusal(body)
    assert isinstance(error, Malformed)
    assert error.message == "The body names the same key twice in one object."


@pytest.mark.parametrize(
    "integer", ["18446744073709551616", "-9223372036854775809", "1" * 30, "9" * 300, "-" + "1" * 21]
)
def test_an_integer_beyond_64_bits_is_refused(integer: str) -> None:
    """It would silently become a float, and other digits would be inspected and sent than the client wrote."""
    for body in (f'{{"a":{integer}}}', f'{{"a":[[{integer}]]}}', f'{{"text":"{CANARY}", "a":{integer}}}'):
        error = refusal(body.encode())
        assert isinstance(error, Malformed)
        assert "64 bit" in error.message


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        ('{"a":1}'.encode("utf-16-le"), "not UTF-8"),
        ('{"a":1}'.encode("utf-16-be"), "not UTF-8"),
        ('{"a":1}'.encode("utf-32"), "not UTF-8"),
        ('{"a":1}'.encode("utf-32-be"), "not UTF-8"),
        ("{}".encode("cp037"), "not UTF-8"),
        (b'{"a":"\xff"}', "invalid at byte 6"),
        (b'{"a":"\xed\xa0\x80"}', "invalid at byte 6"),  # a lone surrogate in bytes
        (b'{"a":"\xc0\x80"}', "invalid at byte 6"),  # an overlong NUL
        (b'{"a":"\\ud800"}', "lone surrogate"),
        (b'{"a":"\\ud800x"}', "lone surrogate"),
        (b'{"a":"\\udc00"}', "lone surrogate"),
        (b'{"\\ud800":1}', "lone surrogate"),
        (b'{"a":NaN}', "not valid JSON (at character 5)"),
        (b'{"a":-Infinity}', "not valid JSON"),
        (b'{"a":1e999}', "range of a double"),
        (b'{"a":' + b"1" * 6000 + b"}", "range of a double"),
        (b'{"a":"\x00"}', "control character"),
        (b'{"a":"line\nbreak"}', "control character"),
        (b'{"a":1} {"b":2}', "after the end"),
        (b'{"a":1}\n{"b":2}', "after the end"),
        (b'{"a":1}\x00', "after the end"),
        (b'{"a":1,}', "not valid JSON"),
        (b'{"a":01}', "not valid JSON"),
        (b'{"a":+1}', "not valid JSON"),
        (b"{'a':1}", "not valid JSON"),
        (b'{"a":1 /* why */}', "not valid JSON"),
        (b'{"a":"cut o', "not valid JSON"),
        (b"<xml/>", "not valid JSON"),
        (b"null", "must be a JSON object"),
        (b"3", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"[{}]", "must be a JSON object"),
    ],
)
def test_what_has_no_single_reading_is_refused(body: bytes, says: str) -> None:
    """Evasions J4 and J5, reported problem 12: each of them is refused with a fixed text that names the rule."""
    error = refusal(body)
    assert isinstance(error, Malformed)
    assert says in error.message


@pytest.mark.parametrize(
    "body",
    [
        f'{{"{CANARY}":1,"{CANARY}":2}}',
        f'{{"a":"{CANARY}" x}}',
        f'{{"a":"{CANARY}\\ud800"}}',
        f'{{"a":"{CANARY}","b":{"7" * 40}}}',
        f'["{CANARY}"]',
        f'{{"a":"{CANARY}","b":"\\u003a","b":""}}',
        f'{{"a":{"[" * 500}"{CANARY}"{"]" * 500}}}',
    ],
)
def test_an_error_repeats_nothing_of_the_body(body: str) -> None:
    """Neither the message nor anything chained to it, which a crash reporter would print, holds the client's text."""
    error: BaseException | None = refusal(body.encode())
    while error is not None:
        assert CANARY not in repr(error) + repr(vars(error))
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_limited_exactly(opening: str, closing: str) -> None:
    """As many levels as the limit are read, one more is refused, and so are thousands."""
    limits = IngressLimits(json_depth=8)
    for depth, inner in ((7, "1"), (6, "[]")):
        parse_object(('{"a":' + opening * (depth) + inner + closing * (depth) + "}").encode(), limits)
    for depth in (8, 9, 200, 1022, 20_000):
        error = refusal(('{"a":' + opening * depth + "1" + closing * depth + "}").encode(), limits)
        assert isinstance(error, Malformed)
        assert "nested" in error.message


def test_the_deepest_limit_that_can_be_set_still_reads_and_writes() -> None:
    """At the greatest limit the body is read and can be serialised again, with room for a translation around it."""
    limits = IngressLimits(json_depth=DEEPEST_SUPPORTED)
    body = b'{"a":' + b"[" * (DEEPEST_SUPPORTED - 1) + b"]" * (DEEPEST_SUPPORTED - 1) + b"}"
    assert orjson.dumps({"wrapped": [[[parse_object(body, limits)]]]})


@pytest.mark.parametrize("values", ["1", "[]", "{}", '""', '{"":1}', '",[{"'])
def test_the_number_of_values_is_limited_exactly(values: str) -> None:
    """At the limit a body is read, one value more is TooLarge; brackets and commas inside strings do not count."""
    each = 2 if values == '{"":1}' else 1
    limits = IngressLimits(json_nodes=2 + 100 * each)
    parse_object(f'{{"a":[{",".join([values] * 100)}]}}'.encode(), limits)
    for more in (101, 1000):
        assert isinstance(refusal(f'{{"a":[{",".join([values] * more)}]}}'.encode(), limits), TooLarge)


def test_millions_of_values_are_refused_before_they_are_built() -> None:
    """Evasion J5: a wide body within the size limit is refused by counting bytes, even when it is not valid JSON."""
    error = refusal(b'{"a":[' + b"[]," * 2_000_000)
    assert isinstance(error, TooLarge)


def test_quotes_that_never_close_are_read_in_one_go() -> None:
    """A body made to send a tokeniser back and forth is refused in linear time (the test's own limit is the bound)."""
    limits = IngressLimits(json_nodes=10)
    assert refusal(b'{"a":"' + b'\\"' * 500_000, limits).message.startswith("The body is not valid JSON")
    assert isinstance(refusal(b'{"a":[[[' + b",[{" * 1000 + b'"' + b'\\",' * 500_000, limits), TooLarge)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def holds_long_integer(value: Any) -> bool:
    """True if an integer beyond 64 bits is anywhere in ``value``."""
    if isinstance(value, dict):
        return any(map(holds_long_integer, value.values()))
    if isinstance(value, list):
        return any(map(holds_long_integer, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**64


@given(st.dictionaries(st.text(max_size=4), JSON_VALUES, max_size=4), st.booleans(), st.sampled_from([None, 1]))
def test_every_plain_object_is_read_as_the_standard_library_reads_it(
    value: dict[str, Any], escaped: bool, indent: int | None
) -> None:
    """However it is written, an object is taken unchanged, unless it holds an integer beyond 64 bits."""
    body = json.dumps(value, ensure_ascii=escaped, indent=indent).encode("utf-8", "surrogatepass")
    if holds_long_integer(value):
        assert isinstance(refusal(body), Malformed)
    else:
        assert parse_object(body, LIMITS) == value


TOKENS = r""" { } [ ] , : " \ {"a":1 "a": "\u0061": "b:c" \u003a "\ud800" {"a":{}} 1 - e9 null NaN é """
PIECES = st.sampled_from([*TOKENS.split(), "0" * 25, " ", "\n", "\ufeff", "\x00"])


@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_text_is_read_alike_or_refused(text: str) -> None:
    """Differential: whatever is accepted has no doubled key and equals what the standard library reads."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    try:
        value = parse_object(text.encode(), LIMITS)
    except GatewayError:
        return
    assert json.loads(text, object_pairs_hook=members) == value


KEYS = st.sampled_from(["a", "b", "a:", ":", "é", "\u003a\u003a"])


def written(key: str, escaped: bool) -> str:
    """A key as JSON, plain or with every character escaped."""
    return '"' + "".join(f"\\u{ord(c):04x}" for c in key) + '"' if escaped else json.dumps(key, ensure_ascii=False)


@st.composite
def objects_with_repeats(draw: st.DrawFn, depth: int = 2) -> tuple[str, bool]:
    """The text of an object, and whether any object in it names a key twice."""
    keys = draw(st.lists(KEYS, max_size=4))
    repeats = len(set(keys)) < len(keys)
    members = []
    for key in keys:
        inner, inner_repeats = draw(objects_with_repeats(depth - 1)) if depth else ('":,"', False)
        repeats = repeats or inner_repeats
        members.append(written(key, draw(st.booleans())) + ":" + inner)
    return "{" + ",".join(members) + "}", repeats


@given(objects_with_repeats())
def test_doubled_keys_are_found_wherever_they_are(case: tuple[str, bool]) -> None:
    """An object is refused exactly when some object in it names a key twice, at any depth and however it is written."""
    text, repeats = case
    if repeats:
        assert "same key twice" in refusal(text.encode()).message
    else:
        assert parse_object(text.encode(), LIMITS) == json.loads(text)
