"""Where a string stood, written so that it may be recorded: known field names, indexes, and ``*`` for everything else.

A path never carries a client's own key: keys hold data, too (law 6). The names below are those of the OpenAI chat and
Anthropic messages formats (their SDKs' types); a name that is missing here costs nothing but a ``*`` in a record.
"""

from collections.abc import Mapping
from typing import Final


def words(text: str) -> frozenset[str]:
    """The words of a table that is written as running text."""
    return frozenset(text.split())


KNOWN_NAMES: Final = words(
    """
    allowed_domains allowed_tools annotations approximate arguments audio blocked_domains budget_tokens
    cache_control caller chat_template_kwargs citations cited_text city client_tool_results container content
    context context_management conversation country custom data definition description detail diagnostics
    disable_parallel_tool_use document document_title documents download_id edits effort encrypted_content
    encrypted_index encrypted_stdout enum error error_message extra_body file file_data file_id file_url filename
    format frequency_penalty function function_call functions grammar id image image_url include_usage
    inference_geo input input_audio input_examples input_schema instructions is_error items json_schema lines
    logit_bias logprobs max_completion_tokens max_tokens mcp_servers media_type messages metadata min_p modalities
    model moderation n name output output_config page_age parallel_tool_calls parameters path prediction
    presence_penalty previous_message_id previous_response_id prompt prompt_cache_key prompt_cache_retention
    properties reasoning reasoning_content reasoning_effort refusal region repetition_penalty required
    response_format retrieved_at role safety_identifier schema seed server_tool_results service_tier signature
    skill_id skills source state_changes stderr stdout stop stop_sequences store stream stream_options strict
    summary syntax system tab_id tabs temperature text thinking timezone title tool tool_call_id tool_calls
    tool_choice tool_id tool_name tool_references tool_use_id tools toolset_name top_k top_logprobs top_p ttl type
    url url_sources user user_id user_location user_profile_id verbosity version voice web_search_options
    workspace_id
    """
)

ANYWHERE: Final = "*"
"""The path of what has no single place."""

_MAX_LENGTH: Final = 240
_MAX_INDEX: Final = 999_999


def field(parent: str, name: str) -> str:
    """Path of the value under ``name``."""
    return _step(parent, name if name in KNOWN_NAMES else ANYWHERE)


def element(parent: str, index: int) -> str:
    """Path of one element of an array."""
    return _step(parent, str(index) if index <= _MAX_INDEX else ANYWHERE)


def key(parent: str, name: str) -> str:
    """Path of the key ``name`` itself; keys end in ``#``."""
    return field(parent, name) + "#"


def is_case_variant(name: str, expected: Mapping[str, object] | frozenset[str]) -> bool:
    """``Content`` where ``content`` is expected: a lenient server may take it for the real field (evasion J2)."""
    return name not in expected and name.strip().lower() in expected


def _step(parent: str, step: str) -> str:
    if not parent:
        return step
    if len(parent) > _MAX_LENGTH:
        return parent if parent.endswith(".*") else parent + ".*"
    return f"{parent}.{step}"
