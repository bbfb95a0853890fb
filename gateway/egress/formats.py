"""What a backend's wire format has to do: write a draft, and read whatever the server answers.

A format is pure: bytes and values in, values out. It opens nothing and decides nothing; ``sender.py`` does the sending
and ``wiring.py`` holds the one table from :class:`~gateway.model.WireFormat` to a format.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Protocol

import orjson

from gateway import __version__
from gateway.errors import UpstreamRejected
from gateway.model import Backend, Chunk, Completion, Draft, Inbound, Json

USER_AGENT = f"hybrid-llm-gateway/{__version__}"
MAX_MESSAGE_CHARACTERS = 2048
"""A vendor's error message is passed on up to this length."""

_REFUSAL_MARKS = ("content_filter", "content_policy", "content_moderation", "moderation", "safety", "policy_violation")

REJECTED_MESSAGE = "The model server rejected the request and gave no reason that can be passed on."


class BackendFormat(Protocol):
    """One wire format. All a server of this format gets is written by ``draft``, so inspection sees all of it."""

    def draft(self, inbound: Inbound, backend: Backend, model: str) -> Draft:
        """The exact request for ``backend``, asking for its own ``model``. Pure: same input, same bytes.

        Raises Untranslatable when the format cannot express something the client asked for.
        """

    def read(self, draft: Draft, body: bytes) -> Completion:
        """A whole 2xx answer.

        Raises UpstreamBroke("garbage") when ``body`` is not an answer in this format, and UpstreamRejected when it is
        an error, in spite of its status, that blames the client's request.
        """

    def read_stream(self, draft: Draft, body: AsyncIterator[bytes]) -> AsyncGenerator[Chunk]:
        """The chunks of a streamed 2xx answer, as they arrive; returns after the server said that it was complete.

        Raises UpstreamBroke when the stream ends early, is cut or reports an error midway, and UpstreamRejected when
        its very first event says that the client's request is wrong. Errors of ``body`` pass through.
        """

    def read_error(self, draft: Draft, status: int, body: bytes) -> UpstreamRejected:
        """What a 4xx answer says to the client. ``body`` is untrusted, perhaps cut, and need not be JSON."""


def common_headers(*, stream: bool) -> tuple[tuple[str, str], ...]:
    """The headers that every format sends first. ``identity``: answers are relayed and must not need decompression."""
    return (
        ("content-type", "application/json"),
        ("accept", "text/event-stream" if stream else "application/json"),
        ("accept-encoding", "identity"),
        ("user-agent", USER_AGENT),
    )


def passable_message(message: object, draft: Draft) -> str:
    """A vendor's error message for the client: bounded, and never one that quotes the gateway's own key."""
    if not isinstance(message, str) or not message:
        return REJECTED_MESSAGE
    key = draft.backend.api_key
    if key is not None and key.get_secret_value() and key.get_secret_value() in message:
        return REJECTED_MESSAGE
    return message[:MAX_MESSAGE_CHARACTERS]


def error_object(body: bytes) -> Mapping[str, Json]:
    """The object that describes the error in a vendor's error body; empty where there is none.

    Understood: ``{"error": {…}}``, the same in an array (Gemini), ``{"error": "message"}`` (Ollama) and a bare object.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if isinstance(answer, list) and answer:
        answer = answer[0]
    error = answer.get("error", answer) if isinstance(answer, dict) else None
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def blames_content(body: bytes) -> bool:
    """Does a vendor's error say that it refuses the prompt's content? Then no other vendor may be asked.

    Judged by ``code`` and ``type`` (Azure, OpenAI, Bedrock's proxies), and by OpenRouter's moderation ``metadata``.
    """
    error = error_object(body)
    words = f"{error.get('code')} {error.get('type')}".lower()
    metadata = error.get("metadata")
    return any(mark in words for mark in _REFUSAL_MARKS) or (
        isinstance(metadata, dict) and ("flagged_input" in metadata or "reasons" in metadata)
    )
