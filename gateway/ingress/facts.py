"""What a chat request needs and how long it is: the Facts that policies and backend capabilities are held against.

Nothing here decides about sensitivity. Media is looked for at any depth, because the question is whether a backend can
serve the request at all, and a part that sits in an unusual place still needs eyes.
"""

from datetime import UTC, datetime
from typing import Final

from gateway.model import Facts, Inbound, Json, JsonObject
from gateway.policy.body_facts import has_system_prompt, metadata, tool_names
from gateway.policy.reads import READS_NOTHING, Reads

BYTES_PER_TOKEN: Final = 4
TOKENS_PER_MEDIA_PART: Final = 1_500
"""A picture costs a vendor some hundred to some thousand tokens, whatever its bytes are; its base64 is not text."""

_VISION: Final = frozenset({"image", "image_url", "input_image"})
_DOCUMENTS: Final = frozenset({"document", "file", "input_file"})
_AUDIO: Final = frozenset({"audio", "input_audio"})
_CONTAINERS: Final = frozenset({dict, list})
_MEDIA: Final = _VISION | _DOCUMENTS | _AUDIO


def facts(inbound: Inbound, reads: Reads = READS_NOTHING) -> Facts:
    """The facts of one chat request; ``reads``: what the policy may see of its headers and metadata."""
    body = inbound.body
    kinds: set[str] = set()
    parts, media_bytes = _find_media(body["messages"], kinds)
    text_bytes = max(0, inbound.size - media_bytes)
    return Facts(
        key_id=inbound.caller.key_id,
        wanted_model=inbound.wanted_model,
        stream=inbound.stream,
        tokens=text_bytes // BYTES_PER_TOKEN + parts * TOKENS_PER_MEDIA_PART + _answer_limit(body),
        tools=_uses_tools(body),
        vision=not kinds.isdisjoint(_VISION),
        documents=not kinds.isdisjoint(_DOCUMENTS),
        audio=not kinds.isdisjoint(_AUDIO)
        or body.get("audio") is not None
        or "audio" in (body.get("modalities") or ()),
        json_schema=(body.get("response_format") or {}).get("type") == "json_schema",
        request_id=inbound.request_id,
        team=inbound.caller.team,
        app=inbound.caller.app,
        at=datetime.now(UTC),
        tool_names=tool_names(body),
        system_prompt=has_system_prompt(body),
        headers=_headers(inbound, reads.headers),
        metadata=metadata(body, reads.metadata),
    )


def _headers(inbound: Inbound, names: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """The values of each header that was sent. A list of values in one line counts as the line and as its values."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in inbound.headers:
        if name in names:
            values = [one.strip() for one in value.split(",")] if "," in value else []
            found[name] = (*found.get(name, ()), value, *values)
    return found


def _find_media(messages: Json, kinds: set[str]) -> tuple[int, int]:
    """Number of media parts and the bytes of their payloads. What kinds they are is added to ``kinds``."""
    parts, payload = 0, 0
    waiting: list[Json] = [messages]
    while waiting:
        value = waiting.pop()
        if type(value) is list:
            waiting += [item for item in value if type(item) in _CONTAINERS]
            continue
        kind = value.get("type")
        if type(kind) is str and kind in _MEDIA:
            kinds.add(kind)
            parts += 1
            payload += _text_length(value)
            continue
        for name, item in value.items():
            if name in _MEDIA and type(item) is dict:
                kinds.add(name)
                parts += 1
                payload += _text_length(item)
            elif type(item) in _CONTAINERS:
                waiting.append(item)
    return parts, payload


def _text_length(value: Json) -> int:
    """Characters of all strings inside. Payloads are ASCII, so this is their share of the body's bytes."""
    total = 0
    waiting: list[Json] = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is str:
            total += len(item)
        elif type(item) is list:
            waiting += item
        elif type(item) is dict:
            waiting += item.values()
    return total


def _answer_limit(body: JsonObject) -> int:
    given = body.get("max_completion_tokens") or body.get("max_tokens") or 0
    return max(0, int(given))


def _uses_tools(body: JsonObject) -> bool:
    """Tools are offered, or were used earlier: a backend without tools cannot render those turns either."""
    return bool(body.get("tools") or body.get("functions")) or any(
        message["role"] in {"tool", "function"} or message.get("tool_calls") or message.get("function_call")
        for message in body["messages"]
    )
