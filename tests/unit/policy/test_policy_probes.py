"""Probes: the tests that stand beside a policy, run with a small detector of words in capitals."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from policy_values import backend

from gateway.errors import ConfigError
from gateway.model import Coverage, Finding, Report
from gateway.policy.probe_file import load_probes
from gateway.policy.probes import ProbeRun, run_probes
from gateway.policy.rules import Policy
from gateway.policy.vocabulary import Vocabulary

VOCABULARY = Vocabulary(frozenset({"CARD", "KEY"}))
POLICY = """
version: 1
name: mine
labels: [public, internal, restricted]
classify:
  - {id: cards, when: {entities: {any_of: [CARD]}}, label: restricted}
refuse:
  - {id: keys, when: {entities: {any_of: [KEY]}}, message: Remove it.}
route:
  - {when: {key: [hr]}, to: [local]}
  - {to: [external, local]}
"""
PROBES = """
- {name: general, prompt: hello, expect: {label: public, zone: external}}
- {name: card, prompt: my CARD, expect: {label: restricted, rule: cards, zone: local, nothing_to: [external]}}
- {name: key, messages: [{role: user, content: a KEY}], expect: {rule: [keys], zone: refused, nothing_to: [local]}}
"""


def inspect(body: Mapping[str, Any]) -> Report:
    text = orjson.dumps(body).decode()
    found = [Finding(word, 1.0, "messages[0].content", "user", 0, 4, "words") for word in re.findall("CARD|KEY", text)]
    return Report(b"", tuple(found), Coverage())


def run(tmp_path: Path, probes: str = PROBES, policy: str = POLICY, **options: Any) -> ProbeRun:
    (tmp_path / "policy.yaml").write_text(policy)
    (tmp_path / "probes.yaml").write_text(probes)
    return run_probes(tmp_path, options.pop("inspect", inspect), VOCABULARY, **options)


def failures(probe: str, tmp_path: Path, **options: Any) -> tuple[str, ...]:
    return run(tmp_path, f"{PROBES}- {probe}\n", **options).results[-1].failures


def test_probes_that_see_what_they_expect_pass(tmp_path: Path) -> None:
    """One that leaves, one that stays, one that is refused; each knows its line."""
    found = run(tmp_path)
    assert found.passed
    assert [(one.name, one.line, one.label, one.rules, one.zone) for one in found.results] == [
        ("general", 2, "public", (), "external"),
        ("card", 3, "restricted", ("cards",), "local"),
        ("key", 4, "public", ("keys",), "refused"),
    ]


@pytest.mark.parametrize(
    ("probe", "failure"),
    [
        ("{name: x, prompt: CARD, expect: {label: public}}", "label is restricted, expected public"),
        ("{name: x, prompt: hi, expect: {rule: cards}}", "rule cards did not match; matched: none"),
        ("{name: x, prompt: CARD, expect: {zone: external}}", "zone is local, expected external"),
        ("{name: x, prompt: hi, expect: {nothing_to: [external]}}", "external could have received it"),
        ("{name: x, prompt: CARD, expect: {zone: refused}}", "zone is local, expected refused"),
    ],
)
def test_a_difference_is_named(tmp_path: Path, probe: str, failure: str) -> None:
    """What differs is said in the words of the expectation."""
    assert failures(probe, tmp_path) == (failure,)
    assert not run(tmp_path, f"{PROBES}- {probe}\n").passed


def test_nothing_to_asks_every_backend_and_not_only_the_one_that_answers(tmp_path: Path) -> None:
    """A local answer is no proof that the external side could not have had it."""
    local_first = POLICY.replace("to: [external, local]", "to: [local, external]")
    probe = "{name: x, prompt: hi, expect: {zone: local, nothing_to: [external]}}"
    assert failures(probe, tmp_path, policy=local_first) == ("external could have received it",)


def test_facts_of_the_body_reach_the_conditions(tmp_path: Path) -> None:
    """Keys, models, tools and attachments are those of the probe's body."""
    assert not failures("{name: x, prompt: hi, key: hr, expect: {zone: local}}", tmp_path)
    for body in (
        "{stream: true, messages: []}",
        "{tools: [{type: function}], messages: []}",
        "{messages: [{role: user, content: [{type: image_url, image_url: {url: x}}]}]}",
        "{messages: [], max_tokens: 5000}",
    ):
        condition = "any: [{stream: true}, {tools: true}, {attachments: true}, {tokens: {over: 4000}}]"
        policy = POLICY.replace("refuse:", f"  - {{id: facts, when: {{{condition}}}, label: internal}}\nrefuse:")
        assert not failures(f"{{name: x, body: {body}, expect: {{rule: facts}}}}", tmp_path, policy=policy)


@pytest.mark.parametrize("fault", ["detector_error", "timeout"])
def test_a_fault_is_simulated_at_its_worst(tmp_path: Path, fault: str) -> None:
    """Nothing was found before the detector failed, and still nothing leaves."""
    probe = (
        f"{{name: x, prompt: hi, fault: {fault}, expect: {{label: restricted, rule: builtin-incomplete, zone: local}}}}"
    )
    assert not failures(probe, tmp_path)


def test_an_inspection_that_raises_fails_the_probe(tmp_path: Path) -> None:
    """It never counts as clean, and its message is not repeated."""

    def broken(body: Mapping[str, Any]) -> Report:
        raise RuntimeError(str(body))

    found = run(tmp_path, inspect=broken)
    assert {one.failures for one in found.results} == {("inspection raised an error",)}
    assert not found.passed


def test_zero_probes_fail(tmp_path: Path) -> None:
    """An empty file must never look like success."""
    for text in ("", "[]\n", "probes: []\n"):
        found = run(tmp_path, text)
        assert not found.passed
        assert found.problems[0].message == "there are no probes"
    (tmp_path / "probes.yaml").unlink()
    with pytest.raises(ConfigError, match="No such file"):
        run_probes(tmp_path, inspect, VOCABULARY)


def test_each_rule_needs_a_probe_that_hits_and_one_that_does_not(tmp_path: Path) -> None:
    """A rule that nothing hits, or that everything hits, is not tested."""
    only_general = "- {name: a, prompt: hi, expect: {label: public}}\n"
    assert [p.message for p in run(tmp_path, only_general).problems] == [
        "no probe hits the rule `cards`",
        "no probe hits the rule `keys`",
    ]
    only_cards = "- {name: a, prompt: CARD KEY, expect: {rule: cards}}\n"
    assert [p.message for p in run(tmp_path, only_cards).problems] == [
        "every probe hits the rule `cards`",
        "every probe hits the rule `keys`",
    ]


def test_a_rule_that_always_matches_needs_no_probe_that_it_leaves_alone(tmp_path: Path) -> None:
    """There cannot be one."""
    policy = POLICY.replace("{entities: {any_of: [CARD]}}", "always").replace("{entities: {any_of: [KEY]}}", "{key: k}")
    probes = (
        "- {name: a, prompt: hi, expect: {rule: cards, zone: local}}\n"
        "- {name: b, prompt: hi, key: k, expect: {rule: keys}}\n"
    )
    assert run(tmp_path, probes, policy).passed


def test_probes_may_assume_backends_of_their_own(tmp_path: Path) -> None:
    """A policy that names backends is tested with backends of these names, or with the real ones."""
    policy = POLICY.replace("to: [external, local]", "to: [gpt, llama]")
    listed = "".join(f"  {row}\n" for row in PROBES.strip().splitlines())
    head = "backends:\n  gpt: {clearance: public}\n  llama: {clearance: restricted, local: true}\nprobes:\n"
    assert run(tmp_path, head + listed, policy).passed
    real = (backend("gpt", "public"), backend("llama", "restricted", local=True))
    assert run(tmp_path, PROBES, policy, backends=real).passed
    with pytest.raises(ConfigError, match="unknown backend 'gpt'"):
        run(tmp_path, head.replace("gpt:", "claude:") + listed, policy)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("- {name: a, prompt: x, expect: {}}", 1, "expects nothing"),
        ("- {name: a, expect: {zone: local}}", 1, "exactly one of"),
        ("- {name: a, prompt: x, messages: [], expect: {zone: local}}", 1, "exactly one of"),
        ("- {name: a, prompt: x, expect: {zone: cloud}}", 1, "'local', 'external'"),
        ("- {name: a, prompt: x, fault: fire, expect: {zone: local}}", 1, "'detector_error' or 'timeout'"),
        ("- {name: a, prompt: x, expects: {zone: local}}", 1, "unknown key `probes[0].expects`"),
        ("# two\n- {name: a, prompt: x, expect: {label: secret}}", 2, "label: 'secret' is not known"),
        ("- {name: a, prompt: x, expect: {rule: card}}", 1, "rule: 'card' is not known"),
        ("- {name: a, prompt: x, expect: {nothing_to: [gpt]}}", 1, "nothing_to: 'gpt' is not known"),
        (
            "- {name: a, prompt: x, expect: {zone: local}}\n- {name: a, prompt: y, expect: {zone: local}}",
            1,
            "two probes",
        ),
        ("probes: 5", 1, "a list is needed"),
        ("backends: {gpt: {clearanc: x}}\nprobes: []", 1, "unknown key"),
        ("5", 1, "a list is needed"),
    ],
)
def test_a_mistake_in_the_probes_is_an_error_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    """A probe with a typo is not a probe that passes."""
    with pytest.raises(ConfigError) as caught:
        run(tmp_path, text)
    assert any(p.line == line and message in p.message for p in caught.value.problems), str(caught.value)


def test_probes_show_no_prompt_in_their_repr(tmp_path: Path) -> None:
    """Law 6 holds for tests as well: results carry names, labels and rules."""
    found = run(tmp_path, PROBES.replace("hello", "secret-canary"))
    assert "secret-canary" not in repr(found)
    assert "secret-canary" not in repr(load_probes(tmp_path / "probes.yaml"))


WATCHED = POLICY.replace(
    "label: restricted}\nrefuse",
    "label: restricted}\n  - {id: words, when: {entities: {any_of: [KEY]}}, label: restricted, mode: shadow}\nrefuse",
)


def test_a_watched_rule_has_probes_of_its_own(tmp_path: Path) -> None:
    """It is expected in the shadow, and does not count among the rules that matched."""
    probe = "- {name: w, prompt: KEY, expect: {label: public, rule: keys, shadow: words}}\n"
    found = run(tmp_path, PROBES + probe, WATCHED)
    assert found.passed, (found.results, found.problems)
    assert (found.results[-1].rules, found.results[-1].shadow) == (("keys",), ("words",))
    missed = failures("{name: x, prompt: CARD, expect: {shadow: words}}", tmp_path, policy=WATCHED)
    assert missed == ("rule words did not match in the shadow; matched there: none",)


def test_only_a_watched_rule_may_be_expected_in_the_shadow(tmp_path: Path) -> None:
    """An enforced one never stands there."""
    with pytest.raises(ConfigError, match="shadow: 'cards' is not known"):
        run(tmp_path, PROBES + "- {name: x, prompt: CARD, expect: {shadow: cards}}\n", WATCHED)


def test_a_canary_is_probed_as_if_it_were_enforced(tmp_path: Path) -> None:
    """A probe is no request that could be drawn."""
    canary = WATCHED.replace("mode: shadow", "mode: {canary: 5%}")
    found = run(tmp_path, PROBES + "- {name: w, prompt: KEY, expect: {label: restricted, rule: words}}\n", canary)
    assert found.passed, (found.results, found.problems)


SUPPRESSING = POLICY + (
    "suppress:\n  - {id: own, reason: Ours., by: me, until: 9999-12-31, entities: [CARD], values: [CARDX]}\n"
)


def own(policy: Policy, body: Mapping[str, Any], report: Report) -> Report:
    """Stands for the real step: takes out the first finding where the text says so."""
    taken = bool(policy.suppress) and "OWN" in orjson.dumps(body).decode()
    return replace(report, findings=report.findings[1:], suppressed=(("own", 1),)) if taken else report


def test_a_suppression_has_probes_of_its_own(tmp_path: Path) -> None:
    """One with its value, and one with another value of its types."""
    probe = "- {name: own, prompt: OWN CARD, expect: {label: public, suppressed: own}}\n"
    found = run(tmp_path, PROBES + probe, SUPPRESSING, suppress=own)
    assert found.passed, (found.results, found.problems)
    assert [one.suppressed for one in found.results] == [(), (), (), ("own",)]
    missed = failures("{name: x, prompt: CARD, expect: {suppressed: own}}", tmp_path, policy=SUPPRESSING, suppress=own)
    assert missed == ("own suppressed nothing; what did: none",)


def test_a_suppression_without_a_hit_or_without_a_miss_is_not_tested(tmp_path: Path) -> None:
    """What a list leaves alone matters more than what it takes out."""
    (problem,) = run(tmp_path, PROBES, SUPPRESSING, suppress=own).problems
    assert problem.message == "no probe hits the suppression `own`"
    only = "- {name: a, prompt: OWN CARD, expect: {suppressed: own}}\n- {name: b, prompt: KEY, expect: {rule: keys}}\n"
    told = [problem.message for problem in run(tmp_path, only, SUPPRESSING, suppress=own).problems]
    assert told[-1] == "no probe shows that the suppression `own` leaves other values alone"
    with pytest.raises(ConfigError, match="suppressed: 'ownn' is not known"):
        run(tmp_path, "- {name: a, prompt: x, expect: {suppressed: ownn}}\n", SUPPRESSING)


def test_a_probe_says_who_asks_when_and_what_it_sends(tmp_path: Path) -> None:
    """Without `at` the time is not known, so that a condition on it counts as met."""
    when = "{team: legal, headers: {x-unit: eu-*}, metadata: {case: a*}, tool_names: [shell], system_prompt: true}"
    (tmp_path / "policy.yaml").write_text(
        "version: 1\nname: mine\nlabels: [public, restricted]\nreads: {headers: [x-unit], metadata: [case]}\n"
        f"classify:\n  - {{id: told, when: {when}, label: restricted}}\n"
        "  - {id: night, when: {time: {from: '22:00', to: '06:00', zone: UTC}}, label: restricted}\n"
    )
    body = "{messages: [{role: system, content: x}], metadata: {case: a1}, tools: [{type: shell}]}"
    noon, midnight = "2026-03-02T12:00+00:00", "2026-03-02T00:00+00:00"
    sent = f"at: {noon}, team: legal, headers: {{X-Unit: eu-1}}, body: {body}"
    (tmp_path / "probes.yaml").write_text(
        f"- {{name: all, {sent}, expect: {{rule: told}}}}\n"
        f"- {{name: another team, {sent.replace('team: legal', 'team: hr')}, expect: {{label: public}}}}\n"
        f"- {{name: at night, prompt: x, at: {midnight}, expect: {{rule: night}}}}\n"
        "- {name: who knows when, prompt: x, expect: {rule: night}}\n"
    )
    ran = run_probes(tmp_path, inspect, VOCABULARY)
    assert ran.passed, [result.failures for result in ran.results]


def test_the_time_of_a_probe_needs_its_zone(tmp_path: Path) -> None:
    """Nine o'clock is nine somewhere."""
    file = tmp_path / "probes.yaml"
    file.write_text('- {name: one, prompt: x, at: "2026-03-02T09:00", expect: {label: public}}\n')
    with pytest.raises(ConfigError, match="not a time with its zone"):
        load_probes(file)
