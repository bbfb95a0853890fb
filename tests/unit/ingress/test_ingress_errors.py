"""Errors on the wire: OpenAI's shape, and the headers SDKs obey."""

import json

import pytest

from gateway import errors
from gateway.errors import GatewayError, MethodNotAllowed, Unauthenticated, Unavailable, UpstreamRejected
from gateway.ingress.errors import render

EVERY_ERROR: list[GatewayError] = [
    errors.InternalError(),
    errors.Malformed("m", param="messages.2.content"),
    Unauthenticated("m"),
    errors.NotFound("m", code="model_not_found"),
    MethodNotAllowed("m"),
    errors.RequestTimeout("m"),
    errors.TooLarge("m"),
    errors.Unsupported("m"),
    errors.PolicyRefusal("m", code="live_key"),
    UpstreamRejected(422, "m", type_="t", code=None, param="p"),
    Unavailable("m", retry_after=1.2),
    errors.AuditUnavailable("m"),
]


def leaves(kind: type[GatewayError]) -> set[type[GatewayError]]:
    """All classes below ``kind`` that can be raised."""
    return {kind, *(leaf for child in kind.__subclasses__() for leaf in leaves(child))}


def test_the_table_above_is_complete() -> None:
    """A new error cannot be forgotten here."""
    assert {type(error) for error in EVERY_ERROR} == leaves(GatewayError) - {GatewayError, errors.ClientError}


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
def test_every_error_has_openais_shape(error: GatewayError) -> None:
    """Status, the four fields, our request id, and whether to try again."""
    status, headers, body = render(error, "req_1")
    assert status == error.status
    assert json.loads(body) == {
        "error": {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
    }
    assert dict(headers)[b"content-type"] == b"application/json"
    assert dict(headers)[b"x-request-id"] == b"req_1"
    assert dict(headers)[b"x-should-retry"] == (b"true" if error.retryable else b"false")
    assert len(dict(headers)) == len(headers)


def test_a_refusal_is_not_tried_again_and_an_outage_is() -> None:
    """openai-python sends a 408 again on its own account and a 503 up to three times: the header decides."""
    for error in EVERY_ERROR:
        assert error.retryable is isinstance(error, Unavailable)


@pytest.mark.parametrize(("seconds", "header"), [(1.2, b"2"), (0, b"0"), (30, b"30"), (-1.0, b"0"), (None, None)])
def test_retry_after_is_whole_seconds(seconds: float | None, header: bytes | None) -> None:
    """Rounded up, never negative, absent where nothing is known."""
    assert dict(render(Unavailable("m", retry_after=seconds), "r").headers).get(b"retry-after") == header


def test_a_decision_behind_an_error_is_named_as_it_is_on_an_answer() -> None:
    """Whoever gets a 403 learns which label and rules it was."""
    error = errors.PolicyRefusal("m")
    assert b"x-gateway-label" not in dict(render(error, "req_1").headers)
    error.label, error.rules = "restricted", ("credentials", "private-key")
    headers = dict(render(error, "req_1").headers)
    assert headers[b"x-gateway-label"] == b"restricted"
    assert headers[b"x-gateway-rule"] == b"credentials,private-key"


def test_headers_that_a_status_demands() -> None:
    """401 names the scheme, 405 the methods, 408 closes a connection whose body is still on its way."""
    assert dict(render(Unauthenticated("m"), "r").headers)[b"www-authenticate"] == b"Bearer"
    assert dict(render(MethodNotAllowed("m"), "r", allow="POST").headers)[b"allow"] == b"POST"
    assert dict(render(errors.RequestTimeout("m"), "r").headers)[b"connection"] == b"close"


def test_the_repr_of_a_reply_shows_no_body() -> None:
    """A backend's message may repeat what the client wrote; a log line of the reply does not."""
    reply = render(UpstreamRejected(400, "canary", type_="t", code="c"), "r")
    assert "canary" not in repr(reply)
    assert repr(reply).startswith("Reply(status=400, bytes=")
