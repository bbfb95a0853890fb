"""The error tree: what is public of each error, and that none of them can carry text by accident."""

from http import HTTPStatus
from pathlib import Path

import pytest

from gateway import errors
from gateway.errors import (
    AuditUnavailable,
    BackendUnavailable,
    ClientError,
    ConfigError,
    GatewayError,
    InternalError,
    Line,
    Malformed,
    PolicyRefusal,
    Problem,
    Unavailable,
    Untranslatable,
    UpstreamBroke,
    UpstreamRejected,
)

EXPECTED = {
    "GatewayError": (500, "server_error", "internal_error"),
    "InternalError": (500, "server_error", "internal_error"),
    "ClientError": (400, "invalid_request_error", "invalid_request"),
    "Malformed": (400, "invalid_request_error", "malformed_request"),
    "Unauthenticated": (401, "authentication_error", "invalid_api_key"),
    "NotFound": (404, "invalid_request_error", "not_found"),
    "MethodNotAllowed": (405, "invalid_request_error", "method_not_allowed"),
    "RequestTimeout": (408, "invalid_request_error", "request_timeout"),
    "TooLarge": (413, "invalid_request_error", "request_too_large"),
    "Unsupported": (415, "invalid_request_error", "unsupported_media_type"),
    "PolicyRefusal": (403, "policy_error", "policy_refused"),
    "UpstreamRejected": (500, "invalid_request_error", "upstream_rejected"),
    "Unavailable": (503, "server_error", "no_backend_available"),
    "AuditUnavailable": (503, "server_error", "audit_unavailable"),
}


def family(error: type[GatewayError]) -> list[type[GatewayError]]:
    return [error, *(each for child in error.__subclasses__() for each in family(child))]


def test_the_public_interface_of_errors_is_what_clients_were_promised() -> None:
    """Status, type and code are what SDKs and applications branch on: a change here is a breaking change."""
    assert {one.__name__: (int(one.status), one.type, one.code) for one in family(GatewayError)} == EXPECTED


def test_only_outages_ask_to_be_retried() -> None:
    """A refusal that is sent again is a refusal again, and costs an inspection."""
    assert {one.__name__ for one in family(GatewayError) if one.retryable} == {"Unavailable", "AuditUnavailable"}


def test_every_status_is_one_that_http_knows() -> None:
    """Clients, proxies and SDKs treat unknown ones each in its own way."""
    assert all(HTTPStatus(int(one.status)) for one in family(GatewayError))


def test_a_defect_has_one_fixed_message() -> None:
    """Nothing can be put into it."""
    with pytest.raises(TypeError):
        InternalError("what the client said")  # type: ignore[call-arg]  # the point
    assert "x-request-id" in InternalError().message


def test_a_code_of_its_own_leaves_the_class_alone() -> None:
    """A refuse rule's code is that refusal's, not every refusal's."""
    assert PolicyRefusal("No keys.", code="no_keys").code == "no_keys"
    assert PolicyRefusal("Other.").code == PolicyRefusal.code == "policy_refused"
    assert Malformed("Wrong.", param="messages.2.content").param == "messages.2.content"


def test_a_backends_rejection_is_passed_on_as_it_is() -> None:
    """Its status, type and code; without a code ours."""
    given = UpstreamRejected(422, "too long", type_="context_error", code="context_length_exceeded", param="messages")
    assert (given.status, given.type, given.code, given.param) == (
        422,
        "context_error",
        "context_length_exceeded",
        "messages",
    )
    assert UpstreamRejected(400, "no", type_="invalid_request_error", code=None).code == "upstream_rejected"
    assert not given.retryable


def test_an_outage_knows_when_to_come_back() -> None:
    """Seconds, or nothing."""
    assert Unavailable("Down.", retry_after=3.0).retry_after == 3.0
    assert AuditUnavailable("Full.").retry_after is None
    assert isinstance(AuditUnavailable("Full."), Unavailable)


@pytest.mark.parametrize("error", [BackendUnavailable, Untranslatable, UpstreamBroke, ConfigError])
def test_what_ends_an_attempt_or_a_start_is_no_answer(error: type[Exception]) -> None:
    """Only a GatewayError may reach a client; these have to be turned into one."""
    assert not issubclass(error, GatewayError)
    assert not issubclass(ClientError, error)


def test_a_problem_says_where_what_and_what_to_do() -> None:
    """One line that editors and terminals can open, and the remedy below it."""
    problem = Problem("unknown setting", "Did you mean `port`?", Path("gateway.yaml"), 3)
    assert str(problem) == "gateway.yaml:3: unknown setting\n    Did you mean `port`?"
    assert problem.column is None


def test_a_line_that_knows_its_column_says_it() -> None:
    """Editors jump to file, line and column; whoever asks for the line alone gets a number."""
    problem = Problem("unknown setting", "Did you mean `port`?", Path("gateway.yaml"), Line(3, 7))
    assert str(problem).startswith("gateway.yaml:3:7: unknown setting")
    assert (problem.line, problem.column) == (3, 7)
    assert str(Problem("m", "r", Path("f"))) == "f: m\n    r"
    assert str(Problem("m", "r")) == "m\n    r"
    both = ConfigError((problem, Problem("m", "r")))
    assert str(both) == f"{problem}\nm\n    r"
    assert both.problems == (problem, Problem("m", "r"))


def test_the_modules_own_drawing_names_every_error() -> None:
    """The tree at its top is what people read first."""
    drawing = errors.__doc__ or ""
    own = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert {name for name in own if name not in drawing} == set()
