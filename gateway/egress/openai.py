"""OpenAI Chat Completions and the servers that speak it: OpenAI, Gemini's compatible base, vLLM, Ollama, llama.cpp.

Writing: the client's JSON object serialised anew, with two changes: ``model`` is the server's own name, and a stream is
asked to report its usage. Nothing is removed and nothing repaired: whatever is sent was inspected.

Reading: answers and chunks are relayed byte for byte after a JSON check. The gateway reads usage and finish reasons
from them, and decides one thing that servers leave open: whether a stream was complete.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Final

import orjson

from gateway.egress.formats import blames_content, common_headers, error_object, passable_message
from gateway.egress.sse import SseDecoder
from gateway.errors import Untranslatable, UpstreamBroke, UpstreamRejected
from gateway.model import Backend, Chunk, Completion, Draft, Inbound, Json, Usage

_DONE: Final = b"[DONE]"
_OURS: Final = frozenset({401, 402, 403, 404, 408, 409, 429})
"""Error codes inside a stream that, like the status of the same number, do not blame the client."""


class OpenAIFormat:
    """``format: openai``. Stateless."""

    def draft(self, inbound: Inbound, backend: Backend, model: str) -> Draft:
        """POST to /chat/completions with the client's own fields. Raises Untranslatable on odd stream_options."""
        body = {**inbound.body, "model": model}
        if inbound.stream:
            options = body.get("stream_options")
            if options is not None and not isinstance(options, Mapping):
                raise Untranslatable("stream_options", "stream_options must be an object.")
            body["stream_options"] = {**(options or {}), "include_usage": True}
        try:
            encoded = orjson.dumps(body)
        except orjson.JSONEncodeError:
            encoded = None
        if encoded is None:
            raise Untranslatable("body", "The request holds a value that JSON cannot carry.")
        headers = common_headers(stream=inbound.stream)
        if backend.api_key is not None:
            headers = (*headers, ("authorization", f"Bearer {backend.api_key.get_secret_value()}"))
        url = backend.base_url.rstrip("/") + "/chat/completions"
        return Draft(backend=backend, url=url, headers=headers, body=encoded, model=model, stream=inbound.stream)

    def read(self, draft: Draft, body: bytes) -> Completion:
        """A whole answer, unaltered. Raises UpstreamBroke("garbage") unless it is an object with ``choices``."""
        answer = _object(body)
        if answer.get("error"):
            raise self._failure(draft, body, answer)
        choices = answer.get("choices")
        if not isinstance(choices, list):
            raise UpstreamBroke("garbage")
        first = choices[0] if choices and isinstance(choices[0], dict) else {}
        return Completion(
            body=body,
            model=_text(answer.get("model")) or draft.model,
            usage=usage(answer.get("usage")),
            finish_reason=_text(first.get("finish_reason")),
        )

    async def read_stream(self, draft: Draft, body: AsyncIterator[bytes]) -> AsyncGenerator[Chunk]:
        """Each event's payload, unaltered. Complete means: a finish reason for every choice, with or without [DONE].

        llama.cpp and Ollama have ended streams without [DONE], and middle boxes send [DONE] after a broken one: the
        finish reasons are what can be trusted. Raises as :class:`~gateway.egress.formats.BackendFormat` says.
        """
        decoder = SseDecoder()
        open_choices: dict[int, bool] = {}
        started = False
        async for piece in body:
            for event in decoder.feed(piece):
                if event.data.strip() == _DONE:
                    _require_complete(open_choices)
                    return
                payload = _object(event.data)
                if payload.get("error") or event.event == "error":
                    raise UpstreamBroke("error_event") if started else self._failure(draft, event.data, payload)
                started = True
                yield _chunk(event.data, payload, open_choices)
        if decoder.unfinished() not in {None, _DONE}:
            raise UpstreamBroke("partial_event")
        _require_complete(open_choices)

    def read_error(self, draft: Draft, status: int, body: bytes) -> UpstreamRejected:
        """The vendor's message, type, param and code where there are any, bounded; a number becomes a string."""
        error = error_object(body)
        return UpstreamRejected(
            status,
            passable_message(error.get("message") or error.get("detail"), draft),
            type_=_word(error.get("type")) or "invalid_request_error",
            code=_word(error.get("code")),
            param=_word(error.get("param")),
        )

    def _failure(self, draft: Draft, body: bytes, payload: Mapping[str, Json]) -> UpstreamBroke | UpstreamRejected:
        """An error under status 200, before any of the answer: the client's mistake, or the server's."""
        error = payload.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        if type(code) is int and 400 <= code < 500 and code not in _OURS:
            return self.read_error(draft, code, body)
        if isinstance(error, dict) and (error.get("type") == "invalid_request_error" or blames_content(body)):
            return self.read_error(draft, 400, body)
        return UpstreamBroke("error_event")


def usage(value: Json) -> Usage | None:
    """Usage as OpenAI writes it; None where a count is missing or no count."""
    if not isinstance(value, dict):
        return None
    prompt, completion = _count(value.get("prompt_tokens")), _count(value.get("completion_tokens", 0))
    if prompt is None or completion is None:
        return None
    details = value.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    return Usage(prompt=prompt, completion=completion, cached=cached or 0)


def _chunk(data: bytes, payload: Mapping[str, Json], open_choices: dict[int, bool]) -> Chunk:
    """One chunk, and in ``open_choices`` which choices still lack their finish reason."""
    choices = payload.get("choices")
    if not isinstance(choices, list):
        raise UpstreamBroke("garbage")
    reason = None
    for choice in choices:
        index = choice.get("index", 0) if isinstance(choice, dict) else None
        if type(index) is not int:
            raise UpstreamBroke("garbage")
        finished = _text(choice.get("finish_reason"))
        open_choices[index] = open_choices.get(index, True) and finished is None
        reason = finished or reason
    spent = usage(payload.get("usage"))
    # A payload is one line for the client, too: data that came on several lines would break its framing.
    line = orjson.dumps(payload) if b"\n" in data or b"\r" in data else data
    return Chunk(data=line, usage=spent, finish_reason=reason, usage_only=not choices and spent is not None)


def _require_complete(open_choices: Mapping[int, bool]) -> None:
    if not open_choices:
        raise UpstreamBroke("empty_stream")
    if any(open_choices.values()):
        raise UpstreamBroke("no_finish_reason")


def _object(data: bytes) -> dict[str, Json]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise UpstreamBroke("garbage")
    return value


def _count(value: Json) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _word(value: Json) -> str | None:
    """A short string for an error's ``type``, ``code`` or ``param``; vLLM and llama.cpp send codes as numbers."""
    if type(value) is int:
        return str(value)
    return value[:128] if isinstance(value, str) and value else None
