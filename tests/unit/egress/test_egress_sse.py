"""The event decoder: WHATWG rules, any split, bounded."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.egress.sse import SseDecoder, SseEvent
from gateway.errors import UpstreamBroke


def decode(*pieces: bytes) -> list[SseEvent]:
    decoder = SseDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)]


def payloads(*pieces: bytes) -> list[bytes]:
    return [event.data for event in decode(*pieces)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_ending_ends_a_line(end: bytes) -> None:
    """LF, CRLF and CR frames decode to the same events."""
    assert payloads(b"data: one" + end + end + b"data: two" + end + end) == [b"one", b"two"]


def test_mixed_line_endings_are_told_apart() -> None:
    """A CRLF cut between its two bytes is one line end, not two."""
    assert payloads(b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n") == [b"a\nb"]


def test_a_line_feed_after_a_cut_line_is_kept() -> None:
    """Only the LF directly after a CR is swallowed, not one that ends a later line of the same piece."""
    assert payloads(b"data: a\rdata: b", b"\ndata: c", b"\n\n") == [b"a\nb\nc"]


def test_comments_ids_and_retries_are_dropped() -> None:
    """Keep-alive comments and fields that nobody here reads never become events."""
    assert payloads(b": keep-alive\n\nid: 7\nretry: 10\n\ndata: x\n\n") == [b"x"]


def test_several_data_lines_join_with_a_newline() -> None:
    """One event may carry its payload on several lines."""
    assert payloads(b"data: a\ndata\ndata:  b\n\n") == [b"a\n\n b"]


def test_the_event_name_is_kept_and_forgotten_after_its_event() -> None:
    """``event:`` names one event only; the next is a plain message again."""
    assert decode(b"event: ping\ndata: {}\n\ndata: x\n\n") == [SseEvent("ping", b"{}"), SseEvent("message", b"x")]


def test_an_event_without_data_is_not_dispatched() -> None:
    """An empty event resets the name and yields nothing."""
    assert decode(b"event: lost\n\ndata: x\n\n") == [SseEvent("message", b"x")]


def test_a_leading_byte_order_mark_is_ignored_once() -> None:
    """One byte order mark at the very start is no part of the first field name, even when cut."""
    assert payloads(b"\xef", b"\xbb", b"\xbfdata: x\n\n") == [b"x"]
    assert payloads(b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\ndata: y\n\n") == [b"y"]


def test_bytes_that_are_not_utf8_pass_unaltered() -> None:
    """The decoder relays payload bytes; judging them is the reader's business."""
    assert payloads(b"data: \xff\xc2\x85\x0b\n\n") == [b"\xff\xc2\x85\x0b"]


@pytest.mark.parametrize(
    ("stream", "rest"),
    [
        (b"data: x\n\n", None),
        (b"", None),
        (b": comment", None),
        (b"data: x\n\ndata: half", b"half"),
        (b"data: x\n\ndata: line\n", b"line"),
        (b"event: e\n", b""),
        (b"data: [DONE]", b"[DONE]"),
        (b"data: a\ndata: b", b"a\nb"),
        (b"\xef", None),
    ],
)
def test_a_cut_event_is_reported_at_the_end(stream: bytes, rest: bytes | None) -> None:
    """After the last byte the reader can ask whether an event was cut off."""
    decoder = SseDecoder()
    decoder.feed(stream)
    assert decoder.unfinished() == rest


def _feed_all(pieces: list[bytes]) -> None:
    decoder = SseDecoder(max_event_bytes=100)
    for piece in pieces:
        decoder.feed(piece)


def test_an_endless_line_is_refused() -> None:
    """A server that never ends its line is stopped at the limit, wherever the cuts are."""
    with pytest.raises(UpstreamBroke) as broke:
        _feed_all([b"x"] * 200)
    assert broke.value.reason == "event_too_large"


def test_an_endless_event_is_refused() -> None:
    """Many short data lines without a blank line count together."""
    with pytest.raises(UpstreamBroke):
        _feed_all([b"data: x\n"] * 200)


def test_large_events_below_the_limit_pass() -> None:
    """The limit is per event, not per stream."""
    line = b"data: " + b"x" * 80 + b"\n\n"
    decoder = SseDecoder(max_event_bytes=100)
    assert sum(len(decoder.feed(line)) for _ in range(50)) == 50


def test_an_event_shows_no_content() -> None:
    """A payload never appears in a repr."""
    assert "secret" not in repr(SseEvent("message", b"secret"))


_STREAM = st.lists(
    st.sampled_from([b"data: ", b"data:", b"event: e", b"\r", b"\n", b"\r\n", b": c", b"x", b"\xef\xbb\xbf", b"id: 1"])
    | st.binary(max_size=4),
    max_size=40,
).map(b"".join)


@given(stream=_STREAM, cuts=st.lists(st.integers(0, 200), max_size=12))
def test_any_split_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    """Rule 1: the pieces in which bytes arrive change nothing, neither events nor the verdict on the end."""
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    whole, cut = SseDecoder(), SseDecoder()
    expected = whole.feed(stream)
    got = [event for start, end in itertools.pairwise(edges) for event in cut.feed(stream[start:end])]
    assert got == expected
    assert cut.unfinished() == whole.unfinished()


@given(stream=_STREAM)
def test_the_decoder_agrees_with_a_line_by_line_reading(stream: bytes) -> None:
    """A second, plain implementation of the rules gives the same payloads."""
    text = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events: list[bytes] = []
    data: list[bytes] = []
    for line in text.split(b"\n")[:-1]:
        if not line:
            if data:
                events.append(b"\n".join(data))
            data = []
        elif line.split(b":", 1)[0] == b"data":
            data.append(line[5:].removeprefix(b" "))
    assert payloads(stream) == events
