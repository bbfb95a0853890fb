"""Numbers for Prometheus: the right ones, under names from closed sets alone."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gateway.model import Coverage, Finding, Report, Usage
from gateway.telemetry.metrics import METRICS, OTHER, Metrics

PROMPT = "My name is Ada Lovelace"


def metrics() -> Metrics:
    return Metrics(
        labels=["public", "restricted"],
        backends=["gpt", "qwen-local"],
        entity_types=["PERSON", "CREDIT_CARD"],
        coverage_kinds=["part", "timeout"],
    )


def report(*entity_types: str, reasons: tuple[str, ...] = ()) -> Report:
    findings = tuple(Finding(name, 1.0, "messages.0.content", "user", 0, 1, "test") for name in entity_types)
    return Report(b"", findings, Coverage(reasons))


def value(rendered: bytes, name: str, **labels: str) -> float | None:
    """One sample of what Prometheus would read."""
    for family in text_string_to_metric_families(rendered.decode()):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return None


def test_decisions_are_counted_by_outcome_label_and_backend() -> None:
    """One decision, one count."""
    numbers = metrics()
    numbers.decided("sent_external", "public", "gpt")
    numbers.decided("sent_external", "public", "gpt")
    numbers.decided("refused", "restricted", "")
    rendered = numbers.render()
    assert value(rendered, "gateway_decisions_total", outcome="sent_external", label="public", backend="gpt") == 2
    assert value(rendered, "gateway_decisions_total", outcome="refused", label="restricted", backend="") == 1


def test_findings_and_reasons_are_counted_by_kind() -> None:
    """A reason's detail is left off: it may name many things, the kind is one of a dozen."""
    numbers = metrics()
    numbers.inspected(report("PERSON", "PERSON", "CREDIT_CARD", reasons=("part:image", "part:audio", "timeout")), 0.002)
    rendered = numbers.render()
    assert value(rendered, "gateway_findings_total", entity_type="PERSON") == 2
    assert value(rendered, "gateway_findings_total", entity_type="CREDIT_CARD") == 1
    assert value(rendered, "gateway_incomplete_total", reason="part") == 1
    assert value(rendered, "gateway_incomplete_total", reason="timeout") == 1
    assert value(rendered, "gateway_inspection_seconds_count") == 1
    assert value(rendered, "gateway_inspection_seconds_sum") == 0.002


def test_an_ending_carries_times_and_tokens() -> None:
    """Seconds to the first and last byte and tokens by kind, for the backend that answered."""
    numbers = metrics()
    numbers.ended("completed", "gpt", 2.0, 0.5, Usage(100, 20, 60))
    numbers.ended("failed", "", 0.1, None, None)
    rendered = numbers.render()
    assert value(rendered, "gateway_endings_total", ending="completed", backend="gpt") == 1
    assert value(rendered, "gateway_endings_total", ending="failed", backend="") == 1
    assert value(rendered, "gateway_first_byte_seconds_sum", backend="gpt") == 0.5
    assert value(rendered, "gateway_answer_seconds_sum", backend="gpt") == 2.0
    for kind, number in (("prompt", 100), ("completion", 20), ("cached", 60)):
        assert value(rendered, "gateway_tokens_total", backend="gpt", kind=kind) == number


def test_a_failed_attempt_is_counted_though_another_backend_answers() -> None:
    """A vendor's rejected key shows, also while failover hides it from clients; a reason nobody listed is ``other``."""
    numbers = metrics()
    for reason in ("status_401", "status_401", "connect", "status_4xx", "unheard"):
        numbers.failed("gpt", reason)
    rendered = numbers.render()
    counts = {"status_401": 2, "connect": 1, OTHER: 2}
    for reason, number in counts.items():
        assert value(rendered, "gateway_failed_attempts_total", backend="gpt", reason=reason) == number


def test_the_rest_is_counted_too() -> None:
    """Requests in flight, answers by status, cache, audit, added time."""
    numbers = metrics()
    numbers.watch_in_flight(lambda: 1)
    numbers.answered(200, 0.2)
    numbers.watch_cache(lambda: (3, 1))
    numbers.recorded(0.001)
    numbers.lost(2)
    numbers.added(0.003)
    rendered = numbers.render()
    assert value(rendered, "gateway_in_flight") == 1
    assert value(rendered, "gateway_responses_total", status="200") == 1
    assert value(rendered, "gateway_response_seconds_count") == 1
    assert value(rendered, "gateway_cache_total", result="hit") == 3
    assert value(rendered, "gateway_cache_total", result="miss") == 1
    assert value(rendered, "gateway_audit_write_seconds_count") == 1
    assert value(rendered, "gateway_audit_lost_total") == 2
    assert value(rendered, "gateway_added_seconds_sum") == 0.003


@given(text=st.text(max_size=50))
def test_no_text_becomes_a_label_value(text: str) -> None:
    """Law 6 and reported problem 55: what is not in a closed set is counted as ``other``, whatever it is."""
    numbers = metrics()
    numbers.decided(text, text, text)
    numbers.ended(text, text, 1.0, 1.0, Usage(1, 1))
    numbers.inspected(report(text, reasons=(text,)), 0.1)
    numbers.failed(text, text)
    allowed = {
        OTHER,
        "",
        "public",
        "restricted",
        "unknown",
        "gpt",
        "qwen-local",
        "PERSON",
        "CREDIT_CARD",
        "part",
        "timeout",
    }
    allowed |= {
        "sent_local",
        "sent_external",
        "refused",
        "unavailable",
        "asked_judge",
        "prompt",
        "completion",
        "cached",
    }
    allowed |= {"hit", "miss"}
    allowed |= {"completed", "client_disconnected", "upstream_broke", "rejected", "failed"}
    for family in text_string_to_metric_families(numbers.render().decode()):
        for sample in family.samples:
            assert {word for name, word in sample.labels.items() if name != "le"} <= allowed


def test_a_prompt_in_every_place_leaves_no_trace() -> None:
    """Invariant I7 for /metrics."""
    numbers = metrics()
    numbers.decided(PROMPT, PROMPT, PROMPT)
    numbers.ended(PROMPT, PROMPT, 1.0, None, None)
    numbers.inspected(report(PROMPT, reasons=(PROMPT,)), 0.1)
    numbers.answered(99, 0.1)
    assert b"Ada" not in numbers.render()


def test_what_is_rendered_is_what_is_documented() -> None:
    """The table of metrics is complete and says what each means; nothing else is rendered."""
    kinds = {}
    for family in text_string_to_metric_families(metrics().render().decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        kinds[name] = (family.type, family.documentation)
    assert kinds == {one.name: (one.kind, one.help) for one in METRICS}


def test_two_gateways_in_one_process_do_not_share_numbers() -> None:
    """No global registry: tests and the demo run several gateways."""
    one, other = metrics(), metrics()
    one.lost(1)
    assert value(other.render(), "gateway_audit_lost_total") == 0


def test_counting_from_threads_loses_nothing() -> None:
    """The audit thread counts while the event loop does."""
    numbers = metrics()
    threads = [threading.Thread(target=lambda: [numbers.lost(1) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(numbers.render(), "gateway_audit_lost_total") == 2000


@pytest.mark.parametrize("status", [-1, 0, 99, 600, 10**9])
def test_an_impossible_status_is_other(status: int) -> None:
    """A backend cannot make series by answering odd numbers."""
    numbers = metrics()
    numbers.answered(status, 0.1)
    assert value(numbers.render(), "gateway_responses_total", status=OTHER) == 1


@pytest.mark.parametrize("tokens", [-1, 10**400])
def test_impossible_token_counts_break_nothing(tokens: int) -> None:
    """The answer is on its way already when this is counted."""
    numbers = metrics()
    numbers.ended("completed", "gpt", 1.0, 1.0, Usage(tokens, tokens))
    counted = value(numbers.render(), "gateway_tokens_total", backend="gpt", kind="prompt")
    assert counted is not None
    assert 0 <= counted <= 10**9


@given(text=st.text(max_size=50))
def test_a_verdict_outside_the_closed_list_is_counted_as_other(text: str) -> None:
    """Whatever a judge said: its words are no label values."""
    numbers = metrics()
    numbers.judged("private", 0.2)
    numbers.judged("general", None)
    numbers.judged(f"{text}!", 0.1)
    rendered = numbers.render()
    assert value(rendered, "gateway_judge_total", verdict="private", source="asked") == 1
    assert value(rendered, "gateway_judge_total", verdict="general", source="remembered") == 1
    assert value(rendered, "gateway_judge_total", verdict=OTHER, source="asked") == 1
    assert value(rendered, "gateway_judge_seconds_count") == 2
