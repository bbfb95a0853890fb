"""Requests as unmodified client libraries wrote them, replayed: all are answered.

``recorded/*.json`` holds headers and bodies of openai-python, openai-node, the AI SDK, LangChain, instructor,
pydantic-ai and ``llm``. They ask for the model ``m``, which is an alias of ``auto`` here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from support.gateway_process import EXTERNAL, LOCAL, RunningGateway

RECORDED = [
    pytest.param(one["headers"], one["body"], id=f"{file.stem}-{number}")
    for file in sorted((Path(__file__).parent / "recorded").glob("*.json"))
    for number, one in enumerate(orjson.loads(file.read_bytes()))
]


def unreadable(body: Mapping[str, Any]) -> bool:
    """Whether some part is an image, a file or sound."""
    contents = [message.get("content") for message in body["messages"]]
    return any(part["type"] != "text" for content in contents if isinstance(content, list) for part in content)


def expected(body: Mapping[str, Any], running: RunningGateway) -> str:
    """Who answers. Inside: what nobody can read, and what the vendor's format cannot say."""
    unsayable = bool({"metadata", "x_custom"} & body.keys())
    unsayable = unsayable or (body.get("response_format") or {}).get("type") == "json_object"
    return LOCAL if unreadable(body) or (unsayable and running.external_model != "gpt-5") else EXTERNAL


@pytest.mark.parametrize(("headers", "body"), RECORDED)
def test_a_recorded_request_is_answered(
    running: RunningGateway, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], body: dict[str, Any]
) -> None:
    """200 from the side that may see it, in the shape that the client's library reads."""
    monkeypatch.setattr(running.external, "strict", "x_custom" not in body)  # some vendors take unknown fields
    answer = running.post(body, headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-gateway-backend"] == expected(body, running)
    if body.get("stream"):
        *events, done = answer.text.rstrip("\n").split("\n\n")
        assert done == "data: [DONE]"
        chunks = [ChatCompletionChunk.model_validate_json(event.removeprefix("data: ")) for event in events]
        wants_usage = (body.get("stream_options") or {}).get("include_usage", False)
        assert (chunks[-1].usage is not None) is wants_usage
    else:
        message = ChatCompletion.model_validate_json(answer.content).choices[0].message
        assert message.content or message.tool_calls


@pytest.mark.parametrize(("headers", "body"), RECORDED)
def test_no_header_of_the_client_reaches_a_side(
    running: RunningGateway, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], body: dict[str, Any]
) -> None:
    """What libraries tell about machine, runtime and language stays here (evasion F2)."""
    monkeypatch.setattr(running.external, "strict", "x_custom" not in body)
    running.post(body, headers)
    for side in (running.external, running.local):
        assert not side.saw("x-stainless")
        assert not side.saw("accept-language")
        assert not side.saw(headers["user-agent"])
