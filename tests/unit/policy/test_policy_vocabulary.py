"""The names that policies may use, and what is proposed instead of an unknown one."""

import pytest
from policy_values import backend

from gateway.inspection.coverage import KINDS
from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.policy.vocabulary import ANYTHING, FAULTS, UNREAD, Vocabulary, known_reason, nearest, remedy, rights


def test_a_name_is_a_group_or_a_type() -> None:
    """Rules may name either; anything else is unknown."""
    vocabulary = Vocabulary(frozenset({"PERSON"}), {"names": frozenset({"PERSON", "FULL_NAME"})})
    assert vocabulary.types("PERSON") == {"PERSON"}
    assert vocabulary.types("names") == {"PERSON", "FULL_NAME"}
    with pytest.raises(KeyError):
        vocabulary.types("name")


def test_the_coverage_reasons_are_those_that_inspection_gives() -> None:
    """A reason that inspection brings and policies do not know could not be named; here they are held together."""
    assert FAULTS | UNREAD.keys() == KINDS.keys()
    for kind, details in UNREAD.items():
        told = KINDS[kind].replace(",", " ").replace("(", " ").replace(")", " ").split()
        assert details <= set(told)


def test_no_group_of_the_catalogue_takes_a_word_of_the_language() -> None:
    """`anything` stands for every type, so no group may be called so."""
    assert ANYTHING not in load_catalogue().groups


@pytest.mark.parametrize(
    ("name", "known"),
    [("timeout", True), ("timeout:x", False), ("opaque", True), ("opaque:tags", True), ("opaque:tag", False)],
)
def test_reasons_are_named_by_kind_or_with_a_known_detail(name: str, known: bool) -> None:
    """Details of faults are detector names and not for policies to choose among."""
    assert known_reason(name) is known


def test_the_nearest_name_ignores_letter_case() -> None:
    """`credit_card` is `CREDIT_CARD`, `paymnt` is `payment`, and `xyzzy` is nothing."""
    known = ["CREDIT_CARD", "payment", "secrets"]
    assert nearest("credit_card", known) == "CREDIT_CARD"
    assert nearest("paymnt", known) == "payment"
    assert nearest("xyzzy", known) is None
    assert nearest("x" * 10_000, known) is None


def test_a_remedy_proposes_or_lists_or_samples() -> None:
    """Few names are listed, many are counted."""
    assert remedy("paymnt", ["payment"]) == "Did you mean `payment`?"
    assert remedy("zzz", ["a", "b"]) == "Use one of: `a`, `b`."
    assert "40 known names" in remedy("zzz", [f"NAME_{n}" for n in range(40)])
    assert remedy("zzz", []) == "Nothing may stand here."


def test_the_rights_of_backends_are_clearance_and_locality() -> None:
    """What a policy is checked against."""
    assert rights([backend("gpt"), backend("llama", "restricted", local=True)]) == {
        "gpt": ("internal", False),
        "llama": ("restricted", True),
    }
