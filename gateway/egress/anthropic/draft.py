"""A Chat Completions request as a Messages request.

Every top-level field is in exactly one of four sets: translated, taken only at the value that changes nothing, left out
because it cannot change the answer, or unknown. The last is refused: carried, it would be a 400 or something that a
policy never heard of (another model in ``fallbacks``, servers in ``mcp_servers``).
"""

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.egress.anthropic.models import DEFAULT_API_VERSION, Traits, traits
from gateway.egress.anthropic.options import (
    answer_format,
    max_tokens,
    reasoning,
    sampling,
    service_tier,
    stop_sequences,
)
from gateway.egress.anthropic.parts import only, wrong
from gateway.egress.anthropic.tools import is_forced, tool_fields
from gateway.egress.anthropic.turns import turns
from gateway.egress.formats import common_headers
from gateway.errors import Untranslatable
from gateway.model import Backend, Draft, Inbound, Json, JsonObject

TRANSLATED = frozenset(
    {
        "max_completion_tokens", "max_tokens", "messages", "model", "parallel_tool_calls", "reasoning_effort",
        "response_format", "safety_identifier", "service_tier", "stop", "stream", "stream_options", "temperature",
        "thinking", "tool_choice", "tools", "top_p",
    }
)  # fmt: skip

NO_COUNTERPART: Mapping[str, tuple[Json, ...]] = {
    "audio": (),
    "frequency_penalty": (0,),
    "function_call": (),
    "functions": ([],),
    "logit_bias": ({},),
    "logprobs": (False,),
    "metadata": ({},),
    "modalities": (["text"],),
    "moderation": (),
    "n": (1,),
    "presence_penalty": (0,),
    "seed": (),
    "store": (False,),
    "top_logprobs": (0,),
    "verbosity": ("medium",),
    "web_search_options": (),
}
"""Fields without a counterpart, and the values besides null at which they change nothing."""

LEFT_OUT = frozenset({"prediction", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "user"})
"""Cannot change the answer: hints for speed, and ``user``, often a name or an address, which Anthropic asks not to be
sent. ``safety_identifier``, by its definition a hash, goes into ``metadata.user_id``."""


def draft(inbound: Inbound, backend: Backend, model: str) -> Draft:
    """The exact Messages request. Raises Untranslatable."""
    version = backend.api_version or DEFAULT_API_VERSION
    key = () if backend.api_key is None else (("x-api-key", backend.api_key.get_secret_value()),)
    body = messages_request(
        inbound.body, model, traits(model, version), limit=backend.max_output_tokens, stream=inbound.stream
    )
    encoded = _encoded(body)
    if encoded is None:
        raise Untranslatable("messages", "The request holds a value that JSON cannot carry.")
    return Draft(
        backend=backend,
        url=f"{backend.base_url.rstrip('/')}/v1/messages",
        headers=(*common_headers(stream=inbound.stream), ("anthropic-version", version), *key),
        body=encoded,
        model=model,
        stream=inbound.stream,
    )


def _encoded(body: dict[str, Any]) -> bytes | None:
    try:
        return orjson.dumps(body)
    except TypeError:
        return None


def messages_request(body: JsonObject, model: str, model_traits: Traits, *, limit: int, stream: bool) -> dict[str, Any]:
    """The Messages request as an object. ``limit``: tokens of the answer where the client names none."""
    check_fields(body)
    _check_stream_options(body.get("stream_options"))
    chat = turns(body["messages"], model_traits)
    tools = tool_fields(body, chat.called)
    tokens = max_tokens(body, limit)
    thinking, effort = reasoning(body, model_traits, tokens, forced=is_forced(tools))
    thinks = thinking is not None and thinking.get("type") in {"enabled", "adaptive"}
    output = {"effort": effort, "format": answer_format(body.get("response_format"), model_traits)}
    optional: dict[str, Any] = {
        **tools,
        **sampling(body, model_traits, thinks=thinks),
        "stop_sequences": stop_sequences(body.get("stop")) or None,
        "thinking": thinking,
        "output_config": {name: value for name, value in output.items() if value is not None} or None,
        "metadata": _metadata(body.get("safety_identifier")),
        "service_tier": service_tier(body.get("service_tier")),
        "stream": stream or None,
    }
    return {
        "model": model,
        "max_tokens": tokens,
        # Before the messages, as it was said: inspection follows a value from one text to the next.
        **({"system": chat.system} if chat.system else {}),
        "messages": chat.messages,
        **{name: value for name, value in optional.items() if value is not None},
    }


def check_fields(body: JsonObject) -> None:
    """Raise Untranslatable for a field that asks for what the API does not have, and for any unknown field."""
    for name, value in body.items():
        if value is None or name in TRANSLATED or name in LEFT_OUT:
            continue
        if name not in NO_COUNTERPART:
            raise Untranslatable("*", "The request has a top-level field that the Messages API has no counterpart for.")
        if value not in NO_COUNTERPART[name]:
            raise Untranslatable(name, f"The Messages API has no counterpart for {name}.")


def _check_stream_options(given: Json) -> None:
    # Usage is always read, and ingress sends it on where the client asked for it; obfuscation is OpenAI's own padding.
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise wrong("stream_options", "an object")
    only(given, ("include_usage", "include_obfuscation"), "stream_options")


def _metadata(given: Json) -> dict[str, str] | None:
    if given is None:
        return None
    if not isinstance(given, str):
        raise wrong("safety_identifier", "a string")
    return {"user_id": given}
