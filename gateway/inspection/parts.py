"""What a request's structure says about coverage: parts nobody reads, references, tools that act, fields that redirect.

Tables, not heuristics: a type that is not listed as readable is not readable. Sources: the request types of the openai
and anthropic SDKs; OpenRouter's and LiteLLM's request extensions for the fields that redirect.
"""

from typing import Any, Final

from gateway.inspection.json_text import Pairs
from gateway.inspection.paths import words

READABLE_PARTS: Final = words(
    "text input_text output_text refusal thinking tool_use tool_result search_result summary_text"
)
"""Part types whose every text stands in the request."""

_UNREAD_PARTS: Final = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "input_audio": "audio",
    "audio": "audio",
    "audio_url": "audio",
    "file": "file",
    "input_file": "file",
    "document": "document",
    "video": "video",
    "video_url": "video",
    "redacted_thinking": "redacted_thinking",
}

_REFERENCES: Final = words(
    """
    file_id file_ids file_url previous_response_id previous_message_id conversation container skill_id skills
    vector_store_ids vector_store_id encrypted_content encrypted_index encrypted_stdout cached_content thread_id
    thread batch_id input_file_id prompt_id
    """
)
"""Field names whose value is an id, or a sealed text, that only the provider can read."""

_DELEGATIONS: Final = words(
    """
    api_base base_url api_key custom_llm_provider fallbacks context_window_fallbacks content_policy_fallbacks models
    provider providers router plugins guardrails custom_host target proxy mock_response extra_headers extra_query
    callbacks success_callback failure_callback litellm_params litellm_credential_name model_list user_config
    """
)
"""Top-level fields that routers behind the gateway are known to obey: where to send, what to leave out (evasion F4)."""

_PROVIDER_FIELDS: Final = {
    "web_search_options": "web_search",  # OpenAI; an empty object switches it on
    "search_parameters": "web_search",  # xAI
    "search_settings": "web_search",  # Groq
    "enable_search": "web_search",  # Alibaba Cloud
    "data_sources": "file_search",  # Azure: the client's own search service, by its endpoint
    "mcp_servers": "mcp",
}

_OWN_TOOLS: Final = frozenset({"function", "custom", "local_shell", "apply_patch"})
_OWN_TOOL_FAMILIES: Final = ("bash_", "text_editor_", "memory_", "computer")
"""Tool types that the client itself runs; the families are followed by a date or a version."""
_OWN_TOOL_FIELDS: Final = words(
    "function name description parameters input_schema input_examples strict cache_control defer_loading"
)
"""What a tool without a type may hold: Anthropic's own tools have none, and neither has Gemini's ``google_search``."""

_PROVIDER_TOOLS: Final = (
    "web_search",
    "web_fetch",
    "code_execution",
    "code_interpreter",
    "file_search",
    "tool_search",
    "image_generation",
    "mcp",
    "shell",
    "namespace",
)

_UNREAD_FIELDS: Final = words("image_url input_image input_audio audio_url file input_file video_url image video audio")
"""Fields by which a lenient server takes a part for what it is, whatever its type says."""

_PAYLOADS: Final = frozenset({"data", "file_data", "url", "image_url"})

_TOKEN_FIELDS: Final = frozenset({"prompt", "input", "prompt_token_ids", "token_ids", "input_ids", "tokens", "context"})


def top_level_reasons(name: str, value: Any) -> tuple[str, ...]:
    """Reasons that a field of the request itself gives; an absent value (null, empty) gives none."""
    if value is None or value is False or value == "" or (type(value) is list and not value):
        return ()
    if name == "extra_body" and isinstance(value, Pairs):  # routers merge it into the request
        return tuple(reason for inner in value for reason in top_level_reasons(*inner))
    if name == "tools" and type(value) is list:
        return tuple(reason for tool in value for reason in tool_reasons(tool))
    if name.lower() in _DELEGATIONS:
        return (f"delegation:{name.lower()}",) if value != [] else ()
    if name in _PROVIDER_FIELDS:
        return (f"provider_tool:{_PROVIDER_FIELDS[name]}",)
    return _prompt_reasons(name, value) or field_reasons(name, value)


def _prompt_reasons(name: str, value: Any) -> tuple[str, ...]:
    if name in _TOKEN_FIELDS and _holds_token_ids(value):
        return ("tokens",)
    return ("reference:prompt",) if name == "prompt" and isinstance(value, Pairs) else ()


def field_reasons(name: str, value: Any) -> tuple[str, ...]:
    """Reasons that a field gives wherever it stands outside free-form objects."""
    if name in _REFERENCES and value not in (None, "", []):
        return (f"reference:{name}",)
    return ()


def part_reasons(part: Any) -> tuple[str, ...]:
    """Reasons that one element of a ``content`` list gives. A string is text; an object must be of a readable type."""
    if type(part) is str:  # and not a number, which is kept as its text
        return ()
    if not isinstance(part, Pairs):
        return ("part:unknown",)
    kinds = [value for name, value in part if name == "type"]
    if len(kinds) != 1 or not isinstance(kinds[0], str):
        return ("part:unknown",)
    kind = kinds[0]
    if kind in READABLE_PARTS or (kind == "document" and _is_text_document(part)):
        fields = (name for name, value in part if name in _UNREAD_FIELDS and value is not None)
        return tuple(f"part:{_UNREAD_PARTS[name]}" for name in fields)
    return (f"part:{_UNREAD_PARTS.get(kind, 'unknown')}", *_fetched(part))


def tool_reasons(tool: Any) -> tuple[str, ...]:
    """Reasons that one entry of ``tools`` gives."""
    if not isinstance(tool, Pairs):
        return ("provider_tool:unknown",)
    kind = dict(tool).get("type")
    if kind is None:
        return () if all(name in _OWN_TOOL_FIELDS for name, _ in tool) else ("provider_tool:unknown",)
    if isinstance(kind, str) and (kind in _OWN_TOOLS or kind.startswith(_OWN_TOOL_FAMILIES)):
        return ()
    known = (name for name in _PROVIDER_TOOLS if isinstance(kind, str) and kind.startswith(name))
    return (f"provider_tool:{next(known, 'unknown')}",)


def is_payload(name: str) -> bool:
    """Is this the field of an unread part that holds its bytes?"""
    return name in _PAYLOADS


def _is_text_document(part: Pairs) -> bool:
    source = dict(part).get("source")
    return isinstance(source, Pairs) and dict(source).get("type") in {"text", "content"}


def _fetched(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return ("reference:url",) if value[:8].lower().startswith(("http://", "https://", "gs://", "s3://")) else ()
    if isinstance(value, Pairs):
        return tuple(reason for _, inner in value for reason in _fetched(inner))
    if isinstance(value, list):
        return tuple(reason for inner in value for reason in _fetched(inner))
    return ()


def _holds_token_ids(value: Any) -> bool:
    if not isinstance(value, list) or isinstance(value, Pairs) or not value:
        return False
    return any(
        (isinstance(item, str) and type(item) is not str) or (type(item) is list and _holds_token_ids(item))
        for item in value
    )
