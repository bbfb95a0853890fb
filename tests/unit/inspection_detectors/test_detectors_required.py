"""What every match of a pattern must hold: claimed where it is certain, and nowhere else."""

import pytest

from gateway.inspection.detectors.required import chain_pattern, required
from gateway.inspection.detectors.scan import Scan
from gateway.inspection.detectors.weaken import weaken


@pytest.mark.parametrize(
    ("source", "literals"),
    [
        (r"gh[op]_[A-Za-z0-9]{36}", {b"gho_", b"ghp_"}),
        (r"(?i)(?:account|acct\.?)\s?\d{6}", {b"account", b"acct"}),
        (r"\d{3}-\d{2}", set()),
        (r"(?:key|\d{4})x", set()),
        (r"(?:secret)?\d{9}", set()),
        (r"(?:token){2,}=", {b"token"}),
        (r"straße\s", {b"stra?e"}),
    ],
)
def test_literals_are_those_of_which_every_match_holds_one(source: str, literals: set[bytes]) -> None:
    """An alternative without a literal, or one that may be left out, takes the claim away."""
    found = required(weaken(source).tree).literals
    assert all(any(wanted in one for wanted in literals) for one in found)
    assert bool(found) is bool(literals)


@pytest.mark.parametrize(
    ("source", "digits"),
    [
        (r"\d{9}", 9),
        (r"\d{3}[- ]?\d{3}[- ]?\d{4}", 9),
        (r"\d{4}|\d{8}", 4),
        (r"(?:\d{2})?\d{4}", 4),
        (r"\d{2}[a-z]{1,9}\d{2}", 1),
        (r"(?:\d[ -]?){12}\d", 11),
        (r"[A-Z]{2}[0-9A-Z]{9}", 0),
    ],
)
def test_chains_of_digits_are_the_shortest_that_a_match_can_have(source: str, digits: int) -> None:
    """Rounded down to the lengths that are told apart; what stands between may be no more than the gap."""
    assert required(weaken(source).tree).digits == digits


@pytest.mark.parametrize("with_hyperscan", [True, False])
def test_a_chain_is_seen_with_other_characters_between_its_digits(with_hyperscan: bool) -> None:
    """Up to five of them, and digits of other scripts are question marks."""
    scan = Scan([chain_pattern(4)], with_hyperscan=with_hyperscan)
    assert scan.seen(b"1 2 - 3 (4)") == {0}
    assert scan.seen(b"??4?") == {0}
    assert scan.seen(b"1 and then 2 and then 3 and then 4") == set()
    assert scan.seen(b"") == set()
