"""What the contract tests say and ask: prompts, tools, parts. Every number, name and key is made up."""

import base64
from typing import Any, Final

GENERAL: Final = "Why is the sky blue?"
CARD: Final = "4111 1111 1111 1111"
SENSITIVE: Final = f"Please refund the card {CARD}, it was charged twice."
PRIVATE_KEY: Final = (
    "Convert this key: -----BEGIN RSA PRIVATE KEY-----\n"
    "VGhpcyBpcyBub3QgYSByZWFsIGtleSwganVzdCBhIHByb2JlIG9mIHRoZSBk\n-----END RSA PRIVATE KEY-----"
)

PNG: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF: Final = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.4\n%EOF\n").decode()

IMAGE_PART: Final[dict[str, Any]] = {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}
PDF_PART: Final[dict[str, Any]] = {"type": "file", "file": {"filename": "notes.pdf", "file_data": PDF}}
AUDIO_PART: Final[dict[str, Any]] = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}


def user(content: Any) -> dict[str, Any]:
    """A user message."""
    return {"role": "user", "content": content}


def text(words: str) -> dict[str, Any]:
    """A text part."""
    return {"type": "text", "text": words}


def tool(name: str, parameter: str = "city", **more: Any) -> dict[str, Any]:
    """A function with one required string parameter."""
    parameters = {"type": "object", "properties": {parameter: {"type": "string", **more}}, "required": [parameter]}
    return {
        "type": "function",
        "function": {"name": name, "description": f"{name} of a place", "parameters": parameters},
    }


WEATHER: Final = tool("get_weather")
CLOCK: Final = tool("get_time")
ASK_BOTH: Final = "Use get_weather and get_time for Paris."


def call(id_: str, name: str, arguments: str = '{"city": "Paris"}') -> dict[str, Any]:
    """One tool call of an assistant message."""
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def called(*calls: dict[str, Any], content: str | None = None) -> dict[str, Any]:
    """An assistant message that calls tools."""
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


def result(id_: str, content: Any) -> dict[str, Any]:
    """What a tool answered."""
    return {"role": "tool", "tool_call_id": id_, "content": content}


TOOL_HISTORY: Final[list[dict[str, Any]]] = [
    user("Compare the two."),
    called(call("call_a", "get_weather"), call("call_b", "get_time")),
    result("call_a", "sunny"),
    result("call_b", [text("noon")]),
]
