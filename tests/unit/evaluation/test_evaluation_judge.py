"""A judge beside the figures: who is asked, what a row tells of it, and the shares with it and without it."""

import json
from dataclasses import replace

from evaluation_values import REVISIONS, outcome, row

from gateway.evaluation.decider import Recipe
from gateway.evaluation.figures import figures
from gateway.evaluation.judge_shares import judge_shares
from gateway.evaluation.judging import JudgeAt, JudgeUsed
from gateway.evaluation.outcome import Judged, Kept, Outcome
from gateway.evaluation.worker import recipe_line, recipe_of
from gateway.evaluation.workers import Revision

JUDGE = JudgeUsed("qwen3", "1.abc", "uncertain", (0.08, 0.8))
JUDGED = {"balanced": Revision("default", "abc", JUDGE), "everything-local": Revision("everything-local", "def")}


def judged(one: Outcome, *told: str, kept: bool) -> Outcome:
    """The same with what a judge told of it."""
    says = Judged(Kept(kept, "restricted" if kept else "public", ()), told)
    return replace(one, judged={"balanced": says}, questions=tuple((verdict, 20.0) for verdict in told))


DECIDED = [
    (row("a", sensitive=True), judged(outcome(kept=False), "private", kept=True)),
    (row("b", sensitive=True), judged(outcome(kept=True), kept=True)),
    (row("c", sensitive=False, source="code"), judged(outcome(kept=True), "general", kept=False)),
    (row("d", sensitive=False, source="code"), judged(outcome(kept=True), "timeout", kept=True)),
]


def test_a_url_may_name_a_model() -> None:
    assert JudgeAt.of("http://127.0.0.1:8081/v1") == JudgeAt("http://127.0.0.1:8081/v1")
    assert JudgeAt.of("http://llm/v1/#org/qwen3:4b", ["llm"]) == JudgeAt("http://llm/v1", "org/qwen3:4b", ("llm",))
    assert JudgeAt.of("http://llm/v1#").model is None


def test_both_kinds_of_shares_stand_side_by_side_for_all_rows_and_for_each_source() -> None:
    document = judge_shares(DECIDED, JUDGED)
    assert document is not None
    assert (document["model"], document["prompt"]) == ("qwen3", "1.abc")
    assert list(document["profiles"]) == ["balanced"], "where nothing leaves there is nothing to judge"
    one = document["profiles"]["balanced"]
    assert (one["mode"], one["band"]) == ("uncertain", [0.08, 0.8])
    assert [(one[mode]["recall"], one[mode]["over_routing"]) for mode in ("off", "uncertain")] == [
        (0.5, 1.0),
        (1.0, 0.5),
    ]
    assert one["off"]["by_source"]["code"]["over_routing"] == 1.0
    assert one["uncertain"]["by_source"]["code"]["over_routing"] == 0.5
    assert one["uncertain"]["by_source"]["code"]["recall"] is None


def test_what_the_judge_was_asked_is_counted() -> None:
    """Rows by profile; questions once, as a text that was asked about is remembered."""
    document = judge_shares(DECIDED, JUDGED)
    assert document is not None
    assert document["questions"] == {"general": 1, "private": 1, "timeout": 1}
    assert document["question_ms"]["mean"] == 20.0
    one = document["profiles"]["balanced"]
    assert (one["rows_asked"], one["rows_without_verdict"]) == (3, 1)


def test_without_a_judge_there_is_nothing() -> None:
    assert judge_shares(DECIDED, REVISIONS) is None
    assert figures(DECIDED, "balanced", REVISIONS)["judge"] is None


def test_everything_about_it_travels() -> None:
    """Between processes, as JSON."""
    for _, one in DECIDED:
        assert Outcome.from_json(json.loads(json.dumps(one.as_json()))) == one
    assert JudgeUsed.from_json(json.loads(json.dumps(JUDGE.as_json()))) == JUDGE
    recipe = Recipe({}, None, compare=True, profile="strict", judge=JudgeAt("http://llm/v1", "qwen3", ("llm",)))
    assert recipe_of(json.loads(recipe_line(recipe))) == recipe
