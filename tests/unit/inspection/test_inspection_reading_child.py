"""One process that reads names: it answers, or says that it cannot, and is gone when it is left."""

import os
import signal
import time
from dataclasses import replace

import pytest

from gateway.inspection.detectors.engines import RAMPART
from gateway.inspection.framing import Lost, frame, question, told
from gateway.inspection.reading_child import ReadingChild

PATIENT_S = 60.0
TEXT = "Please ask Anna Schmidt."


def test_it_answers_each_text_in_turn_and_is_gone_afterwards() -> None:
    with ReadingChild() as child:
        child.load(RAMPART)
        soon = time.monotonic() + PATIENT_S
        child.say(frame(question(TEXT, soon)) + frame(question("Nobody.", soon)), PATIENT_S)
        assert {one.entity_type for one in told(child.hear(PATIENT_S))} >= {"PERSON"}
        assert told(child.hear(PATIENT_S)) == ()
        assert not child.ended()
    assert child.ended()


def test_answers_are_taken_while_it_is_still_being_spoken_to() -> None:
    """A pipe holds little: whoever only wrote would wait for a reader that waits for its own output to be read."""
    with ReadingChild() as child:
        child.load(RAMPART)
        late = frame(question("x" * 2000, time.monotonic() - 1))
        number = 5000
        child.say(late * number, PATIENT_S)
        for _ in range(number):
            child.hear(PATIENT_S)


def test_one_that_is_gone_is_lost_and_one_that_is_silent_is_late() -> None:
    with ReadingChild() as child:
        child.load(RAMPART)
        with pytest.raises(TimeoutError):
            child.hear(0.05)
        os.kill(child.id, signal.SIGKILL)
        with pytest.raises((Lost, OSError)):
            child.hear(PATIENT_S)


def test_an_engine_that_it_cannot_load_is_a_loss_and_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with ReadingChild() as child, pytest.raises(Lost):
        child.load(replace(RAMPART, name="onnx", model="/nowhere"))
    assert "cannot load its engine" in caplog.text
