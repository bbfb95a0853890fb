"""Any GatewayError as OpenAI's clients expect it: ``{"error": {"message", "type", "param", "code"}}``."""

import math

import orjson

from gateway.errors import GatewayError, MethodNotAllowed, RequestTimeout, Unauthenticated, Unavailable
from gateway.ingress.reply import JSON_TYPE, Reply, header_value


def error_body(error: GatewayError) -> bytes:
    """The error object alone: the body of an error reply, and the payload of an error event in a stream."""
    fields = {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
    return orjson.dumps({"error": fields})


def render(error: GatewayError, request_id: str, *, allow: str | None = None) -> Reply:
    """The reply for ``error``. ``allow`` names the methods of the path, for MethodNotAllowed alone."""
    headers = [
        JSON_TYPE,
        (b"x-request-id", header_value(request_id)),
        # The OpenAI and Anthropic SDKs obey this before their own rules: a refusal is not sent again, an outage is.
        (b"x-should-retry", b"true" if error.retryable else b"false"),
    ]
    if error.label is not None:
        headers.append((b"x-gateway-label", header_value(error.label)))
        headers.append((b"x-gateway-rule", header_value(",".join(error.rules) or "-")))
    match error:
        case MethodNotAllowed() if allow is not None:
            headers.append((b"allow", header_value(allow)))
        case Unauthenticated():
            headers.append((b"www-authenticate", b"Bearer"))
        case RequestTimeout():
            headers.append((b"connection", b"close"))  # the rest of the body may still come, or never
        case Unavailable(retry_after=float() | int() as seconds):
            headers.append((b"retry-after", str(max(0, math.ceil(seconds))).encode()))
        case _:
            pass
    return Reply(status=int(error.status), headers=tuple(headers), body=error_body(error))
