"""Offsets always map back: a finding names characters of its own segment, and they hold the value."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from leak_decoder import canonical, readings
from leak_encodings import ENCODINGS
from properties_changes import SPREADS, padded, paddings, values
from properties_profile import PROPERTIES
from support.inspected import CONTENT, Inspected, Outcome, message
from support.sensitive_values import KINDS, Value, value


def places_are_sound(outcome: Outcome) -> None:
    """Within the text of a segment of that path and role, and not empty; or -1 twice, across segments."""
    segments = outcome.segments
    for one in outcome.report.findings:
        lengths = [len(each.text) for each in segments if (each.path, each.role) == (one.path, one.role)]
        assert lengths, "a finding at a place that the draft does not have"
        assert (one.start, one.end) == (-1, -1) or 0 <= one.start < one.end <= max(lengths)


def holds(said: str, core: str) -> bool:
    """Can whoever holds this slice read the value in it, or all but the separators of it?"""
    wanted = canonical(core)
    digits = "".join(filter(str.isdecimal, wanted)) if not any(map(str.isalpha, core)) else ""
    for text in readings(said.encode()):
        read = canonical(text)
        if wanted in read or (digits and digits in "".join(filter(str.isdecimal, read))):
            return True
    return False


@PROPERTIES
@given(data=st.data(), of=values)
def test_the_place_of_a_padded_value_is_its_place(inspected: Inspected, data: st.DataObject, of: Value) -> None:
    """Every finding lies inside; those of the value's type at its place hold it, or a part that gives it away."""
    text, start = data.draw(padded(of))
    outcome = inspected.text(text)
    places_are_sound(outcome)
    end = start + len(of.core)
    own = [one for one in outcome.placed(CONTENT) if one.entity_type in of.entity_types]
    here = [one for one in own if one.start < end and start < one.end]
    if not outcome.reasons:
        assert here
    if of.kind not in {"connection", "key"}:  # of those the secret part alone is found, which is shorter
        for one in here:
            assert holds(text[one.start : one.end], of.core), text[one.start : one.end]


@PROPERTIES
@given(of=values, encoding=st.sampled_from(sorted(ENCODINGS)), seed=st.integers(0, 99), around=st.booleans())
def test_the_place_of_a_disguised_value_holds_the_disguise(
    inspected: Inspected, of: Value, encoding: str, seed: int, around: bool
) -> None:
    """Whatever it was encoded with: the slice, decoded by somebody else, is the value."""
    hidden = ENCODINGS[encoding](of.text, Random(seed))
    text = f"please see {hidden} and so on" if around else hidden
    outcome = inspected.text(text)
    places_are_sound(outcome)
    own = [one for one in outcome.placed(CONTENT) if one.entity_type in of.entity_types]
    assert own or outcome.reasons, "neither found nor said"
    if own and of.kind not in {"connection", "key"}:
        assert any(holds(text[one.start : one.end], of.core) for one in own), [text[o.start : o.end] for o in own]


@PROPERTIES
@given(of=values, way=st.sampled_from(sorted(SPREADS)), at=st.floats(0, 1), texts=st.lists(paddings, max_size=3))
def test_places_are_sound_in_any_request(
    inspected: Inspected, of: Value, way: str, at: float, texts: list[str]
) -> None:
    """Spread values, and others beside them."""
    cut = 1 + int(at * (len(of.text) - 2))
    places_are_sound(inspected(SPREADS[way]([of.text[:cut], of.text[cut:], *texts])))


@PROPERTIES
@given(texts=st.lists(st.text() | paddings | values.map(lambda of: of.text), max_size=5))
def test_places_are_sound_in_any_text(inspected: Inspected, texts: list[str]) -> None:
    """Of any characters, as content and as a key."""
    text = "".join(texts)
    places_are_sound(inspected(message(text, metadata={text: text})))


@pytest.mark.parametrize("kind", KINDS)
def test_the_place_of_a_value_alone_is_the_value(inspected: Inspected, kind: str) -> None:
    """Nothing of the label before it and nothing of the words behind it."""
    of: Any = value(kind, 3)
    text = f"please see {of.text} and so on"
    own = [one for one in inspected.text(text).placed(CONTENT) if one.entity_type in of.entity_types]
    assert any(text[one.start : one.end] in of.core for one in own)
