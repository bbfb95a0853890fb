"""The two sides of ``gateway demo``: recording stand-ins, or what this machine really has."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from gateway.egress.discover import discover
from gateway.testing import RecordingServer

VENDORS: Final[Mapping[str, Mapping[str, Any]]] = {
    "OPENAI_API_KEY": {
        "name": "openai",
        "format": "openai",
        "base_url": "https://api.openai.com/v1",
        "models": ["gpt-5-mini"],
    },
    "ANTHROPIC_API_KEY": {
        "name": "anthropic",
        "format": "anthropic",
        "base_url": "https://api.anthropic.com",
        "models": ["claude-haiku-4-5"],
    },
    "GEMINI_API_KEY": {
        "name": "gemini",
        "format": "openai",
        "base_url": "https://generativelanguage.googleapis.com/v1beta/openai",
        "models": ["gemini-2.5-flash"],
    },
}
"""What ``--live`` uses, by the variable that holds its key: the first that is set."""
_ALL: Final = {"vision": True, "documents": True, "audio": True}


@dataclass(frozen=True, slots=True)
class Sides:
    """Where the demo's gateway sends to. ``external`` is None when a real vendor is on that side: it cannot be read."""

    local: Mapping[str, Any] = field(repr=False)
    outside: Mapping[str, Any] = field(repr=False)
    external: RecordingServer | None
    about: tuple[str, str]
    """What each side is, for a person: local, external."""

    def write(self, folder: Path, port: int) -> Path:
        """Write the demo's gateway.yaml, which is like one that a user would write."""
        file = folder / "gateway.yaml"
        settings = {
            "server": {"host": "127.0.0.1", "port": port},
            "keys": {"allow_anonymous": True},
            "audit": {"path": "audit.sqlite3"},
            "backends": [dict(self.outside), dict(self.local)],
        }
        file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        return file


def choose(stack: ExitStack, vendor: str | None) -> Sides:
    """Start what has to be started; it stops with ``stack``. ``vendor`` names the variable of a real vendor's key."""
    found = asyncio.run(discover())
    if found:
        server = found[0]
        local: dict[str, Any] = {
            "name": server.name,
            "format": "openai",
            "base_url": server.base_url,
            "models": list(server.models[:4]),
        }
        about_local = f"{server.name} on this machine ({server.models[0]})"
    else:
        stand_in = stack.enter_context(RecordingServer("local", strict=False, models=("qwen3",)))
        local = {"name": "qwen-stand-in", "format": "openai", "base_url": stand_in.openai_base_url, "models": ["qwen3"]}
        about_local = (
            f"a recording stand-in at {stand_in.openai_base_url} (no Ollama, vLLM or llama-server answers here)"
        )
    local |= {"clearance": "restricted", "capabilities": dict(_ALL)}
    if vendor is not None:
        live: dict[str, Any] = {**VENDORS[vendor], "api_key_env": vendor, "clearance": "internal"}
        return Sides(local, live, None, (about_local, f"{live['name']}, the real one"))
    external = stack.enter_context(RecordingServer("external", models=("gpt-5",)))
    # The stand-in is on loopback like everything here; its clearance, not its address, makes it the external side.
    outside: dict[str, Any] = {
        "name": "gpt-stand-in",
        "format": "openai",
        "base_url": external.openai_base_url,
        "models": ["gpt-5"],
    }
    outside |= {"clearance": "internal", "capabilities": dict(_ALL)}
    return Sides(local, outside, external, (about_local, f"a recording stand-in at {external.openai_base_url}"))
