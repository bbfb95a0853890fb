"""The scanner: what it finds, what it remembers, and how each failure becomes a reason."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inspection_fakes import CARD, CardFinder, FailingFinder, WordFinder, chat, draft, kept_inside, scan, types

from gateway.inspection.detectors.base import Match
from gateway.inspection.scanner import Scanner
from gateway.model import Report


def _raise(error: Exception) -> Any:
    raise error


class _Gate:
    """A detector that waits until it is let go."""

    name = "gate"
    version = "1"
    entity_types = frozenset({"CREDIT_CARD"})
    views = "all"

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()

    def find(self, text: str) -> list[Match]:
        self.entered.set()
        self.open.wait(20)
        return []


@pytest.fixture
def gate() -> Iterator[_Gate]:
    """A gate that is open at the end, whatever happens."""
    made = _Gate()
    yield made
    made.open.set()


def test_a_report_is_bound_to_its_draft() -> None:
    """Law 1: digest, detector versions, and findings that name places in the draft."""
    sent = draft(chat(f"my card is {CARD}"))
    scanner = Scanner([CardFinder()])
    report = asyncio.run(scanner.scan(sent))
    scanner.close()
    assert report.digest == sent.digest
    assert report.versions == (("cards", "1"),)
    finding = report.findings[0]
    assert (finding.path, finding.role, finding.start, finding.end) == ("messages.0.content", "user", 11, 27)
    assert (finding.entity_type, finding.score, finding.detector) == ("CREDIT_CARD", 1.0, "cards")
    assert report.coverage.complete


def test_findings_point_at_the_original_characters() -> None:
    """Reported problem 41: offsets are those of the string as it was sent, whatever the view that found it."""
    said = "né \u200b4111\u00a01111\u00a01111\u00a01111, thanks"
    finding = scan(chat(said)).findings[0]
    assert said[finding.start : finding.end] == "4111\u00a01111\u00a01111\u00a01111"


def test_a_value_in_several_views_is_one_finding() -> None:
    """Reported problem 40: overlapping spans are merged, so that counts mean values."""
    assert len(scan(chat("4111 1111 1111 1111 and 4111-1111-1111-1111")).findings) == 2


def test_a_value_over_two_parts_has_a_path_and_no_offsets() -> None:
    """Evasion S3: a finding that spans strings says so with -1."""
    body = chat([{"type": "text", "text": "4111 1111"}, {"type": "text", "text": " 1111 1111"}])
    (finding,) = scan(body).findings
    assert (finding.path, finding.start, finding.end) == ("messages.0.content.0.text", -1, -1)


def test_a_key_gives_its_value_the_word_it_needs() -> None:
    """A detector that needs a context word gets the key of a field before its value."""
    finder = WordFinder("ssn: 219-09-9999", entity_type="US_SSN", name="ssn")
    assert types(scan(chat("x", metadata={"ssn": "219-09-9999"}), finder)) == {"US_SSN"}


def test_a_name_found_once_is_found_everywhere() -> None:
    """Reported problem 51: a value met in a sentence is meant where it stands alone, too."""

    class AfterPatient(WordFinder):
        def find(self, text: str) -> list[Match]:
            return [
                Match(match.start + 8, match.end, "PERSON", 0.9) for match in WordFinder("patient Jane Roe").find(text)
            ]

    body = {
        "messages": [
            {"role": "user", "content": "The patient Jane Roe came."},
            {"role": "user", "content": "JANE ROE left. Janet Roebuck did not."},
        ]
    }
    report = scan(body, AfterPatient("x"))
    assert [(found.path, found.start) for found in report.findings] == [
        ("messages.0.content", 12),
        ("messages.1.content", 0),
    ]


def test_words_of_a_vocabulary_are_not_repeated() -> None:
    """Only names and identifiers are looked for again: a term's detector has read the whole request already."""
    finder = WordFinder("the diagnosis", entity_type="HEALTH_TERM", name="cues")
    assert len(scan(chat("the diagnosis", "The Diagnosis"), finder).findings) == 1


@pytest.mark.parametrize(
    "find",
    [
        lambda text: _raise(RuntimeError(text)),
        lambda text: None,
        lambda text: [None],
        lambda text: [Match(0, len(text) + 1, "CREDIT_CARD", 1.0)],
        lambda text: [Match(-1, 1, "CREDIT_CARD", 1.0)],
        lambda text: [Match(1, 1, "CREDIT_CARD", 1.0)],
        lambda text: [Match(0, 1, "UNHEARD_OF", 1.0)],
        lambda text: [Match(0, 1, "CREDIT_CARD", float("nan"))],
        lambda text: [Match(0, 1, "CREDIT_CARD", 7.0)],
        lambda text: [Match(True, 2, "CREDIT_CARD", 1.0)],
    ],
    ids=["raises", "none", "no matches", "beyond", "before", "empty", "unknown type", "nan", "score", "bool"],
)
def test_a_detector_that_fails_or_answers_nonsense_is_a_reason(find: Any) -> None:
    """Law 4, reported problem 26: an error never means clean, and the other detectors are still asked."""
    report = scan(chat(f"card {CARD}"), FailingFinder(find), CardFinder())
    assert report.coverage.reasons == ("detector_error:broken",)
    assert types(report) == {"CREDIT_CARD"}


def test_a_failed_reading_is_not_remembered() -> None:
    """A detector that recovers is believed again at the next request."""
    errors = [RuntimeError("first")]
    broken = FailingFinder(lambda text: _raise(errors.pop()) if errors else [])
    scanner = Scanner([broken])
    reports = [asyncio.run(scanner.scan(draft(chat("hello")))) for _ in range(2)]
    scanner.close()
    assert [report.coverage.complete for report in reports] == [False, True]


def test_no_text_in_logs_when_detectors_and_jobs_fail(caplog: pytest.LogCaptureFixture) -> None:
    """Law 6, reported problem 57: an exception that quotes the prompt reaches no log and no report."""
    caplog.set_level(logging.DEBUG)
    report = scan(chat("the secret word"), FailingFinder(lambda text: _raise(ValueError(text))))
    assert "secret word" not in caplog.text
    assert "secret word" not in repr(report)


def test_a_slow_detector_is_a_timeout(gate: _Gate) -> None:
    """Law 4: when time runs out, what was found so far counts and coverage is incomplete."""
    body = {"messages": [{"role": "user", "content": f"card {CARD}"}, {"role": "user", "content": "wait " * 3000}]}
    scanner = Scanner([CardFinder(), gate], timeout_s=0.2, workers=1)
    report = asyncio.run(scanner.scan(draft(body)))
    assert report.coverage.reasons == ("timeout",)
    gate.open.set()
    scanner.close()


def test_what_a_late_request_has_read_is_remembered(gate: _Gate) -> None:
    """A long prompt that runs out of time gets further at the next try."""
    slow = FailingFinder(lambda text: gate.find(text) if "wait" in text else [])
    body = {"messages": [{"role": "user", "content": "ready " * 400}, {"role": "user", "content": "wait " * 3000}]}
    scanner = Scanner([slow], timeout_s=0.3, workers=1)
    asyncio.run(scanner.scan(draft(body)))
    assert len(scanner.cache) >= 1
    gate.open.set()
    scanner.close()


def test_too_much_at_once_is_an_overload(gate: _Gate) -> None:
    """Law 4: a full queue keeps the request inside at once instead of letting it wait."""
    scanner = Scanner([gate], timeout_s=20, workers=1, queue=0)

    async def two() -> tuple[Report, Report]:
        first = asyncio.create_task(scanner.scan(draft(chat("one"))))
        await asyncio.to_thread(gate.entered.wait, 20)
        second = await scanner.scan(draft(chat("two")))
        gate.open.set()
        return await first, second

    first, second = asyncio.run(two())
    scanner.close()
    assert first.coverage.complete
    assert second.coverage.reasons == ("overload",)


def test_cancelling_a_scan_stops_its_reading(gate: _Gate) -> None:
    """A client that hangs up costs no further detection."""
    finder = CardFinder()
    scanner = Scanner([gate, finder], timeout_s=20, workers=1)

    async def cancel() -> None:
        task = asyncio.create_task(scanner.scan(draft(chat("hello"))))
        await asyncio.to_thread(gate.entered.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    gate.open.set()
    for _ in range(200):
        if not scanner._workers.pending:
            break
        time.sleep(0.01)
    scanner.close()
    assert finder.asked == []


def test_a_closed_scanner_vouches_for_nothing() -> None:
    """Law 4: inspection that cannot run is incomplete, never an exception and never clean."""
    scanner = Scanner([CardFinder()])
    scanner.close()
    assert asyncio.run(scanner.scan(draft(chat("hello")))).coverage.reasons == ("error",)


@pytest.mark.parametrize("names", [[], ["cards", "cards"], ["Cards and more"]])
def test_a_scanner_needs_detectors_with_sound_names(names: list[str]) -> None:
    """Zero detectors must never look like success; names stand in records."""
    with pytest.raises(ValueError, match="detectors"):
        Scanner([WordFinder("x", name=name) for name in names])


def test_a_further_turn_reads_only_what_is_new() -> None:
    """Reported problem 72: a long conversation is not read again at each turn."""
    finder = CardFinder()
    scanner = Scanner([finder])
    turns = [{"role": "user", "content": f"This is message {word} of the talk."} for word in ("one", "two", "three")]
    system = {"role": "system", "content": "You are kind. " * 300}
    asyncio.run(scanner.scan(draft({"messages": [system, *turns[:2]]})))
    before = len(finder.asked)
    asyncio.run(scanner.scan(draft({"messages": [system, *turns]})))
    new = finder.asked[before:]
    scanner.close()
    assert sum(map(len, new)) < 3 * len(turns[2]["content"]) + 300
    assert not any("You are kind. You are kind. You are kind. You are kind. You are kind. You" in text for text in new)


def test_a_known_request_asks_no_thread() -> None:
    """When every text is known the answer is made on the spot."""
    finder = CardFinder()
    scanner = Scanner([finder])
    first = asyncio.run(scanner.scan(draft(chat(f"card {CARD}"))))
    asked = len(finder.asked)
    scanner._workers.close()
    second = asyncio.run(scanner.scan(draft(chat(f"card {CARD}"))))
    assert len(finder.asked) == asked
    assert second.findings == first.findings


def test_warming_runs_a_real_detection() -> None:
    """Reported problem 31: readiness is one real finding, past the cache."""
    scanner = Scanner([CardFinder()])
    assert asyncio.run(scanner.warm()) == {"CREDIT_CARD"}
    assert len(scanner.cache) == 0
    scanner.close()
    assert asyncio.run(scanner.warm()) == frozenset()


def test_warming_fails_when_a_detector_fails() -> None:
    """A broken detector is a reason not to be ready."""
    scanner = Scanner([FailingFinder(lambda text: _raise(RuntimeError())), CardFinder()])
    assert asyncio.run(scanner.warm()) == frozenset()
    scanner.close()


def test_a_large_body_is_walked_by_a_thread() -> None:
    """A megabyte is read like everything else."""
    assert types(scan(chat("words and more words " * 20_000 + CARD))) == {"CREDIT_CARD"}


def test_name_detectors_read_prose_alone() -> None:
    """A detector of plain views sees no squeezed, spoken or joined text."""
    names, cards = WordFinder("Jane"), CardFinder()
    scan(chat("card 4111.1111.1111.1111", "and more"), names, cards)
    assert any("4111111111111111" in text for text in cards.asked)
    assert not any("4111111111111111" in text for text in names.asked)


PADS = st.text(max_size=40)


@settings(max_examples=80, deadline=None)
@given(before=PADS, after=PADS, disguise=st.sampled_from(["plain", "dots", "hex", "escapes", "entities", "wide"]))
def test_padding_never_hides(before: str, after: str, disguise: str) -> None:
    """Law 5: what is sensitive alone is sensitive between any two texts."""
    card = {
        "plain": CARD,
        "dots": "4111.1111.1111.1111",
        "hex": CARD.encode().hex(),
        "escapes": "".join(f"\\u{ord(char):04x}" for char in CARD),
        "entities": "".join(f"&#{ord(char)};" for char in CARD),
        "wide": "".join(chr(0xFF10 + int(char)) for char in CARD),
    }[disguise]
    text = f"{before}\n a {card} z \n{after}"
    assert kept_inside(scan(json.dumps(chat(text)).encode()))


@settings(max_examples=60, deadline=None)
@given(
    cut=st.integers(1, 15),
    other=st.lists(st.sampled_from(["ok", "yes, go on", "thank you so much"]), max_size=2),
    shape=st.sampled_from(["parts", "messages", "metadata", "arguments", "stop"]),
)
def test_splitting_never_hides(cut: int, other: list[str], shape: str) -> None:
    """Law 5, evasion S3: cut in two anywhere and put into any two strings of one kind, a card is found."""
    pieces = [CARD[:cut], *other, CARD[cut:]]
    assert kept_inside(scan(_shaped(shape, pieces)))


def _shaped(shape: str, pieces: list[str]) -> dict[str, Any]:
    if shape == "parts":
        return chat([{"type": "text", "text": piece} for piece in pieces])
    if shape == "messages":
        return chat(*pieces)
    if shape == "stop":
        return chat("go", stop=pieces)
    fields = {f"field {chr(97 + number)}": piece for number, piece in enumerate(pieces)}
    return chat("go", metadata=fields) if shape == "metadata" else chat(json.dumps(fields))


@settings(max_examples=60, deadline=None)
@given(extra=st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3))
def test_further_fields_never_lower(extra: dict[str, str]) -> None:
    """Law 5: no field that a client adds makes a finding go away."""
    assert kept_inside(scan(json.dumps({**extra, **chat(f"card {CARD}")}).encode()))


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=120))
def test_no_body_raises(body: bytes) -> None:
    """Law 4: any bytes give a report."""
    assert scan(body).digest == draft(body).digest
