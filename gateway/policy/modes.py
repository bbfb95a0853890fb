"""For how many requests a rule is enforced: all, none (it is only watched), or a share of them.

A canary draws by the request's own id, which the gateway makes at random, and by the rule's id. So a client can choose
nothing, all attempts of one request see the same draw, two canaries draw apart, a larger share holds all of a smaller
one, and whoever has a record can draw again. A request without an id is never spared: the rule is enforced.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

_KEY: Final = 64
"""Bytes of a blake2b key at most; ids of rules are no longer."""


@dataclass(frozen=True, slots=True)
class Mode:
    """``share`` of requests, from 0 (shadow) to 1 (enforce), for which the rule is enforced."""

    share: float = 1.0

    @property
    def always(self) -> bool:
        """Is the rule enforced for every request?"""
        return self.share >= 1

    def enforces(self, rule: str, request_id: str) -> bool:
        """Is ``rule`` enforced for this request? An empty id is one that cannot be drawn: it is."""
        if self.share >= 1 or (self.share > 0 and not request_id):
            return True
        if self.share <= 0:
            return False
        digest = hashlib.blake2b(request_id.encode(), key=rule.encode()[:_KEY], digest_size=8).digest()
        return int.from_bytes(digest) / 2**64 < self.share

    def __str__(self) -> str:
        """As in a policy: ``enforce``, ``shadow``, ``canary 5%``."""
        if self.always:
            return "enforce"
        return f"canary {self.share * 100:.4g}%" if self.share > 0 else "shadow"


ENFORCE: Final = Mode(1.0)
SHADOW: Final = Mode(0.0)
