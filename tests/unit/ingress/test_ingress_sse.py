"""Framing of events, read back by the rules of the WHATWG specification."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InternalError
from gateway.ingress import sse


def read_back(stream: bytes) -> list[bytes]:
    """The data of each event: lines end in CR, LF or both, ``data`` lines are joined, a blank line ends an event."""
    events: list[bytes] = []
    lines: list[bytes] = []
    for line in stream.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        if line == b"":
            events += [b"\n".join(lines)] if lines else []
            lines = []
        elif line.startswith(b"data:"):
            lines.append(line[5:].removeprefix(b" "))
    return events


def test_a_payload_is_one_event() -> None:
    """The common case, byte for byte."""
    assert sse.frame(b'{"id":1}') == b'data: {"id":1}\n\n'


@given(st.lists(st.sampled_from([b"{", b"}", b":", b" ", b"\n", b"\r", b"\r\n", b"data: ", b"x"]), max_size=12))
def test_no_payload_can_end_its_event_or_start_another(pieces: list[bytes]) -> None:
    """A backend that breaks its JSON into lines, or tries to forge an event, stays within one event."""
    payload = b"".join(pieces)
    stream = sse.frame(payload) + sse.KEEP_ALIVE + sse.DONE
    assert read_back(stream) == [b"\n".join(payload.splitlines()), b"[DONE]"]


def test_a_keep_alive_is_no_event() -> None:
    """A comment keeps proxies awake and clients undisturbed."""
    assert read_back(sse.KEEP_ALIVE * 3) == []


def test_an_error_is_an_event_that_sdks_raise() -> None:
    """The payload has the key that openai-python looks for."""
    (event,) = read_back(sse.error_frame(InternalError()))
    assert json.loads(event)["error"]["code"] == "internal_error"
