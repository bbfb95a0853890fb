"""Every error the gateway knows, by who has to act.

Messages are fixed or name configuration; none ever carries prompt text.

GatewayError                     has an HTTP status, an OpenAI error type and a stable code
├── ClientError                  the client has to change its request
│   ├── Malformed        400     not the JSON the endpoint takes
│   ├── Unauthenticated  401     no or unknown client key
│   ├── NotFound         404     no such path or model
│   ├── MethodNotAllowed 405
│   ├── RequestTimeout   408     the body did not arrive in time
│   ├── TooLarge         413
│   ├── Unsupported      415     content type or encoding
│   └── PolicyRefusal    403     a refuse rule of the policy matched
├── UpstreamRejected     4xx     a backend said the request is wrong; its status and message are passed on
├── InternalError        500     a defect of the gateway; the message is fixed
└── Unavailable          503     nobody who may answer can answer now
    └── AuditUnavailable 503     the decision could not be recorded, so nothing was sent
ConfigError                      bad configuration: file, line and remedy; ends the start
BackendUnavailable               one attempt failed before its first byte; the pipeline tries the next candidate
Untranslatable                   a draft for this backend's format cannot express the request
UpstreamBroke                    a stream ended without saying that it was complete
"""

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self


class GatewayError(Exception):
    """An answer that is not a completion. ``status``, ``type`` and ``code`` are public interface (docs/errors.md)."""

    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    type: str = "server_error"
    code: str = "internal_error"
    retryable: bool = False
    """Sent as ``x-should-retry``, which the OpenAI and Anthropic SDKs obey."""
    label: str | None = None
    """Where a decision was made: its label and rules, sent as ``x-gateway-label`` and ``x-gateway-rule``."""
    rules: tuple[str, ...] = ()

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        if code is not None:
            self.code = code


class InternalError(GatewayError):
    """A defect of the gateway. The message is fixed; the detail stays out of the answer and the log."""

    def __init__(self) -> None:
        super().__init__(
            "The gateway failed to handle this request. Nothing more was sent. Quote x-request-id when reporting it."
        )


class ClientError(GatewayError):
    """The client has to change its request."""

    status = HTTPStatus.BAD_REQUEST
    type = "invalid_request_error"
    code = "invalid_request"


class Malformed(ClientError):
    """The body is not the JSON that the endpoint takes; `param` names the place."""

    code = "malformed_request"


class Unauthenticated(ClientError):
    """No gateway key was sent, or one that the gateway does not know."""

    status = HTTPStatus.UNAUTHORIZED
    type = "authentication_error"
    code = "invalid_api_key"


class NotFound(ClientError):
    """There is no such path."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class MethodNotAllowed(ClientError):
    """The path does not take that method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"


class RequestTimeout(ClientError):
    """The body did not arrive within `limits.body_seconds`."""

    status = HTTPStatus.REQUEST_TIMEOUT
    code = "request_timeout"


class TooLarge(ClientError):
    """The body, or the number of values in it, is over a limit of the configuration."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "request_too_large"


class Unsupported(ClientError):
    """The content type is not `application/json`, or the body has a content encoding."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"


class PolicyRefusal(ClientError):
    """A refuse rule of the policy matched. Message and code are the rule's. Not retried by the SDKs."""

    status = HTTPStatus.FORBIDDEN
    type = "policy_error"
    code = "policy_refused"


class UpstreamRejected(GatewayError):
    """The backend rejected the request; its status and message are passed on. Never a reason to ask another vendor."""

    type = "invalid_request_error"
    code = "upstream_rejected"

    def __init__(self, status: int, message: str, *, type_: str, code: str | None, param: str | None = None) -> None:
        super().__init__(message, param=param, code=code)
        self.status = status
        self.type = type_


class Unavailable(GatewayError):
    """Every backend that may answer failed. Nothing was sent to one that may not. `retry-after` is passed on."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    type = "server_error"
    code = "no_backend_available"
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class AuditUnavailable(Unavailable):
    """The decision could not be recorded, so nothing was sent."""

    code = "audit_unavailable"


class BackendUnavailable(Exception):
    """An attempt failed before its answer began. ``reason`` is a fixed word: connect, timeout, status_503."""

    def __init__(self, reason: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.retry_after = retry_after


class Untranslatable(Exception):
    """The backend's format cannot express the request. ``param`` and ``message`` name the field, never its value."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param
        self.message = message


class UpstreamBroke(Exception):
    """A stream ended early or spoke nonsense. The client gets a visible error event, never a clean end."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


FURTHER_CODES: Final = (
    (
        404,
        NotFound.type,
        "model_not_found",
        "No backend and no alias has this model name; `GET /v1/models` lists them.",
    ),
    (
        400,
        Malformed.type,
        "unsupported_by_backends",
        "No backend that may have the request can do what it asks (context, tools, images, a field of another format).",
    ),
    (503, Unavailable.type, "no_backend_cleared", "The policy routes the request to no backend that may receive it."),
    (503, Unavailable.type, "overloaded", "The gateway is at `limits.concurrent` requests."),
    (
        "event",
        Unavailable.type,
        "upstream_broke",
        "In a stream: the backend broke off; what came before is incomplete.",
    ),
)
"""Codes beside those of the classes: status, type, code, when. A test holds that there are no others."""


class Line(int):
    """A line, from 1, that also knows the column on it, from 1: whoever hands lines on need not know of columns."""

    column: int

    def __new__(cls, line: int, column: int) -> Self:
        one = super().__new__(cls, line)
        one.column = column
        return one


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration file, and what to do about it."""

    message: str
    remedy: str
    file: Path | None = None
    line: int | None = None

    @property
    def column(self) -> int | None:
        """Where on the line it stands, from 1; None where only the line is known."""
        return self.line.column if isinstance(self.line, Line) else None

    def __str__(self) -> str:
        place = ":".join(str(one) for one in (self.file, self.line, self.column) if one)
        where = "" if self.file is None else f"{place}: "
        return f"{where}{self.message}\n    {self.remedy}"


class ConfigError(Exception):
    """Configuration that must not be started with. Holds every problem found, not only the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
