"""Messages become a system prompt and turns that the Messages API takes."""

from typing import Any

import pytest

from gateway.egress.anthropic.models import traits
from gateway.egress.anthropic.tools import ToolIds
from gateway.egress.anthropic.turns import Turns, turns
from gateway.errors import Untranslatable

OLD = traits("claude-sonnet-4-5", "2023-06-01")
NEW = traits("claude-opus-5", "2023-06-01")


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def say(role: str, content: Any = "hi", **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def call(call_id: str, arguments: Any = "{}", name: str = "weather") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def shape(chat: Turns) -> list[tuple[str, list[str]]]:
    """Each message as its role and what its blocks say."""
    return [(each["role"], [block.get("text") or block["type"] for block in each["content"]]) for each in chat.messages]


def refused(messages: list[Any], model: Any = OLD) -> Untranslatable:
    with pytest.raises(Untranslatable) as caught:
        turns(messages, model)
    return caught.value


# System text


def test_leading_system_and_developer_messages_are_the_system_prompt() -> None:
    """Both roles, in order, as blocks of ``system``."""
    chat = turns([say("system", "a"), say("developer", [text("b")]), say("user", "q")], OLD)
    assert chat.system == [text("a"), text("b")]
    assert shape(chat) == [("user", ["q"])]


def test_a_late_system_message_stands_behind_its_user_turn_where_the_model_takes_that() -> None:
    """Claude Code and agents send them mid-conversation (anthropics/claude-code#77698, maximhq/bifrost#3945)."""
    chat = turns([say("user", "q1"), say("assistant", "a1"), say("user", "q2"), say("system", "be brief")], NEW)
    assert shape(chat)[-2:] == [("user", ["q2"]), ("system", ["be brief"])]


def test_a_system_message_ahead_of_a_user_message_moves_behind_it() -> None:
    """The API takes none directly after an assistant turn; the turn it belongs to stays the same."""
    chat = turns([say("user", "q1"), say("assistant", "a1"), say("system", "be brief"), say("user", "q2")], NEW)
    assert shape(chat) == [("user", ["q1"]), ("assistant", ["a1"]), ("user", ["q2"]), ("system", ["be brief"])]


def test_system_messages_in_a_row_are_one() -> None:
    """Two system messages in a row are refused by the API."""
    chat = turns([say("user", "q"), say("system", "a"), say("developer", "b"), say("user", "more")], NEW)
    assert shape(chat) == [("user", ["q", "more"]), ("system", ["a", "b"])]


def test_a_late_system_message_keeps_its_authority_on_older_models() -> None:
    """It moves to the end of the system prompt, in order: not lost, not demoted to the user's words.

    BerriAI/litellm#37351, langchain-ai/langchainjs#11472: a 400 there.
    """
    chat = turns(
        [say("system", "a"), say("user", "q1"), say("assistant", "a1"), say("system", "b"), say("user", "q2")], OLD
    )
    assert chat.system == [text("a"), text("b")]
    assert shape(chat) == [("user", ["q1"]), ("assistant", ["a1"]), ("user", ["q2"])]


@pytest.mark.parametrize("model", [OLD, NEW])
def test_system_text_between_two_assistant_messages_is_kept(model: Any) -> None:
    """There is no user turn to stand behind, so it becomes part of the system prompt."""
    chat = turns(
        [say("user", "q"), say("assistant", "a"), say("system", "s"), say("assistant", "b"), say("user", "r")], model
    )
    assert chat.system == [text("s")]
    assert shape(chat) == [("user", ["q"]), ("assistant", ["a", "b"]), ("user", ["r"])]


@pytest.mark.parametrize("model", [OLD, NEW])
def test_a_request_of_system_text_alone_still_asks_something(model: Any) -> None:
    """The last system message is what has to be answered; the API wants a user turn."""
    chat = turns([say("system", "You are a poet."), say("system", "Write a haiku.")], model)
    assert chat.system == [text("You are a poet.")]
    assert shape(chat) == [("user", ["Write a haiku."])]


@pytest.mark.parametrize("model", [OLD, NEW])
def test_system_text_after_the_last_answer_is_what_has_to_be_answered(model: Any) -> None:
    """Moved to the top it would leave an assistant message last, which the API would go on writing."""
    chat = turns([say("user", "q"), say("assistant", "a"), say("system", "Now summarise.")], model)
    assert shape(chat)[-1] == ("user", ["Now summarise."])


# Turns


def test_neighbours_of_one_role_are_one_turn() -> None:
    """User and assistant turns alternate."""
    chat = turns(
        [say("user", "a"), say("user", "b"), say("assistant", "c"), say("assistant", "d"), say("user", "e")], OLD
    )
    assert shape(chat) == [("user", ["a", "b"]), ("assistant", ["c", "d"]), ("user", ["e"])]


def test_results_of_parallel_calls_are_one_user_message_with_the_results_first() -> None:
    """Several, or text ahead, are a 400 (Portkey-AI/gateway#980, mlflow/mlflow#24296, mozilla-ai/any-llm#673)."""
    chat = turns(
        [
            say("user", "compare"),
            say("assistant", None, tool_calls=[call("c1"), call("c2")]),
            say("tool", "1", tool_call_id="c1"),
            say("user", "and hurry"),
            say("tool", "2", tool_call_id="c2"),
        ],
        OLD,
    )
    assert [each["role"] for each in chat.messages] == ["user", "assistant", "user"]
    assert chat.messages[-1]["content"] == [
        {"type": "tool_result", "tool_use_id": "c1", "content": "1"},
        {"type": "tool_result", "tool_use_id": "c2", "content": "2"},
        text("and hurry"),
    ]


def test_an_empty_tool_result_is_a_result_without_content() -> None:
    """A tool that returned nothing still answered."""
    chat = turns([say("user"), say("assistant", "", tool_calls=[call("c1")]), say("tool", "", tool_call_id="c1")], OLD)
    assert chat.messages[-1]["content"] == [{"type": "tool_result", "tool_use_id": "c1"}]


def test_empty_messages_in_history_disappear() -> None:
    """An answer without text says nothing, and the API refuses empty content."""
    chat = turns([say("user", "a"), say("assistant", None), say("user", "b")], OLD)
    assert shape(chat) == [("user", ["a", "b"])]


def test_an_empty_last_message_is_refused_rather_than_turned_into_a_prefill() -> None:
    """Without it the model would go on writing the assistant's message, which nobody asked for."""
    assert refused([say("user", "a"), say("assistant", "b"), say("user", "")]).param == "messages"


def test_no_text_at_all_is_refused() -> None:
    """There is nothing to send."""
    assert refused([say("user", "")]).param == "messages"
    assert refused([]).param == "messages"


def test_a_conversation_that_the_assistant_begins_is_refused() -> None:
    """The API's first turn is the user's; an invented one would change the prompt."""
    assert refused([say("assistant", "Welcome!"), say("user", "hi")]).param == "messages"


@pytest.mark.parametrize("role", ["function", "tool_result", "", None, 3, ["user"]])
def test_an_unknown_role_is_refused(role: Any) -> None:
    """Also the old ``function`` role, which has no id to answer."""
    assert refused([say("user"), {"role": role, "content": "x"}]).param == "messages.1.role"


def test_a_message_that_is_no_object_is_refused() -> None:
    """With its place."""
    assert refused([say("user"), "hello"]).param == "messages.1"


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (say("user", {"text": "x"}), "messages.0.content"),
        (say("user", 3), "messages.0.content"),
        (say("user", name=3), "messages.0.name"),
        (say("user", weight=1), "messages.0.*"),
    ],
)
def test_fields_of_the_wrong_type_are_refused(message: Any, param: str) -> None:
    """Ingress refuses them, too; a translation that is called without it does not guess."""
    assert refused([message]).param == param


def test_an_empty_system_message_says_nothing() -> None:
    """It is neither a block nor a turn."""
    chat = turns([say("system", ""), say("user", "q"), say("system", " ")], NEW)
    assert chat.system == []
    assert shape(chat) == [("user", ["q"])]


def test_an_empty_name_is_none() -> None:
    """Some clients always send the field."""
    assert shape(turns([say("user", "q", name="")], OLD)) == [("user", ["q"])]


# Tool calls in history


@pytest.mark.parametrize("empty", ["", "  ", "{}", None])
def test_no_arguments_are_an_empty_object(empty: Any) -> None:
    """Models send ``""`` for a tool without parameters; ``input`` has to be an object."""
    chat = turns(
        [say("user"), say("assistant", "", tool_calls=[call("c1", empty)]), say("tool", "1", tool_call_id="c1")], OLD
    )
    assert chat.messages[1]["content"] == [{"type": "tool_use", "id": "c1", "name": "weather", "input": {}}]


def test_arguments_become_an_object_and_stand_after_the_text() -> None:
    """The string is parsed, so inspection sees its keys and values as they are sent."""
    chat = turns(
        [say("user"), say("assistant", "Looking.", tool_calls=[call("c1", '{"city": "Köln", "n": [1, 2.5, null]}')]),
         say("tool", "1", tool_call_id="c1")],
        OLD,
    )  # fmt: skip
    assert chat.messages[1]["content"] == [
        text("Looking."),
        {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Köln", "n": [1, 2.5, None]}},
    ]
    assert chat.called == ("weather",)


@pytest.mark.parametrize(
    "arguments",
    [
        '{"a": 1',
        "[1]",
        '"text"',
        "7",
        "null",
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": 18446744073709551616}',
        '{"a": "\\ud800"}',
        "[" * 100_000,
        7,
        {"a": 1},
    ],
    ids=range(13),
)
def test_arguments_that_cannot_be_an_object_without_loss_are_refused(arguments: Any) -> None:
    """Broken JSON, duplicate keys, numbers that would be rounded: refused with the place, and the text nowhere."""
    error = refused([say("user"), say("assistant", "", tool_calls=[call("c1", arguments)])])
    assert error.param == "messages.1.tool_calls.0.function.arguments"
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(
    "wrong_call",
    [
        {"id": "c1", "type": "custom", "custom": {"name": "sql", "input": "select 1"}},
        {"id": "c1", "type": "function"},
        {"id": 4, "type": "function", "function": {"name": "f", "arguments": ""}},
        {"id": "c1", "type": "function", "function": {"arguments": ""}},
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "", "note": "x"}},
    ],
)
def test_calls_of_another_form_are_refused(wrong_call: Any) -> None:
    """A custom tool's free text has no counterpart."""
    assert refused([say("user"), say("assistant", "", tool_calls=[wrong_call])]).param.startswith(
        "messages.1.tool_calls.0"
    )


def test_ids_that_the_api_refuses_are_replaced_the_same_way_on_both_sides() -> None:
    """History from another vendor's answers: ``functions.f:0`` is a 400 at Anthropic (maximhq/bifrost#5097)."""
    odd = "functions.weather:0"
    chat = turns([say("user"), say("assistant", "", tool_calls=[call(odd)]), say("tool", "1", tool_call_id=odd)], OLD)
    used, answered = chat.messages[1]["content"][0]["id"], chat.messages[2]["content"][0]["tool_use_id"]
    assert used == answered
    assert used.replace("_", "").isalnum()


def test_a_replaced_id_tells_nothing_of_the_one_it_stands_for() -> None:
    """Not even a digest, from which a card number could be guessed: inspection reads what is sent, not what it was."""
    ids = ToolIds()
    first = ids("4111 1111 1111 1111", "")
    assert first == ToolIds()("5500 0000 0000 0004", "")
    assert ids("functions.weather:1", "") != first == ids("4111 1111 1111 1111", "")
    assert ids("toolu_01-a", "") == "toolu_01-a"


# What else messages carry


def test_signed_thinking_goes_back_unchanged_and_first() -> None:
    """``thinking_blocks`` of an earlier answer are replayed as they came; unsigned reasoning has no way back."""
    blocks = [
        {"index": 0, "type": "thinking", "thinking": "hm", "signature": "EqQB"},
        {"type": "redacted_thinking", "data": "x"},
    ]
    chat = turns(
        [say("user"), say("assistant", "a", reasoning_content="hm", thinking_blocks=blocks, tool_calls=[call("c1")]),
         say("tool", "1", tool_call_id="c1")],
        OLD,
    )  # fmt: skip
    assert chat.messages[1]["content"][:2] == [
        {"type": "thinking", "thinking": "hm", "signature": "EqQB"},
        {"type": "redacted_thinking", "data": "x"},
    ]
    assert "reasoning_content" not in str(chat.messages)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "x"},
        {"type": "redacted_thinking", "data": 1},
        "x",
    ],
)
def test_thinking_of_another_form_is_refused(block: Any) -> None:
    """A changed block is a 400 at the vendor."""
    assert refused([say("user"), say("assistant", "a", thinking_blocks=[block])]).param.startswith(
        "messages.1.thinking_blocks"
    )


def test_a_refusal_field_in_history_is_kept_as_text() -> None:
    """OpenAI writes a refusal beside ``content``."""
    assert shape(turns([say("user", "a"), say("assistant", None, refusal="No."), say("user", "b")], OLD))[1] == (
        "assistant",
        ["No."],
    )


def test_the_names_of_participants_become_text() -> None:
    """The API has no field for ``name``; without it nobody could tell the speakers apart."""
    chat = turns([say("user", "hi", name="alice"), say("user", "ho", name="bob")], OLD)
    assert shape(chat) == [("user", ["[name: alice]", "hi", "[name: bob]", "ho"])]


def test_the_name_of_an_assistant_is_refused_and_that_of_a_tool_is_redundant() -> None:
    """Text in front of an answer would be imitated; a tool's result has its id."""
    assert refused([say("user"), say("assistant", "a", name="planner"), say("user")]).param == "messages.1.name"
    chat = turns(
        [
            say("user"),
            say("assistant", "", tool_calls=[call("c1")]),
            say("tool", "1", tool_call_id="c1", name="weather"),
        ],
        OLD,
    )
    assert "name" not in chat.messages[-1]["content"][0]


@pytest.mark.parametrize("field", ["audio", "function_call", "parsed", "custom"])
def test_fields_of_an_assistant_message_without_counterpart_are_refused_unless_null(field: str) -> None:
    """SDKs send back whole messages with nulls in them; anything more would be lost."""
    assert refused([say("user"), say("assistant", "a", **{field: {"id": "x"}}), say("user")]).param == "messages.1.*"
    assert (
        len(turns([say("user"), say("assistant", "a", **{field: None}, annotations=[]), say("user")], OLD).messages)
        == 3
    )


def test_a_cache_marker_on_a_message_is_on_its_last_block() -> None:
    """Clients put it on the message as often as on a part."""
    marker = {"type": "ephemeral"}
    chat = turns(
        [say("system", "long", cache_control=marker), say("user", [text("a"), text("b")], cache_control=marker),
         say("assistant", "", tool_calls=[call("c1")]), say("tool", "1", tool_call_id="c1", cache_control=marker)],
        OLD,
    )  # fmt: skip
    assert chat.system == [text("long") | {"cache_control": marker}]
    assert chat.messages[0]["content"] == [text("a"), text("b") | {"cache_control": marker}]
    assert chat.messages[2]["content"][0]["cache_control"] == marker


# Prefill


def test_a_final_assistant_message_is_a_prefill_where_the_model_takes_one() -> None:
    """Up to 4.5 the model goes on writing it."""
    assert shape(turns([say("user", "q"), say("assistant", "The best answer is (")], OLD))[-1][0] == "assistant"


def test_a_prefill_is_refused_where_it_would_be_a_400() -> None:
    """Models from 4.6 on take none, and none may end in white space."""
    assert refused([say("user", "q"), say("assistant", "The")], NEW).param == "messages"
    assert refused([say("user", "q"), say("assistant", "The ")], OLD).param == "messages"
