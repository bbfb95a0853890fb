"""What a policy reads of a client: what it declares, and no credential."""

from gateway.policy.reads import NEVER_READ, READS_NOTHING, Reads
from gateway.policy.reads_block import declared


def test_without_a_declaration_nothing_is_read() -> None:
    """And what a file declares wrongly is nothing, too: the error is told elsewhere."""
    assert declared(None) == declared([1]) == declared({"headers": 5, "metadata": [{}]}) == READS_NOTHING
    assert declared({"headers": "x-a", "metadata": ["b"]}) == Reads(frozenset({"x-a"}), frozenset({"b"}))


def test_headers_of_credentials_are_known() -> None:
    """Those by which this gateway is asked are among them."""
    assert {"authorization", "x-api-key", "cookie"} <= NEVER_READ
