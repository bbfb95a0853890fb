"""The guard: nothing passes but the request that was cleared, once, to its own origin."""

from collections.abc import Callable

import httpx2
import pytest
from egress_support import backend, cleared, drafted, run
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.egress.guard import GuardTransport, LeakPrevented, Look
from gateway.egress.origin import Origin
from gateway.model import Backend, Draft
from gateway.policy.decision import Cleared

TO = backend("https://api.example/v1", api_key=SecretStr("key-of-the-gateway"))


class Gate(httpx2.AsyncBaseTransport):
    """What stands behind the guard: keeps whatever came through."""

    def __init__(self) -> None:
        self.passed: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.passed.append(request)
        return httpx2.Response(200)


def rightful(permission: object, draft: Draft) -> httpx2.Request:
    return httpx2.Request(
        "POST", draft.url, headers=draft.headers, content=draft.body, extensions={"cleared": permission, "timeout": {}}
    )


def attempt(request: httpx2.Request, to: Backend = TO) -> list[httpx2.Request]:
    gate = Gate()
    try:
        run(GuardTransport(gate, Origin.of(to.base_url)).handle_async_request(request))
    except LeakPrevented:
        assert gate.passed == []
        raise
    return gate.passed


def test_a_cleared_request_passes_once() -> None:
    """The rightful request goes through unchanged; the same permission never works again."""
    draft = drafted(TO)
    permission = cleared(draft)
    assert [request.content for request in attempt(rightful(permission, draft))] == [draft.body]
    with pytest.raises(LeakPrevented, match="one request"):
        attempt(rightful(permission, draft))


def test_a_unix_socket_needs_no_host() -> None:
    """Requests to a unix socket carry no host header, and pass."""
    to = backend("unix:///run/model.sock/v1")
    draft = drafted(to)
    assert len(attempt(rightful(cleared(draft), draft), to)) == 1


@pytest.mark.parametrize("permission", [None, "cleared", object(), True])
def test_nothing_passes_without_a_permission(permission: object) -> None:
    """Only a Cleared is one; whatever else claims to be is refused."""
    with pytest.raises(LeakPrevented, match="without permission"):
        attempt(rightful(permission, drafted(TO)))


def test_a_look_alike_is_no_permission() -> None:
    """An object that behaves like a Cleared was not made by the decision."""
    draft = drafted(TO)

    class LookAlike:
        def spend(self) -> Draft:
            return draft

    with pytest.raises(LeakPrevented):
        attempt(rightful(LookAlike(), draft))


def test_a_draft_that_was_changed_after_the_inspection_is_refused() -> None:
    """Frozen is not unchangeable in Python: the digest, taken when the draft was made, tells. Invariant I2."""
    draft = drafted(TO)
    permission = cleared(draft)
    object.__setattr__(draft, "body", draft.body.replace(b"sky", b"SSN"))
    with pytest.raises(LeakPrevented, match="changed after"):
        attempt(rightful(permission, draft))


def test_a_permission_for_another_draft_is_refused() -> None:
    """Permission is for bytes, not for a person or a backend."""
    with pytest.raises(LeakPrevented, match="body"):
        attempt(rightful(cleared(drafted(TO)), drafted(TO, body={"model": "auto", "messages": []})))


def test_a_permission_for_another_backend_is_refused() -> None:
    """A draft that was cleared for one origin cannot be sent through the connections of another."""
    elsewhere = backend("https://elsewhere.example/v1")
    draft = drafted(elsewhere)
    with pytest.raises(LeakPrevented, match="address"):
        attempt(rightful(cleared(draft), draft))


def test_a_backend_with_another_name_at_the_same_address_is_told_apart() -> None:
    """The digest holds the backend's name: two clearances at one address are two permissions."""
    draft = drafted(TO)
    permission = cleared(draft)
    object.__setattr__(draft, "backend", backend(TO.base_url, name="another", api_key=TO.api_key))
    with pytest.raises(LeakPrevented, match="changed after"):
        attempt(rightful(permission, draft))


def _two_bodies(request: httpx2.Request) -> None:
    request.stream = httpx2.ByteStream(b"something else")


def _streamed(request: httpx2.Request) -> None:
    class Stream(httpx2.AsyncByteStream):
        pass

    request.stream = Stream()


TAMPERING: dict[str, Callable[[httpx2.Request], None]] = {
    "method": lambda r: setattr(r, "method", "PUT"),
    "query": lambda r: setattr(r, "url", httpx2.URL(str(r.url) + "?text=secret")),
    "path": lambda r: setattr(r, "url", httpx2.URL("https://api.example/v1/files")),
    "host": lambda r: setattr(r, "url", httpx2.URL("https://evil.example/v1/chat/completions")),
    "scheme": lambda r: setattr(r, "url", httpx2.URL("http://api.example/v1/chat/completions")),
    "port": lambda r: setattr(r, "url", httpx2.URL("https://api.example:8443/v1/chat/completions")),
    "user": lambda r: setattr(r, "url", httpx2.URL("https://secret@api.example/v1/chat/completions")),
    "host header": lambda r: r.headers.update({"host": "evil.example"}),
    "no host header": lambda r: r.headers.pop("host") and None,
    "length": lambda r: r.headers.update({"content-length": "3"}),
    "chunked": lambda r: r.headers.update({"transfer-encoding": "chunked"}),
    "cookie": lambda r: r.headers.update({"cookie": "session=1"}),
    "added header": lambda r: r.headers.update({"x-user-text": "secret"}),
    "removed header": lambda r: r.headers.pop("accept") and None,
    "other key": lambda r: r.headers.update({"authorization": "Bearer other"}),
    "agent": lambda r: r.headers.update({"user-agent": "secret"}),
    "target": lambda r: r.extensions.update({"target": b"/v1/files"}),
    "sni": lambda r: r.extensions.update({"sni_hostname": "evil.example"}),
    "trace": lambda r: r.extensions.update({"trace": print}),
    "body": lambda r: setattr(r, "_content", b"{}"),
    "two bodies": _two_bodies,
    "streamed body": _streamed,
    "unread body": lambda r: delattr(r, "_content"),
}


@pytest.mark.parametrize("tampering", TAMPERING.values(), ids=TAMPERING)
def test_every_kind_of_tampering_is_refused(tampering: Callable[[httpx2.Request], None]) -> None:
    """Whatever changes on the way between the draft and the socket, the request stops here. Evasion F2, F4, T1."""
    draft = drafted(TO)
    request = rightful(cleared(draft), draft)
    tampering(request)
    with pytest.raises(LeakPrevented) as refused:
        attempt(request)
    assert "secret" not in str(refused.value)


def test_a_draft_cannot_carry_headers_of_the_transport() -> None:
    """Host and content-length are the transport's: a draft that sets them could lie about where and how much."""
    for header in (("host", "evil.example"), ("content-length", "1"), ("Host", "api.example")):
        honest = drafted(TO)
        draft = Draft(TO, honest.url, (*honest.headers, header), honest.body, honest.model, stream=False)
        request = rightful(None, draft)
        request.extensions["cleared"] = cleared(draft)
        with pytest.raises(LeakPrevented):
            attempt(request)


@given(position=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_flipped_bit_of_the_body_is_refused(position: int, bit: int) -> None:
    """No bit of the body can differ from what was inspected."""
    draft = drafted(TO)
    body = bytearray(draft.body)
    body[position % len(body)] ^= 1 << bit
    request = httpx2.Request("POST", draft.url, headers=draft.headers, content=bytes(body))
    request.extensions = {"cleared": cleared(draft)}
    with pytest.raises(LeakPrevented):
        attempt(request)


_HEADER = st.tuples(
    st.sampled_from(["accept", "authorization", "x-new", "content-type", "te", "expect", "cookie"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
)


@given(
    added=st.lists(_HEADER, max_size=2),
    removed=st.sets(st.integers(0, 4), max_size=2),
    swapped=st.booleans(),
    suffix=st.text("abc/?#.:@%2e", max_size=4),
    tail=st.binary(max_size=3),
)
def test_any_difference_at_all_is_refused(
    added: list[tuple[str, str]], removed: set[int], swapped: bool, suffix: str, tail: bytes
) -> None:
    """Only the identical request passes: any mix of changes to headers, address and body is a refusal."""
    draft = drafted(TO)
    headers = [pair for number, pair in enumerate(draft.headers) if number not in removed] + added
    headers = list(reversed(headers)) if swapped else headers
    try:
        url = httpx2.URL(draft.url + suffix)
    except httpx2.InvalidURL:
        return
    request = httpx2.Request("POST", url, headers=headers, content=draft.body + tail)
    permission: Cleared = cleared(draft)
    request.extensions = {"cleared": permission}
    same = tuple(headers) == draft.headers and url == httpx2.URL(draft.url) and not tail
    if same:
        assert len(attempt(request)) == 1
        return
    with pytest.raises(LeakPrevented):
        attempt(request)


@pytest.mark.parametrize("key", [None, SecretStr("key-of-the-gateway")])
def test_a_look_carries_no_body_and_only_the_gateways_own_headers(key: SecretStr | None) -> None:
    """Health and model lists need no permission because nothing of a client's can be in them."""
    gate = Gate()
    guard = GuardTransport(gate, Origin.of(TO.base_url))
    run(guard.look(TO.base_url, Look.MODELS, api_key=key))
    request = gate.passed[0]
    assert (request.method, str(request.url), request.content) == ("GET", "https://api.example/v1/models", b"")
    names = {name.decode().lower() for name, _ in request.headers.raw}
    expected = {"host", "accept", "accept-encoding", "user-agent"} | ({"authorization", "x-api-key"} if key else set())
    assert names == expected


def test_a_look_stays_at_its_origin() -> None:
    """The address of a look is checked like any other."""
    gate = Gate()
    with pytest.raises(LeakPrevented):
        run(GuardTransport(gate, Origin.of(TO.base_url)).look("https://evil.example/v1", Look.MODELS))
    assert gate.passed == []


def test_closing_the_guard_closes_what_is_behind_it() -> None:
    """One close for the whole way."""

    class Closing(Gate):
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    gate = Closing()
    run(GuardTransport(gate, Origin.of(TO.base_url)).aclose())
    assert gate.closed
