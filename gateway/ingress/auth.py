"""Who asks: client keys, known to the gateway as keyed hashes alone.

A key is looked up by the HMAC-SHA256 of the whole key under the gateway's secret. An attacker cannot steer that hash,
so how long the dictionary takes says nothing about any key, and no prefix of a key is ever compared.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Final

from gateway.errors import Unauthenticated
from gateway.model import Caller

ANONYMOUS: Final = Caller("anonymous")
SHORTEST_SECRET: Final = 16
_LONGEST_KEY: Final = 512
_NOBODY: Final[Mapping[str, tuple[str, str]]] = {}
_HASH: Final = re.compile(r"hmac-sha256:[0-9a-f]{64}")

Headers = Iterable[tuple[bytes, bytes]]
"""Raw header pairs as ASGI gives them: names in lower case, repeated names repeated."""


def new_key() -> str:
    """A fresh client key: ``gw-`` and 43 URL-safe characters, 256 bits."""
    return "gw-" + secrets.token_urlsafe(32)


def hash_key(secret: bytes, key: str) -> str:
    """What configuration stores in place of ``key``: ``hmac-sha256:`` and 64 hex digits."""
    return "hmac-sha256:" + hmac.new(secret, key.encode(), hashlib.sha256).hexdigest()


class KeyRing:
    """The client keys of one configuration. Holds hashes; its repr shows how many.

    Raises ValueError for a ring that could not protect anything: no keys without ``allow_anonymous``, a short secret, a
    hash in another form, one hash under two names. The messages name key ids, never a hash.
    """

    __slots__ = ("_allow_anonymous", "_callers", "_secret")

    def __init__(
        self,
        secret: bytes,
        keys: Mapping[str, str],
        *,
        owners: Mapping[str, tuple[str, str]] = _NOBODY,
        allow_anonymous: bool = False,
    ) -> None:
        """``keys``: id to hash. ``owners``: id to team and application, where they are known."""
        if not keys and not allow_anonymous:
            raise ValueError("no client key is configured and anonymous callers are not allowed")
        if keys and len(secret) < SHORTEST_SECRET:
            raise ValueError(f"the secret of client keys must be at least {SHORTEST_SECRET} bytes")
        callers: dict[str, Caller] = {}
        for key_id, key_hash in keys.items():
            if not _HASH.fullmatch(key_hash):
                raise ValueError(f"client key {key_id!r}: the hash must be hmac-sha256: and 64 hex digits")
            if key_hash in callers:
                raise ValueError(f"client keys {callers[key_hash].key_id!r} and {key_id!r} have the same hash")
            callers[key_hash] = Caller(key_id, *owners.get(key_id, ()))
        self._secret = secret
        self._callers = callers
        self._allow_anonymous = allow_anonymous

    def __repr__(self) -> str:
        return f"KeyRing(keys={len(self._callers)}, allow_anonymous={self._allow_anonymous})"

    def caller(self, headers: Headers) -> Caller:
        """Who sent these headers, by ``Authorization: Bearer`` or ``x-api-key``. Raises Unauthenticated.

        Where anonymous callers are allowed, no key at all is anonymous, and so is any key if none is configured (SDKs
        insist on sending one). A key that is sent to a ring with keys has to be one of them.
        """
        if not self._callers:
            return ANONYMOUS
        key = _presented_key(headers)
        if key is None:
            if self._allow_anonymous:
                return ANONYMOUS
            raise Unauthenticated("A gateway key is needed: 'Authorization: Bearer <key>' or 'x-api-key: <key>'.")
        caller = self._callers.get(hash_key(self._secret, key))
        if caller is None:
            raise Unauthenticated("This gateway does not know the key that was sent.")
        return caller


def _presented_key(headers: Headers) -> str | None:
    """The one key in the headers, None if there is none. Two different keys are nobody's: no proxy may choose."""
    keys: set[str] = set()
    for name, value in headers:
        if name == b"authorization":
            scheme, _, credentials = value.partition(b" ")
            if scheme.lower() != b"bearer":
                raise Unauthenticated("The authorization header must be 'Bearer <key>'.")
            keys.add(credentials.strip().decode("latin-1"))
        elif name == b"x-api-key":
            keys.add(value.strip().decode("latin-1"))
    if len(keys) > 1:
        raise Unauthenticated("Two different keys were sent; send one.")
    key = keys.pop() if keys else None
    if key is not None and not 0 < len(key) <= _LONGEST_KEY:
        raise Unauthenticated("This gateway does not know the key that was sent.")
    return key
