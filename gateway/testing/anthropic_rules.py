"""What the Messages API refuses: by the SDK's types where the SDK is installed, and by rules its types cannot say."""

from collections.abc import Iterator

from gateway.model import Json, JsonObject
from gateway.testing.vendor_types import problem, unknown_fields

_LATEST = "2026-10-21"
_VERSIONS = frozenset({"2023-06-01", _LATEST})
_SAMPLING = ("temperature", "top_p", "top_k")
"""Gone from the SDK's types with the version of October 2026; taken under the older one, refused under the newer."""


def judge(body: JsonObject, version: str | None, *, strict: bool) -> str | None:
    """The message of the 400 that the API would answer, or None. ``version`` is the anthropic-version header."""
    if version is None:
        return "anthropic-version: header is required"
    if strict and version not in _VERSIONS:
        return "anthropic-version: is not a valid version"
    rest = {name: value for name, value in body.items() if name not in _SAMPLING}
    if (wrong := _judge_types(rest, strict=strict)) is not None:
        return wrong
    return next(_broken_rules(body, version), None) if strict else None


def _judge_types(body: JsonObject, *, strict: bool) -> str | None:
    try:
        from anthropic.types.message_create_params import (  # noqa: PLC0415 - a test dependency; the demo runs without it
            MessageCreateParamsNonStreaming,
            MessageCreateParamsStreaming,
        )
    except ModuleNotFoundError:
        missing = [name for name in ("model", "max_tokens", "messages") if name not in body]
        return f"{missing[0]}: Field required" if missing else None
    kind = MessageCreateParamsStreaming if body.get("stream") else MessageCreateParamsNonStreaming
    if (found := problem(body, kind)) is not None:
        return f"{found[0]}: {found[1]}"
    unknown = unknown_fields(body, kind) if strict else ()
    return f"{unknown[0]}: Extra inputs are not permitted" if unknown else None


def _broken_rules(body: JsonObject, version: str) -> Iterator[str]:
    for name in _SAMPLING:
        if (value := body.get(name)) is None:
            continue
        if version == _LATEST:
            yield f"{name}: is not supported by this API version"
        elif not isinstance(value, int | float) or not 0 <= value <= (1 if name != "top_k" else float("inf")):
            yield f"{name}: range: 0..1"
    if body["max_tokens"] < 1:
        yield "max_tokens: must be greater than or equal to 1"
    if any(not stop.strip() for stop in body.get("stop_sequences") or ()):
        yield "stop_sequences: each stop sequence must contain non-whitespace"
    thinking, choice = body.get("thinking") or {}, body.get("tool_choice") or {}
    if thinking.get("type") in {"enabled", "adaptive"} and choice.get("type") in {"any", "tool"}:
        yield "Thinking may not be enabled when tool_choice forces tool use."
    if thinking.get("type") == "enabled" and not 1024 <= thinking.get("budget_tokens", 0) < body["max_tokens"]:
        yield "thinking.budget_tokens: must be at least 1024 and less than max_tokens"
    if choice and not body.get("tools") and choice.get("type") != "none":
        yield "tool_choice: may only be specified while providing tools"
    yield from _broken_order(body["messages"], version)


def _broken_order(messages: list[JsonObject], version: str) -> Iterator[str]:
    """Turns, and tool results that answer exactly the calls of the turn before them, ahead of any text."""
    if not messages:
        yield "messages: at least one message is required"
    elif messages[0]["role"] != "user":
        yield 'messages: first message must use the "user" role'
    open_calls: set[str] = set()
    before = ""
    for number, message in enumerate(messages):
        blocks = _blocks(message["content"])
        at, kinds = f"messages.{number}", [block["type"] for block in blocks]
        if message["role"] == "system" and before != "user":
            yield f"{at}: a system message must follow a user message"
        if any(block["type"] == "text" and not block["text"].strip() for block in blocks):
            yield f"{at}: text content blocks must contain non-whitespace text"
        if message["role"] == "assistant" and version == _LATEST and "document" in kinds:
            yield f"{at}: document blocks are not supported in assistant messages"
        results = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        if results - open_calls:
            yield f"{at}: unexpected tool_use_id found in tool_result blocks"
        if open_calls - results:
            yield f"{at}: tool_use ids were found without tool_result blocks immediately after"
        if kinds != sorted(kinds, key=lambda kind: kind != "tool_result") and results:
            yield f"{at}: tool_result blocks must come first"
        if not blocks and number < len(messages) - 1:
            yield f"{at}: all messages must have non-empty content except for the optional final assistant message"
        open_calls = {block["id"] for block in blocks if block["type"] == "tool_use"}
        before = message["role"]


def _blocks(content: Json) -> list[JsonObject]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content)
