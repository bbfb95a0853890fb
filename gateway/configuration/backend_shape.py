"""The shape of ``backends`` in gateway.yaml: one model server, what it can do, and where it is."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from gateway.configuration.forms import PATTERNS, Count, Host, Label, ModelName, Name, Part, Seconds, Variable
from gateway.egress.origin import Origin
from gateway.model import WireFormat


class CapabilitySettings(Part):
    """What a backend can do. A request that needs more goes to the next candidate."""

    context: Count | None = Field(None, description="Tokens that fit, prompt and answer together. Unset: not checked.")
    tools: bool = Field(True, description="Function calling.")
    vision: bool = Field(False, description="Image parts.")
    documents: bool = Field(False, description="PDF and other file parts.")
    audio: bool = Field(False, description="Audio parts.")
    json_schema: bool = Field(True, description="response_format json_schema.")


class TimeoutSettings(Part):
    """Seconds to wait for a backend."""

    connect: Seconds = Field(5.0, description="Until the connection stands.")
    first_byte: Seconds = Field(120.0, description="Until the answer begins; then the next candidate is tried.")
    idle: Seconds = Field(60.0, description="Between two pieces of a stream; then the client gets an error event.")


class BackendSettings(Part):
    """One model server."""

    name: Name = Field(description="Name in policies, headers, records and metrics.")
    format: WireFormat = Field(description="What it speaks: openai or anthropic.")
    base_url: str = Field(
        max_length=512,
        description="openai: what stands before /chat/completions. anthropic: what stands before /v1/messages.",
    )
    models: dict[ModelName, ModelName] = Field(
        min_length=1,
        description="Public model name to the server's own; a list where both are the same. First: default.",
    )
    clearance: Label = Field(description="Highest label that it may receive.")
    capabilities: CapabilitySettings = Field(CapabilitySettings(), description="What it can do.")
    timeouts: TimeoutSettings = Field(TimeoutSettings(), description="How long to wait for it.")
    api_key: SecretStr | None = Field(None, description="Its key. Only from GATEWAY_BACKENDS__<NAME>__API_KEY.")
    api_key_env: Variable | None = Field(None, description="Variable that holds its key, such as OPENAI_API_KEY.")
    api_key_file: Path | None = Field(None, description="File that holds its key.")
    api_version: str | None = Field(
        None, pattern=PATTERNS["date"], description="anthropic: the anthropic-version header."
    )
    max_output_tokens: Count = Field(4096, description="Where the format demands a limit and the client gave none.")
    local_hosts: tuple[Host, ...] = Field(
        (), description="Host names vouched for as inside the organisation though their address does not prove it."
    )

    @field_validator("models", mode="before")
    @classmethod
    def _same_names(cls, models: Any) -> Any:
        return {name: name for name in models} if isinstance(models, list) and all(map(_is_text, models)) else models

    @field_validator("base_url")
    @classmethod
    def _usable_url(cls, url: str) -> str:
        fault = url_fault(url)
        if fault is not None:
            raise ValueError(fault)
        return url.rstrip("/")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def url_fault(url: str) -> str | None:
    """What is wrong with a base_url; None: nothing. The answer never repeats the URL, which may hold a credential."""
    if not url.isascii() or any(ord(character) < 33 for character in url):
        return "holds white space or characters that a URL must encode"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "is not a URL"
    faults = {
        "must begin with https://, http:// or unix:///": parts.scheme not in ("http", "https", "unix"),
        "must not hold a user or password; use api_key_env or api_key_file": "@" in parts.netloc,
        "must not hold a query or fragment; a key belongs in api_key_env or api_key_file": "?" in url or "#" in url,
    }
    fault = next((fault for fault, present in faults.items() if present), None)
    return fault or _unreachable(url)


def _unreachable(url: str) -> str | None:
    """What egress says about the URL, so that whatever loads can also be sent to."""
    try:
        Origin.of(url)
    except ValueError:
        return "must be https://host[:port][/base], http://host[:port][/base] or unix:///path.sock[/base]"
    return None
