"""Records to write in tests."""

from typing import Any

from gateway.audit.record import UNLISTED, CompletionRecord, Considered, DecisionRecord, Ending, Outcome
from gateway.model import Usage

SENT: dict[str, Any] = {
    "time": "2026-11-23T21:22:05.012345Z",
    "request_id": "req_1",
    "attempt": 0,
    "key_id": "team-a",
    "endpoint": "/v1/chat/completions",
    "wanted_model": UNLISTED,
    "outcome": Outcome.SENT_LOCAL,
    "backend": "qwen-local",
    "host": "127.0.0.1:8000",
    "model": "Qwen/Qwen3-32B",
    "label": "restricted",
    "rules": ("identifiers",),
    "revision": "0123456789ab",
    "findings": {"CREDIT_CARD": 2},
    "places": {"messages.0.content": 2},
    "coverage": ("part:image",),
    "considered": (Considered("gpt", "not_cleared"), Considered("qwen-local", "cleared")),
    "body_bytes": 120,
    "body_fingerprint": "0" * 64,
    "detectors": (("presidio.credit_card", "2.2.366"),),
    "stream": False,
    "inspection_ms": 1.5,
}


def decision(number: int = 1, **changes: Any) -> DecisionRecord:
    """A decision record; ``number`` makes its request id."""
    return DecisionRecord(**(SENT | {"request_id": f"req_{number}"} | changes))


def completion(number: int = 1, **changes: Any) -> CompletionRecord:
    """A completion record for the decision of the same number."""
    values: dict[str, Any] = {
        "time": "2026-11-23T21:22:06.012345Z",
        "request_id": f"req_{number}",
        "status": 200,
        "outcome": Ending.COMPLETED,
        "finish_reason": "stop",
        "usage": Usage(10, 5, 2),
        "first_byte_ms": 12.5,
        "total_ms": 30.0,
    }
    return CompletionRecord(**(values | changes))
