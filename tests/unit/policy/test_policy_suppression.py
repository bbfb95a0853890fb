"""Suppressions: what they take out, what they never do, and that they hide no other value."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_values import LABELS, draft, entities, facts, policy, report

from gateway.model import Coverage, Finding, Report, Segment
from gateway.policy.decision import classify
from gateway.policy.rules import Policy
from gateway.policy.settled import settled_by
from gateway.policy.suppression import Suppression, grouped, plain, suppressed

TODAY = date(2026, 11, 24)
PATH = "messages.0.content"
PHONE = "+49 30 1234567"


def exception(*values: str, kind: str = "PHONE_NUMBER", **options: object) -> Suppression:
    made = {"id": "own", "entity_types": frozenset({kind}), "until": "2026-12-31"} | options
    return Suppression(values=frozenset(map(plain, values)), numbers=frozenset(map(grouped, values)), **made)  # type: ignore[arg-type]


def found(text: str, value: str, kind: str = "PHONE_NUMBER", path: str = PATH, role: str = "user") -> Finding:
    start = text.index(value)
    return Finding(kind, 0.9, path, role, start, start + len(value), "test")


def left(one: Suppression, text: str, *findings: Finding, on: date = TODAY) -> tuple[Finding, ...]:
    about = Report(b"", findings, Coverage())
    return suppressed([one], about, lambda: [Segment(PATH, "user", text)], on).findings


def gone(one: Suppression, text: str, value: str, kind: str = "PHONE_NUMBER") -> bool:
    return left(one, text, found(text, value, kind)) == ()


@pytest.mark.parametrize("spelling", [PHONE, "+49-30-1234567", "+4930 123 45 67", "+49 (30) 1234567", "+49 30 1234567"])
def test_a_number_is_known_however_it_is_grouped(spelling: str) -> None:
    assert gone(exception(PHONE), f"Call {spelling}, please.", spelling)


def test_letter_case_and_spaces_of_other_values_do_not_matter() -> None:
    assert gone(exception("Angela  Merkel", kind="PERSON"), "about ANGELA MERKEL.", "ANGELA MERKEL", "PERSON")
    one = exception("Support@Example.com", kind="EMAIL_ADDRESS")
    assert gone(one, "Write to support@example.com.", "support@example.com", "EMAIL_ADDRESS")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Call +49 30 1234568.", "+49 30 1234568"),
        ("Call +49 30 1234567-89.", "+49 30 1234567"),
        ("Call +49 30 1234567 89.", "+49 30 1234567"),
        ("Call 1 +49 30 1234567.", "+49 30 1234567"),
        ("Call 4+49 30 1234567.", "+49 30 1234567"),
        ("Call a+49 30 1234567.", "+49 30 1234567"),
        ("Call +49 30 12345678.", "+49 30 1234567"),
        ("Call +49 30 1234567 (Jane)", "+49 30 1234567 (Jane)"),
    ],
)
def test_another_number_or_a_longer_one_stays(text: str, value: str) -> None:
    assert not gone(exception(PHONE), text, value)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("Jane Roe Miller was here", "Jane Roe", "PERSON"),
        ("Jane Roe-Miller was here", "Jane Roe", "PERSON"),
        ("Jane Roes", "Jane Roe", "PERSON"),
        ("mail a.jane@example.com", "jane@example.com", "EMAIL_ADDRESS"),
        ("mail jane@example.com.evil.org", "jane@example.com", "EMAIL_ADDRESS"),
        ("born 1/11/2020", "1/11/2020", "DATE_OF_BIRTH"),
    ],
)
def test_the_beginning_of_another_value_stays(text: str, value: str, kind: str) -> None:
    one = exception("Jane Roe", "jane@example.com", "11/1/2020", kind=kind)
    assert not gone(one, text, value, kind)


def test_a_domain_stands_for_its_addresses_and_for_no_other_domains() -> None:
    one = exception(kind="EMAIL_ADDRESS", domains=frozenset({"example.com"}))
    assert gone(one, "mail Sales@Example.com", "Sales@Example.com", "EMAIL_ADDRESS")
    for address in ("a@mail.example.com", "a@example.com.org", "a@notexample.com", "a@b@example.com", "a@еxample.com"):
        assert not gone(one, f"mail {address}", address, "EMAIL_ADDRESS")
    assert not gone(one, "mail @example.com", "@example.com", "EMAIL_ADDRESS")


def test_other_types_roles_and_paths_stay() -> None:
    text = f"Call {PHONE}."
    assert not gone(exception(PHONE), text, PHONE, "US_SSN")
    assert not gone(exception(PHONE, roles=frozenset({"system"})), text, PHONE)
    assert gone(exception(PHONE, roles=frozenset({"user"})), text, PHONE)
    assert not gone(exception(PHONE, paths=("messages.0.name", "messages.*.cont")), text, PHONE)
    assert gone(exception(PHONE, paths=("messages.*.content",)), text, PHONE)


@pytest.mark.parametrize(("on", "works"), [(date(2026, 12, 31), True), (date(2027, 1, 1), False)])
def test_it_works_until_the_end_of_its_last_day(on: date, works: bool) -> None:
    text = f"Call {PHONE}."
    assert (left(exception(PHONE), text, found(text, PHONE), on=on) == ()) is works


def test_private_matters_what_spans_strings_and_coverage_stay() -> None:
    text = "ill"
    matter = Finding("PRIVATE_MATTER", 1.0, PATH, "user", 0, 3, "matter")
    assert left(exception("ill", kind="PRIVATE_MATTER"), text, matter) == (matter,)
    spans = Finding("PHONE_NUMBER", 1.0, PATH, "user", -1, -1, "test")
    assert left(exception(PHONE), PHONE, spans) == (spans,)
    about = Report(b"", (found(PHONE, PHONE),), Coverage(("timeout",)))
    after = suppressed([exception(PHONE)], about, lambda: [Segment(PATH, "user", PHONE)], TODAY)
    assert (after.findings, after.coverage, after.suppressed) == ((), about.coverage, (("own", 1),))


def test_where_several_strings_may_be_meant_all_have_to_hold_the_value() -> None:
    """A path with `*` may be that of two strings; nobody knows in which of them it was found."""
    path = "metadata.*"
    finding = replace(found(PHONE, PHONE), path=path)
    about = Report(b"", (finding,), Coverage())
    for other, stays in ((PHONE, False), ("no", False), ("+49 30 7654321", True)):
        texts = [Segment(path, "user", PHONE), Segment(path, "user", other)]
        assert (suppressed([exception(PHONE)], about, lambda: texts, TODAY).findings == (finding,)) is stays  # noqa: B023
    assert suppressed([exception(PHONE)], about, list, TODAY) is about


def test_a_part_of_a_value_goes_with_it_and_nothing_else_does() -> None:
    """The first name inside the full name; not the same name elsewhere, nor where the string is not known for sure."""
    one = exception("Jane Roe", kind="PERSON", entity_types=frozenset({"PERSON", "FULL_NAME"}))
    text = "Jane Roe met Jane."
    full, first = found(text, "Jane Roe", "FULL_NAME"), found(text, "Jane", "PERSON")
    other = replace(first, start=13, end=17)
    assert left(one, text, full, first, other) == (other,)
    assert left(one, text, first, other) == (first, other)
    assert left(one, text, full, replace(first, entity_type="LOCATION")) == (replace(first, entity_type="LOCATION"),)
    about = Report(b"", (full, first), Coverage())
    texts = [Segment(PATH, "user", text), Segment(PATH, "user", "Pete")]
    assert suppressed([one], about, lambda: texts, TODAY).findings == (first,)


def test_a_part_goes_only_with_the_suppression_that_is_about_both() -> None:
    """One list's types are not another list's."""
    names = exception("Jane Roe", kind="FULL_NAME")
    people = exception("Support", kind="PERSON", id="people")
    text = "Jane Roe called."
    full, first = found(text, "Jane Roe", "FULL_NAME"), found(text, "Jane", "PERSON")
    about = Report(b"", (full, first), Coverage())
    assert suppressed([people, names], about, lambda: [Segment(PATH, "user", text)], TODAY).findings == (first,)


def test_what_nothing_is_suppressed_in_is_left_as_it_is_and_not_read() -> None:
    """No walk over the draft where there is nothing to look for."""

    def unread() -> list[Segment]:
        raise AssertionError

    about = Report(b"", (found("x", "x", "PERSON"),), Coverage())
    assert suppressed([exception(PHONE)], about, unread, TODAY) is about


def test_values_stand_in_no_repr() -> None:
    assert "1234567" not in repr(exception(PHONE))
    assert "1234567" not in repr(replace(policy(("a", entities("PERSON"), "internal")), suppress=(exception(PHONE),)))


def test_they_are_a_part_of_the_revision() -> None:
    one = policy(("a", entities("PERSON"), "internal"))
    made = [replace(one, suppress=(exception(PHONE),)), replace(one, suppress=(exception("+49 30 7654321"),)), one]
    assert len({each.revision for each in made}) == 3


def test_what_may_be_suppressed_later_ends_no_reading_early() -> None:
    """Else a value of one's own would hide what was not looked for."""
    card = Finding("CREDIT_CARD", 1.0, PATH, "user", 0, 16, "test")
    rules = policy(("cards", entities("CREDIT_CARD", "US_SSN"), LABELS[-1]))
    settled = settled_by(replace(rules, suppress=(exception("4111111111111111", kind="CREDIT_CARD"),)), frozenset())
    assert settled is not None
    assert not settled([card])
    assert settled([card, replace(card, entity_type="US_SSN")])


VALUES = st.sampled_from([PHONE, "+49 30 1234568", "030 99", "4111 1111 1111 1111", "4111 1111 1111 1112", "x y", "Ab"])
KINDS = st.sampled_from(["PHONE_NUMBER", "CREDIT_CARD", "PERSON"])
BETWEEN = st.sampled_from([", ", " ", "\n", "-", "", ". And ", "; ", "/", " and "])
PIECES = st.lists(st.tuples(VALUES, KINDS, BETWEEN), min_size=1, max_size=5)
RULES = policy(
    ("phones", entities("PHONE_NUMBER", count=2), "internal"),
    ("cards", entities("CREDIT_CARD"), "restricted"),
    ("people", entities("PERSON"), "confidential"),
)


def placed(pieces: list[tuple[str, str, str]]) -> tuple[str, list[tuple[str, Finding]]]:
    text, findings = "", []
    for value, kind, between in pieces:
        findings.append((value, Finding(kind, 0.9, PATH, "user", len(text), len(text) + len(value), "test")))
        text += value + between
    return text, findings


@given(PIECES, VALUES, KINDS)
def test_a_suppression_of_one_value_never_hides_another(
    pieces: list[tuple[str, str, str]], value: str, kind: str
) -> None:
    """Whatever stands around it."""
    text, findings = placed(pieces)
    after = left(exception(value, kind=kind), text, *(finding for _, finding in findings))
    for other, finding in findings:
        same = finding.entity_type == kind and (plain(other) == plain(value) or grouped(other) == grouped(value))
        assert same or finding in after


@given(PIECES, st.lists(st.tuples(VALUES, KINDS), max_size=4), st.integers(0, 3))
def test_removing_a_suppression_never_lowers_a_label(
    pieces: list[tuple[str, str, str]], listed: list[tuple[str, str]], drop: int
) -> None:
    """And neither does its end."""
    text, findings = placed(pieces)
    one = draft()
    about = report(one, *(finding for _, finding in findings))
    all_of = tuple(exception(value, kind=kind, id=f"s{n}") for n, (value, kind) in enumerate(listed))
    fewer = tuple(each for n, each in enumerate(all_of) if n != drop)
    ended = tuple(replace(each, until="2026-11-23") if n == drop else each for n, each in enumerate(all_of))

    def rank(rules: Policy) -> int:
        seen = suppressed(rules.suppress, about, lambda: [Segment(PATH, "user", text)], TODAY)
        return LABELS.index(classify(rules, seen, facts()).label)

    with_all = rank(replace(RULES, suppress=all_of))
    assert rank(replace(RULES, suppress=fewer)) >= with_all
    assert rank(replace(RULES, suppress=ended)) >= with_all
    assert rank(RULES) >= with_all
