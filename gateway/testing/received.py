"""One request as a stand-in received it, byte for byte."""

from dataclasses import dataclass, field

import orjson

from gateway.model import Json


@dataclass(frozen=True, slots=True)
class Received:
    """What arrived. ``raw`` is the request line, headers and body exactly as they came over the wire."""

    method: str
    path: str
    """The request target as sent, query included."""
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """Names in lower case, in the order they were sent."""
    body: bytes = field(repr=False)
    """The body with any chunked framing removed."""
    raw: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        """The first header of that name, or None."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    def json(self) -> Json:
        """The body, parsed. Raises orjson.JSONDecodeError when it is no JSON."""
        return orjson.loads(self.body)
