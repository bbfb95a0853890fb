"""Client keys: made, hashed, looked up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Unauthenticated
from gateway.ingress.auth import ANONYMOUS, KeyRing, hash_key, new_key
from gateway.model import Caller

SECRET = b"a secret of the gateway, long enough"
ADA, BOB = "gw-" + "a" * 43, "gw-" + "b" * 43
RING = KeyRing(SECRET, {"ada": hash_key(SECRET, ADA), "bob": hash_key(SECRET, BOB)})


def bearer(key: str) -> tuple[bytes, bytes]:
    """An authorization header."""
    return b"authorization", b"Bearer " + key.encode()


def refused(ring: KeyRing, *headers: tuple[bytes, bytes]) -> Unauthenticated:
    """The error these headers are refused with."""
    with pytest.raises(Unauthenticated) as caught:
        ring.caller(headers)
    return caught.value


def test_a_new_key_is_long_and_never_the_same() -> None:
    """gw- and 43 characters that need no quoting anywhere."""
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(re.fullmatch(r"gw-[A-Za-z0-9_-]{43}", key) for key in keys)


def test_the_stored_form_depends_on_all_of_key_and_secret() -> None:
    """A keyed hash in the form that configuration takes."""
    assert re.fullmatch("hmac-sha256:[0-9a-f]{64}", hash_key(SECRET, ADA))
    assert len({hash_key(SECRET, ADA), hash_key(SECRET, BOB), hash_key(SECRET + b"x", ADA)}) == 3


def test_both_headers_name_the_caller() -> None:
    """Bearer, as OpenAI's and Anthropic's SDKs send it, in any case of the scheme, or x-api-key."""
    assert RING.caller([bearer(ADA)]) == Caller("ada")
    assert RING.caller([(b"authorization", b"bearer  " + BOB.encode() + b" ")]) == Caller("bob")
    assert RING.caller([(b"x-api-key", BOB.encode())]) == Caller("bob")
    assert RING.caller([bearer(ADA), (b"x-api-key", ADA.encode())]) == Caller("ada")


def test_two_different_keys_are_nobodys() -> None:
    """A proxy that checked one header cannot be passed with another caller's key in the other."""
    refused(RING, bearer(ADA), (b"x-api-key", BOB.encode()))
    refused(RING, bearer(ADA), bearer(BOB))
    refused(RING, (b"x-api-key", BOB.encode()), (b"x-api-key", b""))


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"x-request-id", ADA.encode())],
        [(b"authorization", ADA.encode())],
        [(b"authorization", b"Basic " + ADA.encode())],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Bearer ")],
        [(b"authorization", b"Bearer \xff\xfe")],
        [(b"authorization", b"Bearer " + b"x" * 100_000)],
        [(b"x-api-key", b"")],
        [(b"x-goog-api-key", ADA.encode())],
    ],
)
def test_anything_else_is_unauthenticated(headers: list[tuple[bytes, bytes]]) -> None:
    """A missing, empty, broken, over-long or misplaced key is a 401 that repeats nothing."""
    error = refused(RING, *headers)
    assert error.status == 401
    assert "aaaa" not in repr(error)


@given(st.integers(0, len(ADA) - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_any_change_of_one_character_misses(position: int, character: str) -> None:
    """The whole key counts, not a prefix."""
    changed = ADA[:position] + character + ADA[position + 1 :]
    if changed != ADA:
        refused(RING, bearer(changed))
    refused(RING, bearer(ADA[:position]))
    refused(RING, bearer(ADA + character))


def test_a_hash_is_no_key() -> None:
    """Who reads the configuration cannot come in with what stands there."""
    refused(RING, bearer(hash_key(SECRET, ADA)))


def test_an_empty_ring_has_to_be_wanted() -> None:
    """Zero keys do not open the gateway; saying so does, and then any placeholder key is anonymous."""
    with pytest.raises(ValueError, match="anonymous callers are not allowed"):
        KeyRing(SECRET, {})
    ring = KeyRing(b"", {}, allow_anonymous=True)
    for headers in ([], [bearer("sk-unused")], [(b"authorization", b"Basic x")]):
        assert ring.caller(headers) == ANONYMOUS


def test_beside_keys_only_the_keyless_are_anonymous() -> None:
    """A wrong key is a mistake to be told about, not a reason to lose one's name."""
    ring = KeyRing(SECRET, {"ada": hash_key(SECRET, ADA)}, allow_anonymous=True)
    assert ring.caller([]) == ANONYMOUS
    assert ring.caller([bearer(ADA)]) == Caller("ada")
    refused(ring, bearer(BOB))


def test_a_ring_that_protects_nothing_cannot_be_made() -> None:
    """A short secret, a plain key for a hash, one hash under two names; no message shows a hash or a key."""
    good = hash_key(SECRET, ADA)
    for secret, keys, says in (
        (b"short", {"ada": good}, "at least 16 bytes"),
        (SECRET, {"ada": ADA}, "client key 'ada'"),
        (SECRET, {"ada": good.upper()}, "client key 'ada'"),
        (SECRET, {"ada": good + "\n"}, "client key 'ada'"),
        (SECRET, {"ada": good, "bob": good}, "'ada' and 'bob'"),
    ):
        with pytest.raises(ValueError, match=says) as caught:
            KeyRing(secret, keys)
        assert good[12:] not in str(caught.value)
        assert ADA not in str(caught.value)


def test_the_repr_shows_no_hash() -> None:
    """A ring may stand in a log line."""
    assert repr(RING) == "KeyRing(keys=2, allow_anonymous=False)"


def test_a_key_may_belong_to_a_team_and_an_application() -> None:
    """As gateway.yaml says; a key of which it says nothing belongs to none."""
    hashes = {"ada": hash_key(SECRET, ADA), "bob": hash_key(SECRET, BOB)}
    ring = KeyRing(SECRET, hashes, owners={"ada": ("legal", "search")})
    assert ring.caller([(b"x-api-key", ADA.encode())]) == Caller("ada", "legal", "search")
    assert ring.caller([(b"x-api-key", BOB.encode())]) == Caller("bob")
