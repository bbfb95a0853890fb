"""What every match of a pattern must hold: claimed where it is certain, and nowhere else."""

import pytest

from gateway.inspection.detectors.digits import Digits, chain_pattern, digits
from gateway.inspection.detectors.required import required
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
    found = required(weaken(source)).literals
    assert all(any(wanted in one for wanted in literals) for one in found)
    assert bool(found) is bool(literals)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (r"\d{9}", Digits(9, 0, joints=True)),
        (r"\d{3}[- ]?\d{3}[- ]?\d{4}", Digits(9, 1, joints=True)),
        (r"\d{4},\d{5}", Digits(9, 1, joints=False)),
        (r"\d{4}-{2}\d{5}", Digits(9, 3, joints=True)),
        (r"\d{4}|\d{8}", Digits(4, 0, joints=True)),
        (r"\d{8}|\d{4} \d{4}", Digits(7, 1, joints=True)),
        (r"(?:\d{2})?\d{4}", Digits(4, 0, joints=True)),
        (r"\d{2}\d{0,9}/\d{2}", Digits(4, 1, joints=True)),
        (r"\d{2}[a-z]{1,9}\d{2}", Digits(2, 0, joints=True)),
        (r"(?:\d[ -]?){12}\d", Digits(11, 1, joints=True)),
        (r"(?:\d{4}[A-Z]){1,3}", Digits(4, 1, joints=False)),
        (r"(?<=no )\d{7}", Digits(7, 0, joints=True)),
        (r"[A-Z]{2}[0-9A-Z]{9}", None),
    ],
)
def test_chains_of_digits_are_the_shortest_that_a_match_can_have(source: str, wanted: Digits | None) -> None:
    """Rounded to the lengths and gaps that are told apart; digits that may be left out widen no gap."""
    assert digits(weaken(source).tree) == wanted


@pytest.mark.parametrize("with_hyperscan", [True, False])
def test_a_chain_is_seen_with_other_characters_between_its_digits(with_hyperscan: bool) -> None:
    """So many of them and of that kind, and digits of other scripts are question marks."""
    scan = Scan(
        [chain_pattern(Digits(4, 5, joints=False)), chain_pattern(Digits(4, 1, joints=True))],
        with_hyperscan=with_hyperscan,
    )
    assert scan.seen(b"1 2 - 3 (4)") == {0}
    assert scan.seen(b"1 2-3/4") == {0, 1}
    assert scan.seen(b"1 2-3,4") == {0}
    assert scan.seen(b"??4?") == {0, 1}
    assert scan.seen(b"1 and then 2 and then 3 and then 4") == set()
    assert scan.seen(b"") == set()


def test_what_stands_before_a_match_is_required_too() -> None:
    """A lookbehind at the begin is read with the match, and a lookahead there is what every match begins with."""
    assert required(weaken(r"(?<=number )\d{4}")).literals == {b"number "}
    assert required(weaken(r"(?=[a-z]{2}\d{2})[a-z0-9]{9}")).beginning == required(weaken(r"[a-z]{2}\d{2}")).beginning


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (r"[a-z]{4}\d{3}", True),
        (r"\+[a-z]\d", True),
        (r"(?:[a-z]:|:)[a-z]", True),
        (r"(?:[a-z]:)?[a-z]", False),
        (r"[A-Z][a-z]", False),
        (r"\d{9}[a-z]", False),
    ],
)
def test_beginnings_are_told_where_nothing_else_is_telling(source: str, told: bool) -> None:
    """Of three characters and more, or with a sign among them; many digits tell enough by themselves."""
    assert bool(required(weaken(source)).beginning) is told
