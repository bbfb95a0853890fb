"""Presidio beside us."""

import pytest

from gateway.errors import ConfigError
from gateway.evaluation.presidio import DEFAULT, MODEL, PERSON_AND_IDS, PresidioSide

pytest.importorskip(MODEL)
pytestmark = pytest.mark.filterwarnings("ignore")  # the model's libraries speak of their own future


def test_both_settings_judge_one_analysis() -> None:
    """A date is an entity and no identifier; a card is both; neither is a sum."""
    side = PresidioSide()
    assert side.compare("Please refund card 4111 1111 1111 1111.").flagged == {DEFAULT: True, PERSON_AND_IDS: True}
    assert side.compare("We met on 12 May 2019.").flagged == {DEFAULT: True, PERSON_AND_IDS: False}
    nothing = side.compare("Sort a list.")
    assert nothing.flagged == {DEFAULT: False, PERSON_AND_IDS: False}
    assert nothing.cpu_ms > 0


def test_a_model_that_is_not_there_is_a_problem() -> None:
    """With the extra that brings it; nothing is downloaded."""
    with pytest.raises(ConfigError, match=r"hybrid-llm-gateway\[compare\]"):
        PresidioSide("a_model_that_nobody_has")
