"""What a verdict may change: the classifier's own doubt and nothing else."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gateway.judge.doubt import Passage, doubtful, doubts, group
from gateway.judge.settle import matters, settle
from gateway.judge.verdicts import REASONS, Failure, Result, Ruling, Verdict
from gateway.model import Backend, Coverage, Draft, Facts, Finding, Report, WireFormat
from gateway.policy.conditions import Entities
from gateway.policy.decision import classify
from gateway.policy.judging import JudgeMode, JudgeUse
from gateway.policy.rules import ClassifyRule, Policy

BAND = (0.2, 0.8)
GROUPS = ("messages.0", "messages.1", "messages.2", "tools")
LABELS = ("public", "confidential", "restricted")
FACTS = Facts("k", "auto", False, 10, False, False, False, False, False)
GPT = Backend("gpt", WireFormat.OPENAI, "http://gpt.invalid/v1", {"m": "m"}, "public")

findings = st.builds(
    Finding,
    entity_type=st.sampled_from(["PRIVATE_MATTER", "PERSON", "CREDIT_CARD"]),
    score=st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.8, 0.81, 1.0, float("nan")]),
    path=st.sampled_from([f"{name}.content" for name in GROUPS]),
    role=st.just("user"),
    start=st.just(0),
    end=st.just(5),
    detector=st.sampled_from(["matter", "judge", "cards", "own"]),
)
reports = st.builds(
    lambda found, reasons: Report(b"d" * 32, tuple(found), Coverage(tuple(reasons)), (("cards", "1"),)),
    st.lists(findings, max_size=8),
    st.lists(st.sampled_from(["part:image", "timeout"]), unique=True, max_size=2).map(sorted),
)
verdicts: st.SearchStrategy[Result] = st.one_of(
    st.just(Verdict(Ruling.GENERAL)),
    st.sampled_from(REASONS).map(lambda code: Verdict(Ruling.PRIVATE, code)),
    st.sampled_from(list(Failure)),
)
results = st.dictionaries(
    st.sampled_from(GROUPS).map(lambda name: Passage(name, f"{name}.content", "user", ("text",))), verdicts, max_size=4
)


def policy(min_score: float = 0.4) -> Policy:
    return Policy(
        name="test",
        labels=LABELS,
        classify=(
            ClassifyRule("matter", Entities(frozenset({"PRIVATE_MATTER"}), min_score=min_score), "confidential"),
            ClassifyRule("cards", Entities(frozenset({"CREDIT_CARD"})), "restricted"),
        ),
        judge=JudgeUse(JudgeMode.UNCERTAIN, BAND),
    )


@given(reports, results)
def test_whatever_is_judged_everything_but_doubts_is_still_there(report: Report, judged: dict[Passage, Result]) -> None:
    """The law of the file: add-only for all that any other detector found, and for every coverage reason."""
    after = settle(report, BAND, judged, "1")
    others = [one for one in report.findings if not doubtful(one, BAND)]
    assert [one for one in after.findings if any(one is other for other in others)] == others
    assert set(report.coverage.reasons) <= set(after.coverage.reasons)
    assert after.digest == report.digest


@given(reports, results)
def test_only_a_general_verdict_about_its_own_message_takes_a_doubt_away(
    report: Report, judged: dict[Passage, Result]
) -> None:
    after = settle(report, BAND, judged, "1")
    general = {passage.group for passage, one in judged.items() if one == Verdict(Ruling.GENERAL)}
    doubted = [one for one in report.findings if doubtful(one, BAND)]
    left = [one for one in after.findings if doubtful(one, BAND) or one.detector == "judge"]
    for finding in doubted:
        if group(finding) not in general:
            assert any(one.path == finding.path and one.score >= finding.score for one in left)


@given(reports, results)
def test_without_a_general_verdict_the_label_can_only_rise(report: Report, judged: dict[Passage, Result]) -> None:
    """Law 5: private and no verdict add; nothing that a judge fails to say lowers anything."""
    judged = {passage: one for passage, one in judged.items() if one != Verdict(Ruling.GENERAL)}
    before = classify(policy(), report, FACTS).label
    after = classify(policy(), settle(report, BAND, judged, "1"), FACTS).label
    assert LABELS.index(after) >= LABELS.index(before)


@given(reports, results.filter(lambda one: any(isinstance(each, Failure) for each in one.values())))
def test_any_failure_means_the_highest_label(report: Report, judged: dict[Passage, Result]) -> None:
    """Law 4, whatever the other verdicts were."""
    assert classify(policy(), settle(report, BAND, judged, "1"), FACTS).label == "restricted"


def test_a_failure_cannot_be_accepted() -> None:
    """It is a reason, and the doubt stays beside it: no policy loads that accepts the one."""
    doubt = Finding("PRIVATE_MATTER", 0.5, "messages.0.content", "user", 0, 5, "matter")
    report = Report(b"", (doubt,), Coverage())
    after = settle(report, BAND, {Passage("messages.0", "messages.0.content", "user", ()): Failure.TIMEOUT}, "1")
    assert after.coverage.reasons == ("judge:timeout",)
    assert after.findings == (doubt,)


def test_the_band_includes_its_ends_and_nothing_that_is_no_number() -> None:
    def one(score: float, kind: str = "PRIVATE_MATTER", detector: str = "matter") -> bool:
        return doubtful(Finding(kind, score, "messages.0.content", "user", 0, 5, detector), BAND)

    assert [one(score) for score in (0.19, 0.2, 0.8, 0.81, float("nan"))] == [False, True, True, False, False]
    assert not one(0.5, kind="PERSON")
    assert not one(0.5, detector="own")


def test_a_message_is_doubted_as_a_whole() -> None:
    """Parts of one message share their fate, and so do the strings of one field."""
    paths = ("messages.3.content.0.text", "messages.3.content.1.text", "tools.0.function.description")
    found = tuple(Finding("PRIVATE_MATTER", 0.5, path, "user", 0, 5, "matter") for path in paths)
    assert doubts(Report(b"", found, Coverage()), BAND) == {"messages.3", "tools"}


def test_it_matters_only_where_the_two_verdicts_end_differently() -> None:
    passage = Passage("messages.0", "messages.0.content", "user", ("text",))
    doubt = Finding("PRIVATE_MATTER", 0.5, "messages.0.content", "user", 0, 5, "matter")
    card = Finding("CREDIT_CARD", 0.9, "messages.0.content", "user", 0, 5, "cards")
    draft = Draft(GPT, "http://gpt.invalid/v1", (), b"{}", "m", False)
    inside = replace(draft, backend=replace(GPT, clearance="restricted", local=True))

    def report(*found: Finding) -> Report:
        return Report(b"", found, Coverage())

    assert matters(policy(), draft, report(doubt), FACTS, [passage])
    assert not matters(policy(), draft, report(doubt, card), FACTS, [passage])
    assert not matters(policy(), inside, report(doubt), FACTS, [passage])
    assert not matters(replace(policy(), judge=None), draft, report(doubt), FACTS, [passage])
