"""Modes of rules: who is enforced when, and that what is only watched changes nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_values import LABELS, backend, draft, entities, facts, finding, policy, report
from test_policy_decision import CONDITIONS, FACTS, FINDINGS, POLICIES, REASONS
from test_policy_loader import HEAD, load, problems

from gateway.model import Facts, Finding, Report
from gateway.policy.band import band_of
from gateway.policy.conditions import Always, Condition, Entities
from gateway.policy.decision import NO_RULES, Cleared, NotCleared, Refused, Verdict, classify, decide, watched
from gateway.policy.modes import ENFORCE, SHADOW, Mode
from gateway.policy.rule_mode import CanaryBlock, RuleMode
from gateway.policy.rules import ClassifyRule, Policy, RefuseRule
from gateway.policy.settled import settled_by
from gateway.policy.shadow import Shadow, zone_of

LOCAL = backend("llama", "restricted", local=True)
CARDS = entities("CREDIT_CARD")
MODES = st.sampled_from([SHADOW, Mode(0.3)])


def rules_of(tmp_path: Path, mode: str) -> Policy:
    refuse = f"refuse:\n  - {{id: no, when: always, message: No., mode: {mode}}}\n"
    return load(tmp_path, f"{HEAD}classify:\n  - {{id: it, when: always, label: internal, mode: {mode}}}\n{refuse}")


def shown(verdict: Verdict) -> tuple[object, ...]:
    """What a decision is, whatever was watched beside it. A new rule is a new revision."""
    rest = (verdict.reason,) if isinstance(verdict, NotCleared) else ()
    return type(verdict), verdict.label, verdict.rules, *rest


@pytest.mark.parametrize(
    ("mode", "share", "text"),
    [
        ("enforce", 1.0, "enforce"),
        ("shadow", 0.0, "shadow"),
        ("{canary: 5%}", 0.05, "canary 5%"),
        ("{canary: 0.5%}", 0.005, "canary 0.5%"),
        ("{canary: 99.9%}", 0.999, "canary 99.9%"),
    ],
)
def test_a_mode_is_one_word_or_a_share(tmp_path: Path, mode: str, share: float, text: str) -> None:
    """For classify and refuse rules alike."""
    one = rules_of(tmp_path, mode)
    for rule in (*one.classify, *one.refuse):
        assert (rule.mode.share, str(rule.mode)) == (pytest.approx(share), text)


@pytest.mark.parametrize(
    ("mode", "message", "remedy"),
    [
        ("shadw", "unknown mode 'shadw'", "Did you mean `shadow`?"),
        ("off", "unknown mode 'off'", "`enforce`, `shadow`"),
        ("canary", "unknown mode 'canary'", "{canary: 5%}"),
        ("true", "not a mode", "Write"),
        ("{canary: 5%, shadow: true}", "not a mode", "Write"),
        ("{canary: 5}", "not between 0% and 100%", "{canary: 5%}"),
        ("{canary: 0%}", "not between", "percentage"),
        ("{canary: 0.0%}", "not between", "percentage"),
        ("{canary: 100%}", "not between", "percentage"),
        ("{canary: -5%}", "not between", "percentage"),
    ],
)
def test_a_mode_that_is_none_ends_the_load(tmp_path: Path, mode: str, message: str, remedy: str) -> None:
    """With its line, and what to write."""
    text = f"{HEAD}classify:\n  - id: it\n    when: always\n    label: internal\n    mode: {mode}\n"
    (found,) = problems(tmp_path, text)
    assert found.line == 8
    assert message in found.message
    assert remedy in found.remedy


def test_the_words_of_the_language_are_those_of_the_mode() -> None:
    """The block's share is a number that a mode takes."""
    assert CanaryBlock(canary="5%").share == pytest.approx(0.05)
    assert RuleMode is not None


def test_a_canary_is_enforced_for_its_share_of_requests_and_always_for_the_same_ones() -> None:
    """Drawn by the request's id, so every attempt of a request sees the same; a larger share holds the smaller one."""
    ids = [f"req_{number:032x}" for number in range(20_000)]
    small = {one for one in ids if Mode(0.05).enforces("rule", one)}
    large = {one for one in ids if Mode(0.2).enforces("rule", one)}
    assert len(small) / len(ids) == pytest.approx(0.05, abs=0.01)
    assert len(large) / len(ids) == pytest.approx(0.2, abs=0.02)
    assert small < large
    assert small == {one for one in ids if Mode(0.05).enforces("rule", one)}
    other = {one for one in ids if Mode(0.05).enforces("another", one)}
    assert len(other & small) < len(small) / 2


def test_what_cannot_be_drawn_is_enforced() -> None:
    """Without an id nobody can say that the request is spared."""
    assert Mode(0.001).enforces("rule", "")
    assert not SHADOW.enforces("rule", "")
    assert ENFORCE.enforces("rule", "req_1")


def test_a_watched_rule_stands_beside_the_decision() -> None:
    """The label, the rules and the permission are those without it; what it would have done is told."""
    base = policy(("names", entities("PERSON"), "internal"))
    cards = ClassifyRule("cards", CARDS, "restricted", SHADOW)
    keys = RefuseRule("keys", entities("PRIVATE_KEY"), "No.", "no", SHADOW)
    one = draft()
    about = report(one, finding("CREDIT_CARD"))
    rules = replace(base, classify=(*base.classify, cards), refuse=(keys,))
    verdict = decide(rules, one, about, facts())
    assert isinstance(verdict, Cleared)
    assert (verdict.label, verdict.rules) == ("public", ())
    assert verdict.shadow == Shadow(("cards",), "restricted", refused=False)
    both = watched(rules, report(one, finding("CREDIT_CARD"), finding("PRIVATE_KEY")), facts())
    assert both == Shadow(("cards", "keys"), "restricted", refused=True)
    assert watched(rules, report(one, finding("PERSON")), facts()) is None


def test_a_canary_is_enforced_or_watched_and_never_both() -> None:
    """By the request's id."""
    base = policy(("names", entities("PERSON"), "internal"))
    rules = replace(base, classify=(*base.classify, ClassifyRule("cards", CARDS, "restricted", Mode(0.5))))
    one = draft()
    seen = set()
    for number in range(40):
        verdict = decide(rules, one, report(one, finding("CREDIT_CARD")), replace(facts(), request_id=f"req_{number}"))
        drawn = Mode(0.5).enforces("cards", f"req_{number}")
        seen.add(drawn)
        assert (verdict.rules, verdict.label) == ((("cards",), "restricted") if drawn else ((), "public"))
        assert verdict.shadow == (None if drawn else Shadow(("cards",), "restricted", refused=False))
    assert seen == {True, False}


@pytest.mark.parametrize("mode", [SHADOW, Mode(0.5)])
def test_rules_that_are_not_enforced_for_all_vouch_for_nothing(mode: Mode) -> None:
    """A policy whose rules are all being tried out is a policy without rules: everything stays."""
    one = draft(LOCAL)
    rules = Policy("test", LABELS, (ClassifyRule("it", CARDS, "internal", mode),))
    found = classify(rules, report(one), facts())
    assert (found.label, found.rules) == ("restricted", (NO_RULES,))


def test_who_would_have_answered_follows_from_the_label() -> None:
    """The first of the route that may have it and can do it; a refusal by a watched rule is one."""
    rules, outside = policy(("names", entities("PERSON"), "internal")), backend("gpt", "internal")
    able = facts()
    assert zone_of(rules, Shadow(("a",), "internal", refused=False), (outside, LOCAL), able) == "external"
    assert zone_of(rules, Shadow(("a",), "restricted", refused=False), (outside, LOCAL), able) == "local"
    assert zone_of(rules, Shadow(("a",), "restricted", refused=False), (outside,), able) == "nowhere"
    assert zone_of(rules, Shadow(("a",), "public", refused=True), (outside, LOCAL), able) == "refused"
    assert zone_of(rules, Shadow(("a",), "internal", refused=False), (outside, LOCAL), facts(vision=True)) == "nowhere"


def test_a_watched_rule_neither_settles_a_reading_nor_moves_the_judges_band() -> None:
    """Both would change what becomes of a request."""
    rules = policy(("cards", CARDS, "restricted"))
    assert settled_by(rules, frozenset()) is not None
    for mode in (SHADOW, Mode(0.5)):
        tried = replace(rules, classify=(replace(rules.classify[0], mode=mode),))
        assert settled_by(tried, frozenset()) is None
        matter = ClassifyRule("matter", Entities(any_of=frozenset({"PRIVATE_MATTER"}), min_score=0.01), "public", mode)
        assert band_of(replace(rules, classify=(*rules.classify, matter)).conditions) == band_of(rules.conditions)


def test_a_mode_is_a_part_of_the_revision() -> None:
    """Watching a rule is another policy than enforcing it."""
    rules = policy(("cards", CARDS, "restricted"))
    assert replace(rules, classify=(replace(rules.classify[0], mode=SHADOW),)).revision != rules.revision


@given(POLICIES, FINDINGS, REASONS, FACTS, CONDITIONS, MODES, st.sampled_from(LABELS), st.booleans())
def test_adding_a_watched_rule_never_changes_a_decision(
    rules: Policy,
    found: list[Finding],
    reasons: list[str],
    asked: Facts,
    when: Condition,
    mode: Mode,
    label: str,
    local: bool,
) -> None:
    """Classify rule or refuse rule, whatever it asks, wherever it stands."""
    one = draft(LOCAL if local else None)
    about = report(one, *found, reasons=tuple(reasons))
    spared = next(f"req_{n}" for n in range(1000) if not any(mode.enforces(i, f"req_{n}") for i in ("new", "end")))
    asked = replace(asked, request_id=spared)
    more = replace(
        rules,
        classify=(ClassifyRule("new", when, label, mode), *rules.classify),
        refuse=(RefuseRule("end", when, "No.", "no", mode), *rules.refuse),
    )
    before, after = decide(rules, one, about, asked), decide(more, one, about, asked)
    assert shown(after) == shown(before)
    if isinstance(before, Refused):
        assert isinstance(after, Refused)
        assert after.rule == before.rule


@given(POLICIES, FINDINGS, REASONS, FACTS, CONDITIONS, st.sampled_from(LABELS), st.floats(0, 1))
def test_enforcing_for_more_requests_never_lowers(
    rules: Policy, found: list[Finding], reasons: list[str], asked: Facts, when: Condition, label: str, share: float
) -> None:
    """From watched to a canary to enforced: the label rises or stays, and what was watched says how far."""
    one = draft()
    about: Report = report(one, *found, reasons=tuple(reasons))
    asked = replace(asked, request_id="req_1")
    ranks = []
    for mode in (SHADOW, Mode(share), ENFORCE):
        more = replace(rules, classify=(*rules.classify, ClassifyRule("new", when, label, mode)))
        # A policy without any enforced rule keeps everything; the first one that vouches is another matter.
        ranks.append(LABELS.index(classify(more, about, asked).label) if rules.vouched else 0)
    assert ranks == sorted(ranks)


def test_a_rule_that_always_matches_can_be_watched() -> None:
    """The widest rule there is, tried out without harm."""
    one = draft()
    rules = policy(("names", entities("PERSON"), "internal"))
    rules = replace(rules, classify=(*rules.classify, ClassifyRule("all", Always(), "restricted", SHADOW)))
    verdict = decide(rules, one, report(one), facts())
    assert isinstance(verdict, Cleared)
    assert verdict.shadow == Shadow(("all",), "restricted", refused=False)
