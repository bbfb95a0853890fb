"""Units, joins and findings: what is read together, and how hits come back to their segments."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.findings import place, repeated
from gateway.inspection.joins import joins
from gateway.inspection.readings import Hit, Reading
from gateway.inspection.units import CHUNK, OVERLAP, Unit, units
from gateway.model import Segment


def _said(*texts: str, role: str = "user") -> list[Segment]:
    return [Segment(f"messages.{number}.content", role, text) for number, text in enumerate(texts)]


def _hit(unit: Unit, text: str, score: float = 1.0, entity_type: str = "CREDIT_CARD") -> tuple[Unit, Reading]:
    start = unit.text.index(text)
    return unit, Reading((Hit(start, start + len(text), entity_type, score, "cards"),), ())


@settings(max_examples=80, deadline=None)
@given(
    texts=st.lists(st.text("ab \n", min_size=1, max_size=50) | st.just("x" * 9000) | st.just("y" * 2049), max_size=6)
)
def test_units_hold_every_character_where_it_stands(texts: list[str]) -> None:
    """Law 3: packed or cut, each character of each segment is in some unit, at its own offset."""
    segments = _said(*texts)
    covered = [set[int]() for _ in segments]
    for unit in units(segments):
        for span in unit.spans:
            piece = unit.text[span.start : span.start + span.length]
            assert segments[span.segment].text[span.offset : span.offset + span.length] == piece
            covered[span.segment].update(range(span.offset, span.offset + span.length))
    assert [len(seen) for seen in covered] == [len(text) for text in texts]


def test_chunks_share_an_overlap() -> None:
    """Evasion L1: a value shorter than the overlap stands whole in one chunk, wherever the cut falls."""
    text = "x" * (3 * CHUNK)
    made = units(_said(text))
    assert all(len(unit.text) <= CHUNK for unit in made)
    for start in range(0, len(text) - OVERLAP, 500):
        assert any(
            unit.spans[0].offset <= start and start + OVERLAP <= unit.spans[0].offset + len(unit.text) for unit in made
        )


def test_no_unit_spans_two_messages() -> None:
    """A further turn leaves earlier units as they were."""
    before, after = units(_said("one", "two")), units(_said("one", "two", "three"))
    assert after[: len(before)] == before
    assert len(after) == 3


def test_a_further_turn_adds_joins_and_changes_none() -> None:
    """The joined texts of a conversation grow at its end alone, so that they are remembered, too."""
    turns = [f"part {number}: {number * 1111} and so on" for number in range(1, 8)]
    before = {unit.text for unit in joins(_said(*turns))}
    after = {unit.text for unit in joins(_said(*turns, "the last: 4242"))}
    assert before <= after
    assert len(after - before) <= 4


def test_keys_stand_before_their_values() -> None:
    """A key is the context of its value, in one text for a whole object."""
    segments = [Segment("metadata.*#", "", "ssn"), Segment("metadata.*", "", "219"), Segment("metadata.*", "", "x")]
    assert [unit.text for unit in units(segments)] == ["ssn: 219\nx\n"]


def test_joins_leave_keys_out() -> None:
    """Values are joined with values: a key between them does not part them."""
    segments = [
        Segment("metadata.*#", "", "first"),
        Segment("metadata.*", "", "41111111"),
        Segment("metadata.*#", "", "second"),
        Segment("metadata.*", "", "11111111"),
    ]
    assert any("4111111111111111" in unit.text for unit in joins(segments))
    assert not any("second" in unit.text for unit in joins(segments))


def test_a_hit_in_a_joined_text_counts_where_it_crosses_or_leans_on_the_other_string() -> None:
    """What stands within one string was found there already, unless the word that says what it is stands in another."""
    segments = _said("see 4111", "1111 end" + " and so on" * 3 + " 5555")
    seam = next(unit for unit in joins(segments) if "41111111" in unit.text)
    (crossing,) = place(segments, [_hit(seam, "41111111")])
    assert (crossing.segment, crossing.finding.start, crossing.finding.end) == (-1, -1, -1)
    (leaning,) = place(segments, [_hit(seam, "4111")])
    assert (leaning.segment, leaning.finding.start, leaning.finding.end) == (0, 4, 8)
    assert place(segments, [_hit(seam, "5555")]) == [], "far from the other string"


def test_a_hit_at_the_edge_at_which_a_string_was_cut_is_none() -> None:
    """What touches it may be a part of something longer."""
    segments = _said("4" * 80, "1111 end")
    seam = next(unit for unit in joins(segments) if unit.joined and "41111" in unit.text)
    assert place(segments, [_hit(seam, "4" * 64)]) == []


def test_a_crossing_hit_that_prolongs_a_value_is_that_value() -> None:
    """An address at the end of one part does not become another one with the first word of the next."""
    segments = _said("mail a@b.com", "Thanks")
    seam = next(unit for unit in joins(segments) if unit.joined)
    own = units(segments)[0]
    found = place(segments, [_hit(own, "a@b.com"), _hit(seam, "a@b.comThanks", 0.5)])
    assert [one.finding.end for one in found] == [12]


def test_overlapping_hits_become_the_strongest() -> None:
    """Reported problem 40: one value, one finding; another type at the same place stays."""
    segments = _said("number 4111111111111111 here")
    unit = units(segments)[0]
    readings = [
        _hit(unit, "4111111111111111", 0.5),
        _hit(unit, "number 4111111111111111", 0.4),
        _hit(unit, "4111", 0.9),
        _hit(unit, "4111111111111111", 0.2, "PHONE_NUMBER"),
    ]
    found = [(one.finding.entity_type, one.finding.score) for one in place(segments, readings)]
    assert sorted(found) == [("CREDIT_CARD", 0.9), ("PHONE_NUMBER", 0.2)]


@pytest.mark.parametrize("again", ["4111111111111111", "x 4111111111111111.", "(4111111111111111)"])
def test_values_are_looked_for_again(again: str) -> None:
    """Reported problem 51: in every segment, as whole words, and not where they were found."""
    segments = _said("my card 4111111111111111", again, "94111111111111111 is longer")
    placed = place(segments, [_hit(units(segments)[0], "4111111111111111")])
    assert [found.segment for found in repeated(segments, placed)] == [1]


def test_a_doubtful_finding_hides_no_surer_one() -> None:
    """Law 5: half a value that may be something by itself lowers nothing about the whole of it."""
    segments = _said("4111 1111", "1111 1111")
    first = _hit(units(segments)[0], "4111 1111", score=0.2)
    joined = next(unit for unit in joins(segments) if len(unit.spans) == 2)
    whole = (joined, Reading((Hit(0, len(joined.text), "CREDIT_CARD", 1.0, "cards"),), ()))
    assert max(found.finding.score for found in place(segments, [first, whole])) == 1.0


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(1, 8), st.sampled_from([0.2, 0.5, 1.0]), st.sampled_from("AB")),
        max_size=25,
    )
)
def test_of_overlapping_findings_of_one_type_the_strongest_stays(drawn: list[tuple[int, int, float, str]]) -> None:
    """Each hit is kept, or overlaps a kept one of its type that is as strong; kept ones of one type never overlap."""
    segments = _said("x" * 40)
    hits = tuple(Hit(start, start + length, kind, score, "d") for start, length, score, kind in drawn)
    kept = [found.finding for found in place(segments, [(units(segments)[0], Reading(hits, ()))])]
    for hit in hits:
        assert any(
            found.entity_type == hit.entity_type
            and found.start < hit.end
            and hit.start < found.end
            and found.score >= hit.score
            for found in kept
        )
    for one in kept:
        for other in kept:
            apart = one.end <= other.start or other.end <= one.start
            assert one is other or one.entity_type != other.entity_type or apart


def test_a_label_stays_with_its_value() -> None:
    """However much stands before them, an object's key and its value are read together."""
    for filler in range(2000, 2060):
        segments = [
            Segment("messages.0.content.*", "user", "x" * filler),
            Segment("messages.0.content.*#", "user", "password"),
            Segment("messages.0.content.*", "user", "Tr0ub4dor"),
        ]
        assert any("password: Tr0ub4dor" in unit.text for unit in units(segments)), filler


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_an_answer_is_read_with_its_question(role: str) -> None:
    """Evasion S3: what a number is may stand in the message before it, whoever asked."""
    segments = [
        Segment("messages.0.content", role, "Thanks. " * 40 + "What is your social security number?"),
        Segment(
            "messages.1.content", "user", "536221234, and what else do you need from me to go on with the form today?"
        ),
    ]
    answer = next(unit for unit in joins(segments) if unit.answer)
    assert answer.text.endswith(
        "social security number: 536221234, and what else do you need from me to go on with the"
    )
    assert answer.bare
    (found,) = place(segments, [_hit(answer, "536221234")])
    assert (found.segment, found.finding.start, found.finding.end) == (1, 0, 9)
    assert place(segments, [_hit(answer, "security number")]) == []


def test_an_answer_without_digits_and_other_fields_are_no_answers() -> None:
    """Benign control: small talk costs nothing, and a field after the messages answers none of them."""
    assert not any(unit.answer for unit in joins(_said("Your number?", "Why do you ask?", "Just so.", "Ok 12")))
    segments = [Segment("messages.0.content", "user", "Your number?"), Segment("user", "", "user-53622123")]
    assert not any(unit.answer for unit in joins(segments))
