"""A whole Messages answer as a chat completion, read by the openai SDK's own types."""

from typing import Any, get_args

import orjson
import pytest
from anthropic.types import StopReason
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from gateway.egress.anthropic.answer import FINISH_REASONS, read
from gateway.errors import UpstreamBroke
from gateway.model import Completion, Usage


def message(*content: Any, stop: Any = "end_turn", **more: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-8",
        "content": list(content),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    } | more


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value, "citations": None}


def tool_use(call_id: str = "toolu_1", name: str = "weather", **given_input: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": given_input}


def completion(answer: dict[str, Any]) -> Completion:
    return read(orjson.dumps(answer), "asked-model", 1_700_000_000)


def chat(answer: dict[str, Any]) -> ChatCompletion:
    return ChatCompletion.model_validate_json(completion(answer).body, strict=True)


def broke(body: bytes) -> str:
    with pytest.raises(UpstreamBroke) as caught:
        read(body, "asked-model", 0)
    assert caught.value.__context__ is None, "a chained decoding error would hold the answer"
    return caught.value.reason


def test_text_is_the_content() -> None:
    """Several text blocks are one content; id and model are the vendor's."""
    answer = chat(message(text("Hello"), text(", you")))
    assert (answer.id, answer.model, answer.created) == ("msg_1", "claude-opus-4-8", 1_700_000_000)
    assert answer.choices[0].message.content == "Hello, you"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.tool_calls is None


def test_tool_use_is_a_tool_call_with_its_input_as_a_string() -> None:
    """Parallel calls keep their order and ids; without text the content is null."""
    answer = chat(message(tool_use("toolu_1", city="Köln"), tool_use("toolu_2"), stop="tool_use"))
    assert answer.choices[0].message.content is None
    calls = answer.choices[0].message.tool_calls or []
    assert [
        (call.id, call.type, call.function.name, call.function.arguments) for call in calls if call.type == "function"
    ] == [
        ("toolu_1", "function", "weather", '{"city":"Köln"}'),
        ("toolu_2", "function", "weather", "{}"),
    ]
    assert answer.choices[0].finish_reason == "tool_calls"


def test_numbers_in_tool_input_are_not_rounded() -> None:
    """A whole number beyond 64 bits is an id, not a measurement."""
    body = orjson.dumps(message(tool_use(n=1), stop="tool_use")).replace(
        b'"n":1', b'"n":123456789012345678901234567890'
    )
    assert "123456789012345678901234567890" in read(body, "m", 0).body.decode()


def test_thinking_is_never_content() -> None:
    """It goes to ``reasoning_content`` (BerriAI/litellm#26916), and content beside it stays (#27492)."""
    answer = completion(message({"type": "thinking", "thinking": "hm", "signature": "s"}, text("42")))
    said = orjson.loads(answer.body)["choices"][0]["message"]
    assert said == {"role": "assistant", "content": "42", "refusal": None, "reasoning_content": "hm"}


def test_signed_thinking_goes_along_with_tool_calls() -> None:
    """The API wants the blocks back unchanged with the results; unsigned ones it would refuse."""
    thinking = {"type": "thinking", "thinking": "", "signature": "EqQB"}
    redacted = {"type": "redacted_thinking", "data": "x"}
    unsigned = {"type": "thinking", "thinking": "hm", "signature": ""}
    said = orjson.loads(completion(message(thinking, redacted, unsigned, tool_use(), stop="tool_use")).body)["choices"][
        0
    ]["message"]
    assert said["thinking_blocks"] == [thinking, redacted]
    assert said["reasoning_content"] == "hm"


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "length"),
        ("something_new", "length"),
    ],
)
def test_every_stop_reason_has_a_finish_reason(stop: str, finish: str) -> None:
    """Portkey-AI/gateway#459; a reason that nobody knows yet is not an end."""
    assert chat(message(text("a"), stop=stop)).choices[0].finish_reason == finish
    assert completion(message(text("a"), stop=stop)).finish_reason == finish


def test_the_table_of_reasons_is_the_sdks() -> None:
    """A reason that a newer SDK knows fails here."""
    assert set(get_args(StopReason)) == set(FINISH_REASONS)


def test_an_answer_with_calls_says_so_whatever_the_server_says() -> None:
    """Agents act on ``tool_calls`` alone; a cut call stays cut."""
    assert chat(message(tool_use(), stop="end_turn")).choices[0].finish_reason == "tool_calls"
    assert chat(message(tool_use(), stop="max_tokens")).choices[0].finish_reason == "length"


def test_a_refusal_has_its_explanation() -> None:
    """What was written before the classifier stepped in stays."""
    details = {"type": "refusal", "category": "cyber", "explanation": "Declined."}
    answer = chat(message(text("So "), stop="refusal", stop_details=details))
    assert answer.choices[0].message.refusal == "Declined."
    assert answer.choices[0].message.content == "So "
    assert answer.choices[0].finish_reason == "content_filter"


def test_usage_counts_cached_tokens_as_prompt() -> None:
    """OpenAI's prompt includes what Anthropic counts apart (Portkey-AI/gateway PR#1754, ogx-ai/ogx#6415)."""
    usage = {
        "input_tokens": 10,
        "output_tokens": 7,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens_details": {"thinking_tokens": 3},
    }
    answer = completion(message(text("a"), usage=usage))
    assert answer.usage == Usage(prompt=130, completion=7, cached=100)
    counted = ChatCompletion.model_validate_json(answer.body).usage
    assert counted is not None
    assert (counted.prompt_tokens, counted.completion_tokens, counted.total_tokens) == (130, 7, 137)
    assert counted.prompt_tokens_details is not None
    assert (counted.prompt_tokens_details.cached_tokens, counted.prompt_tokens_details.cache_write_tokens) == (100, 20)
    assert counted.completion_tokens_details is not None
    assert counted.completion_tokens_details.reasoning_tokens == 3


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": -1, "output_tokens": True}, {"input_tokens": "9"}, [1]])
def test_usage_that_is_none_is_not_invented(usage: Any) -> None:
    """No numbers instead of zeros."""
    answer = completion(message(text("a"), usage=usage))
    assert answer.usage is None
    assert b'"usage"' not in answer.body


def test_an_empty_answer_is_an_empty_string() -> None:
    """Applications concatenate it."""
    assert chat(message()).choices[0].message.content == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"[]",
        b"{}",
        b"null",
        b"[" * 100_000,
        orjson.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        orjson.dumps({"id": "chatcmpl-1", "object": "chat.completion", "choices": []}),
        orjson.dumps(message(text("a"), stop=None)),
        orjson.dumps(message({"type": "text"})),
        orjson.dumps(message("text")),
        orjson.dumps(message({"type": "server_tool_use", "id": "x", "name": "web_search", "input": {}})),
        orjson.dumps(message({"type": "tool_use", "id": "x", "name": "f", "input": "{}"})),
        orjson.dumps(message({"type": "redacted_thinking"})),
        orjson.dumps(message(text("a"))).replace(b'"a"', b'"\\ud800"'),
        orjson.dumps(message(tool_use(n=1))).replace(b'"n":1', b'"n":1e999'),
        orjson.dumps(message(tool_use(n=1))).replace(b'"n":1', b'"n":NaN'),
    ],
    ids=range(17),
)
def test_what_is_no_message_is_garbage(body: bytes) -> None:
    """Also a block that could only be shown by leaving it out: the next candidate is asked instead."""
    assert broke(body) == "garbage"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "id", "input", "usage"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    st.binary(max_size=60)
    | json_values.map(lambda value: orjson.dumps(value, default=str) if not _huge(value) else b"")
)
def test_no_bytes_do_anything_but_answer_or_break(body: bytes) -> None:
    """Whatever a server says: a completion or UpstreamBroke, never another error."""
    try:
        read(body, "m", 0)
    except UpstreamBroke as broken:
        assert broken.reason == "garbage"  # noqa: PT017 - both ways are allowed


@given(st.lists(json_values, max_size=3), json_values, json_values)
def test_no_message_does_anything_but_answer_or_break(content: Any, stop: Any, usage: Any) -> None:
    """The same for objects that look like a message."""
    body = message(*content, stop=stop, usage=usage)
    if _huge(body):
        return
    try:
        read(orjson.dumps(body), "m", 0)
    except UpstreamBroke as broken:
        assert broken.reason == "garbage"  # noqa: PT017 - both ways are allowed


def _huge(value: Any) -> bool:
    """Whether orjson cannot write it: a whole number beyond 64 bits, or a lone surrogate."""
    try:
        orjson.dumps(value)
    except TypeError:
        return True
    return False
