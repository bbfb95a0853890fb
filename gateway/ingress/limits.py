"""How much one client may ask of the gateway before anything is known about it. Every limit is cumulative."""

from dataclasses import dataclass, fields

DEEPEST_SUPPORTED = 200
"""A draft is serialised by orjson, which stops at 254 levels; the rest is room for what a translation wraps around."""


@dataclass(frozen=True, slots=True)
class IngressLimits:
    """Limits of one request and of all requests in flight. ValueError where one is not positive or cannot be kept."""

    body_bytes: int = 20 * 1024 * 1024
    body_seconds: float = 60.0
    """From the end of the headers to the last byte of the body."""
    json_depth: int = 64
    json_nodes: int = 100_000
    """Values in the body, containers included; keys are not counted."""
    concurrent: int = 512
    """Requests in flight at one endpoint; one more is told to come back in a second."""

    def __post_init__(self) -> None:
        for limit in fields(self):
            if getattr(self, limit.name) <= 0:
                raise ValueError(f"{limit.name} must be greater than zero")
        if self.json_depth > DEEPEST_SUPPORTED:
            raise ValueError(f"json_depth must be at most {DEEPEST_SUPPORTED}")
