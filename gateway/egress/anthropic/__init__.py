"""The Anthropic Messages API as a backend format.

``draft.py`` writes a request, with ``turns``, ``parts``, ``tools``, ``options``, and ``models`` for what a model takes;
``answer.py``, ``stream.py`` and ``errors.py`` read what comes back.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from gateway.egress.anthropic import answer, draft, errors, stream
from gateway.errors import UpstreamRejected
from gateway.model import Backend, Chunk, Completion, Draft, Inbound

__all__ = ["AnthropicFormat"]


class AnthropicFormat:
    """A :class:`~gateway.egress.formats.BackendFormat`. ``clock``: seconds since 1970, for ``created``."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def draft(self, inbound: Inbound, backend: Backend, model: str) -> Draft:
        """The exact Messages request for ``backend``. Raises Untranslatable."""
        return draft.draft(inbound, backend, model)

    def read(self, draft: Draft, body: bytes) -> Completion:
        """A whole answer as a ``chat.completion``. Raises UpstreamBroke("garbage")."""
        return answer.read(body, draft.model, int(self._clock()))

    def read_stream(self, draft: Draft, body: AsyncIterator[bytes]) -> AsyncGenerator[Chunk]:
        """An event stream as chunks. Raises UpstreamBroke, and UpstreamRejected on its first event."""
        return stream.read_stream(draft, body, int(self._clock()))

    def read_error(self, draft: Draft, status: int, body: bytes) -> UpstreamRejected:
        """A 4xx answer as the client's error."""
        return errors.read_error(draft, status, body)
