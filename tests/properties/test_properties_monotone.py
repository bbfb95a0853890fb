"""Monotone: whatever is added to a text or done to its layout, what was found in it stays found; no label is lowered.

Law 5. ``PROPERTY_EXAMPLES=5000`` tries that many new examples of each property.
"""

from dataclasses import replace

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st
from properties_changes import LINE_BREAKS, SPREADS, padded, paddings, places_to_break, values
from properties_profile import PROPERTIES
from support.inspected import CONTENT, FACTS, Inspected, Outcome
from support.sensitive_values import KINDS, Value, value

from gateway.model import Coverage
from gateway.policy.decision import classify


def level(inspected: Inspected, of: Value) -> int:
    """The level that the value's own entity type gives by itself, without what else its digits may look like."""
    report = inspected.text(of.text).report
    own = tuple(finding for finding in report.findings if finding.entity_type in of.entity_types)
    said = classify(inspected.policy, replace(report, findings=own, coverage=Coverage()), FACTS)
    return inspected.policy.labels.index(said.label)


def still_kept(inspected: Inspected, of: Value, outcome: Outcome) -> None:
    """The value is found, or what hides it is said; and the label is no lower than before."""
    assert outcome.level >= level(inspected, of), outcome.rules
    assert outcome.found & of.entity_types or outcome.reasons, outcome.found
    event("found" if outcome.found & of.entity_types else "incomplete")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_by_itself_and_kept(inspected: Inspected, kind: str) -> None:
    """Or the properties below would prove nothing."""
    assert len(KINDS) >= 12
    for seed in range(5):
        one = value(kind, seed)
        outcome = inspected.text(one.text)
        assert outcome.found & one.entity_types
        assert level(inspected, one) > 1
        assert not outcome.leaves


@PROPERTIES
@given(data=st.data(), of=values)
def test_padding_takes_nothing_away(inspected: Inspected, data: st.DataObject, of: Value) -> None:
    """Words, numbers, markup, encodings or anything at all, before, after and on both sides."""
    text, start = data.draw(padded(of))
    outcome = inspected.text(text)
    still_kept(inspected, of, outcome)
    if not outcome.reasons:
        places = [one for one in outcome.placed(CONTENT) if one.entity_type in of.entity_types]
        assert any(one.start < start + len(of.core) and start < one.end for one in places), "found elsewhere"


@PROPERTIES
@given(of=values, way=st.sampled_from(sorted(SPREADS)), at=st.floats(0.0, 1.0))
def test_spreading_over_two_strings_takes_nothing_away(inspected: Inspected, of: Value, way: str, at: float) -> None:
    """Cut at any place, the words of a label included: parts, turns, tool arguments and results, metadata."""
    cut = 1 + int(at * (len(of.text) - 2))
    still_kept(inspected, of, inspected(SPREADS[way]([of.text[:cut], of.text[cut:]])))


@PROPERTIES
@given(data=st.data(), of=values, newline=st.sampled_from(LINE_BREAKS), around=st.booleans())
def test_wrapping_takes_nothing_away(
    inspected: Inspected, data: st.DataObject, of: Value, newline: str, around: bool
) -> None:
    """A line break in the middle of a value, with or without words on both lines."""
    places = places_to_break(of)
    assume(places)
    at = data.draw(st.sampled_from(places))
    text = f"{of.text[:at]}{newline}{of.text[at:]}"
    still_kept(inspected, of, inspected.text(f"please see {text} and so on" if around else text))


@PROPERTIES
@given(one=values, other=values, between=paddings)
def test_concatenation_takes_nothing_away(inspected: Inspected, one: Value, other: Value, between: str) -> None:
    """Two texts one after the other hold what each of them holds, in one message and in two."""
    outcome = inspected.text(f"{one.text}\n{between}\n{other.text}")
    still_kept(inspected, one, outcome)
    still_kept(inspected, other, outcome)
    turns = [{"role": "user", "content": said} for said in (one.text, between, other.text) if said]
    outcome = inspected({"messages": turns})
    still_kept(inspected, one, outcome)
    still_kept(inspected, other, outcome)


CASELESS = sorted(set(KINDS) - {"key", "password", "connection"})
"""Capitals are part of a key and a password; the other kinds are read whichever way somebody writes them."""


@PROPERTIES
@given(kind=st.sampled_from(CASELESS), seed=st.integers(0, 2**32), change=st.sampled_from(["upper", "lower", "label"]))
def test_case_takes_nothing_away(inspected: Inspected, kind: str, seed: int, change: str) -> None:
    """All capitals, no capitals, or a label as it stands in a headline."""
    of = value(kind, seed)
    text = f"{of.label.title()}{of.core}" if change == "label" else getattr(of.text, change)()
    still_kept(inspected, of, inspected.text(text))


@PROPERTIES
@given(of=values, texts=st.lists(paddings, max_size=4), role=st.sampled_from(["system", "user", "assistant"]))
def test_a_longer_conversation_takes_nothing_away(inspected: Inspected, of: Value, texts: list[str], role: str) -> None:
    """Messages before and after, by anybody."""
    others = [{"role": role, "content": text} for text in texts]
    said = [{"role": "user", "content": of.text}]
    still_kept(inspected, of, inspected({"messages": [*others, *said]}))
    still_kept(inspected, of, inspected({"messages": [*said, *others, {"role": "user", "content": "Thanks."}]}))
