"""Loading a policy: what the language says, and that whatever is wrong stops the load with line and remedy."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from policy_values import backend, draft, facts, finding, report

from gateway.errors import ConfigError, Problem
from gateway.model import Facts, Finding
from gateway.policy.decision import classify
from gateway.policy.loader import NOT_YET, load_policy
from gateway.policy.reads import Reads
from gateway.policy.rules import Otherwise, Policy
from gateway.policy.vocabulary import Vocabulary, rights

VOCABULARY = Vocabulary(
    frozenset({"PERSON", "FULL_NAME", "CREDIT_CARD", "IBAN_CODE", "HEALTH_TERM"}),
    {"payment": frozenset({"CREDIT_CARD", "IBAN_CODE"}), "names": frozenset({"PERSON", "FULL_NAME"})},
)
BACKENDS = rights([backend("gpt", "internal"), backend("llama", "restricted", local=True)])
MONDAY = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
HEAD = "version: 1\nname: mine\nlabels: [public, internal, restricted]\n"


def load(tmp_path: Path, text: str, vocabulary: Vocabulary = VOCABULARY) -> Policy:
    (tmp_path / "policy.yaml").write_text(text)
    return load_policy(tmp_path, vocabulary)


def problems(tmp_path: Path, text: str, vocabulary: Vocabulary = VOCABULARY) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, vocabulary)
    assert all(problem.file == tmp_path / "policy.yaml" for problem in caught.value.problems)
    assert all(problem.remedy for problem in caught.value.problems)
    return caught.value.problems


def rule(when: str, label: str = "restricted") -> str:
    return f"{HEAD}classify:\n  - id: it\n    when: {when}\n    label: {label}\n"


def reading(when: str) -> str:
    return "reads: {headers: [x-department], metadata: [case]}\n" + rule(when)


def test_a_whole_policy_reads_as_it_is_written(tmp_path: Path) -> None:
    """Every part of the language once."""
    policy = load(
        tmp_path,
        """
        version: 1
        name: whole
        about: For the tests.
        labels: [public, internal, restricted]
        coverage: {accept: [script, "opaque:numbers"]}
        classify:
          - id: cards
            about: Numbers of cards and accounts.
            when: {entities: {any_of: [payment], min_score: 0.5, min_count: 2, roles: [user, tool]}}
            label: restricted
          - id: unread
            when: {coverage: {reasons: [script]}}
            label: internal
        refuse:
          - id: too-much
            when: {all: [{tokens: {over: 100000}}, {not: {key: ops-*}}]}
            message: Send less.
            code: too_much
        route:
          - {when: {key: [hr-*]}, to: local}
          - {to: [gpt, local], on_unavailable: refuse, on_incapable: next}
        """,
        Vocabulary(VOCABULARY.entity_types, VOCABULARY.groups, BACKENDS),
    )
    assert (policy.name, policy.labels, policy.top) == ("whole", ("public", "internal", "restricted"), "restricted")
    assert policy.accepted == {"script", "opaque:numbers"}
    assert [one.id for one in policy.classify] == ["cards", "unread"]
    assert policy.refuse[0].code == "too_much"
    assert policy.route[0].to == ("local",)
    assert policy.route[1].on_unavailable is Otherwise.REFUSE


@pytest.mark.parametrize(
    ("when", "found", "asked", "matches"),
    [
        ("always", (), facts(), True),
        ("{entities: {any_of: [payment]}}", (finding("IBAN_CODE"),), facts(), True),
        ("{entities: {any_of: payment}}", (finding("IBAN_CODE"),), facts(), True),
        ("{entities: {any_of: [payment]}}", (finding("IBAN_CODE", 0.39),), facts(), False),
        ("{entities: {any_of: [CREDIT_CARD]}}", (finding("IBAN_CODE"),), facts(), False),
        ("{entities: {any_of: [anything]}}", (finding("SOMETHING_NEW"),), facts(), True),
        ("{entities: {all_of: [names, payment]}}", (finding("PERSON"),), facts(), False),
        ("{entities: {all_of: [names, payment]}}", (finding("PERSON"), finding("CREDIT_CARD")), facts(), True),
        ("{entities: {any_of: [names], roles: tool}}", (finding("PERSON"),), facts(), False),
        ("{entities: {any_of: [names], where: user}}", (finding("PERSON"),), facts(), False),
        ("{entities: {any_of: [names], where: [user]}}", (finding("PERSON", start=-1),), facts(), True),
        ("{entities: {any_of: [names], min_distinct: 2}}", (finding("PERSON"),), facts(), False),
        ("{entities: {all_of: [names, payment], near: segment}}", (finding("PERSON"),), facts(), False),
        ("{team: [legal-*]}", (), facts(team="legal-eu"), True),
        ("{team: [legal-*], app: search}", (), facts(team="legal-eu", app="mail"), False),
        ("{not: {team: [legal]}}", (), facts(team=None), True),
        ("{system_prompt: true}", (), facts(system_prompt=True), True),
        ("{tool_names: [shell, web_*]}", (), facts(tool_names=("web_search",)), True),
        ("{tool_names: [shell, web_*]}", (), facts(tool_names=()), False),
        ("{time: {from: 08:00, to: 18:00, days: [mon-fri], zone: Europe/Berlin}}", (), facts(at=MONDAY), True),
        ("{time: {days: [tue], zone: Europe/Berlin}}", (), facts(at=MONDAY), False),
        ("{not: {time: {days: [mon], zone: UTC}}}", (), facts(at=MONDAY), False),
        ("{any: [{tools: true}, {stream: true}]}", (), facts(stream=True), True),
        ("{tools: true, stream: true}", (), facts(stream=True), False),
        ("{all: [{tools: true}, {stream: true}]}", (), facts(stream=True), False),
        ("{not: {model: [gpt-*, claude-*]}}", (), facts("gpt-5"), False),
        ("{not: {model: [gpt-*, claude-*]}}", (), facts("llama"), True),
        ("{attachments: true}", (), facts(audio=True), True),
        ("{attachments: image}", (), facts(audio=True), False),
        ("{tokens: {over: 10, under: 20}}", (), facts(tokens=15), True),
        ("{key: team-a, entities: {any_of: [names]}}", (finding("PERSON"),), facts(), True),
        ("{key: team-b, entities: {any_of: [names]}}", (finding("PERSON"),), facts(), False),
    ],
)
def test_conditions_mean_what_they_say(
    tmp_path: Path, when: str, found: tuple[Finding, ...], asked: Facts, matches: bool
) -> None:
    """From the text of a condition to a label."""
    found_label = classify(load(tmp_path, rule(when)), report(draft(), *found), asked).label
    assert found_label == ("restricted" if matches else "public")


@pytest.mark.parametrize("tail", ["", "classify:\n", "classify: []\n", "route:\n  - {to: [external]}\n"])
def test_a_policy_without_classify_rules_loads_and_keeps_everything_at_home(tmp_path: Path, tail: str) -> None:
    """Zero rules never mean release."""
    assert classify(load(tmp_path, HEAD + tail), report(draft()), facts()).label == "restricted"


WRONG = [
    ("", None, "the file is empty", "required keys"),
    ("- a\n", 1, "the top level must be a mapping", "key: value"),
    ("version: 1\n", 1, "name: the key is missing", "Add it"),
    ("version: 2\nname: mine\nlabels: [a]\n", 1, "version: this has to be 1", "version"),
    (HEAD + "clasify: []\n", 4, "unknown key `clasify`", "Did you mean `classify`?"),
    (HEAD + "labels: [a]\n", 4, "'labels' is given twice (first on line 3)", "Keep one"),
    ("version: 1\nname: My Policy\nlabels: [a]\n", 2, "'My Policy' is not a name", "small letters"),
    ("version: 1\nname: mine\nlabels: []\n", 3, "labels: the list is empty", "Name at least one"),
    ("version: 1\nname: mine\nlabels: [a, b, a]\n", 3, "'a' stands twice", "Keep one"),
    (rule("always", "secret"), 7, "unknown label 'secret'", "Use one of: `internal`, `public`, `restricted`."),
    (rule("{entities: {any_of: [paymnt]}}"), 6, "unknown entity type or group 'paymnt'", "Did you mean `payment`?"),
    (rule("{entities: {any_of: [credit_card]}}"), 6, "unknown entity", "Did you mean `CREDIT_CARD`?"),
    (rule("{entities: {anyof: [payment]}}"), 6, "unknown key `classify[0].when.entities.anyof`", "`any_of`"),
    (rule("{entities: {any_of: []}}"), 6, "the list is empty", "Name at least one"),
    (rule("{entities: {min_score: 0.4}}"), 6, "names no entities", "any_of"),
    (rule("{entities: {any_of: [names], min_score: 40}}"), 6, "at most 1", "min_score"),
    (rule('{entities: {any_of: [names], min_score: "0.4"}}'), 6, "a number is needed here", "min_score"),
    (rule("{entities: {any_of: [names], min_count: 0}}"), 6, "at least 1", "min_count"),
    (rule("{entities: {any_of: [names], roles: [users]}}"), 6, "'user'", "Correct"),
    (rule("{entities: {any_of: [names], max: 3}}"), 6, "`max` is no bound", "min_distinct"),
    (rule("{entities: {any_of: [names], min_distinct: 0}}"), 6, "at least 1", "min_distinct"),
    (rule("{entities: {any_of: [names], where: [tool_results]}}"), 6, "unknown place", "Did you mean `tool_result`?"),
    (rule("{entities: {any_of: [names], where: []}}"), 6, "the list is empty", "Name at least one"),
    (rule("{entities: {all_of: [names, payment], near: line}}"), 6, "'segment', 'message' or 'request'", "near"),
    (rule("{budget: {spent: 80%}}"), 6, "The budget condition is not available yet", "Remove `budget`"),
    (rule("{any: [{session: tainted}]}"), 6, "has seen is not available yet", "Remove `session`"),
    (rule("{language: {not_in: [en, de]}}"), 6, "The language condition is not available yet", "Remove `language`"),
    (rule("{time: {from: 8, zone: UTC}}"), 6, "text is needed", "quotes"),
    (rule("{time: {from: '8:00', zone: UTC}}"), 6, "'8:00' is not a time of day", "in quotes"),
    (rule("{time: {from: '08:00', to: '25:00', zone: UTC}}"), 6, "'25:00' is not a time of day", "in quotes"),
    (rule("{time: {from: '08:00'}}"), 6, "zone: the key is missing", "Add it"),
    (rule("{time: {zone: UTC}}"), 6, "names no hours and no days", "from"),
    (rule("{time: {from: '08:00', to: '08:00', zone: UTC}}"), 6, "names no hours and no days", "to"),
    (rule("{time: {days: [mon-fry], zone: UTC}}"), 6, "unknown day 'fry'", "Did you mean `fri`?"),
    (rule("{time: {days: [], zone: UTC}}"), 6, "the list is empty", "Name at least one"),
    (rule("{time: {days: mon, zone: Europe/Berln}}"), 6, "unknown time zone", "Did you mean `Europe/Berlin`?"),
    (rule("{time: {days: mon, zone: ../../etc/passwd}}"), 6, "unknown time zone", "known names"),
    (rule("{tool_name: [shell]}"), 6, "unknown key", "Did you mean `tool_names`?"),
    (rule("{team: 'our team'}"), 6, "not a name or a pattern", "*"),
    (rule("{system_prompt: 'yes'}"), 6, "true or false is needed", "system_prompt"),
    (rule("{headers: {x-department: hr}}"), 6, "'x-department' is not declared", "reads: {headers: [...]}"),
    (reading("{headers: {x-departmnt: hr}}"), 7, "not declared under `reads`", "Did you mean `x-department`?"),
    (reading("{metadata: {cas: hr}}"), 7, "not declared under `reads`", "Did you mean `case`?"),
    (reading("{headers: {}}"), 7, "the condition names nothing", "pattern"),
    (reading("{not: {headers: {x-department: hr}}}"), 7, "a client could then lower a label", "team"),
    (reading("{not: {any: [{metadata: {case: hr}}]}}"), 7, "a client could then lower a label", "team"),
    (HEAD + "reads: {headers: [authorization]}\n", 4, "holds a credential", "key"),
    (HEAD + "reads: {headers: [X-Department]}\n", 4, "not the name of a header", "small letters"),
    (HEAD + "reads: {metadata: ['a b']}\n", 4, "not a key of metadata", "letters"),
    (HEAD + "reads: {}\n", 4, "reads nothing", "Name"),
    (HEAD + "reads: {header: [x-a]}\n", 4, "unknown key", "Did you mean `headers`?"),
    (rule("{entitys: {any_of: [names]}}"), 6, "unknown key `classify[0].when.entitys`", "Did you mean `entities`?"),
    (rule("{any: [{all: [{stream: true, toolz: true}]}]}"), 6, "`classify[0].when.any[0].all[0].toolz`", "`tools`"),
    (rule("{}"), 6, "not a condition", "always"),
    (rule("[names]"), 6, "not a condition", "mapping"),
    (rule("{all: []}"), 6, "the list is empty", "remove the key"),
    (rule("{entities: }"), 6, "not a condition", "mapping"),
    (rule("sometimes"), 6, "not a condition", "always"),
    (rule("{coverage: incomplet}"), 6, "not a coverage condition", "incomplete"),
    (rule("{coverage: {reasons: [opaqe]}}"), 6, "unknown coverage reason 'opaqe'", "Did you mean `opaque`?"),
    (rule("{coverage: {reasons: ['opaque:tag']}}"), 6, "unknown coverage reason", "Did you mean `opaque:tags`?"),
    (rule("{not: {entities: {any_of: [names]}}}"), 6, "a finding could then lower a label", "facts only"),
    (rule("{not: {any: [{stream: true}, {coverage: incomplete}]}}"), 6, "could then lower a label", "facts only"),
    (rule("{all: [{not: {not: {coverage: incomplete}}}]}"), 6, "could then lower a label", "facts only"),
    (rule("{tokens: {}}"), 6, "the condition has no bound", "over"),
    (rule("{tokens: {over: 10, under: 11}}"), 6, "no number lies between", "more than"),
    (rule("{not: always}"), 6, "never matches", "name a fact"),
    (rule("{tokens: {over: -1}}"), 6, "at least 0", "over"),
    (rule("{stream: 'yes'}"), 6, "true or false is needed", "stream"),
    (rule("{attachments: false}"), 6, "not a condition", "not: {attachments: true}"),
    (rule("{attachments: [video]}"), 6, "'image', 'document' or 'audio'", "Correct"),
    (rule("{model: ['gpt 5']}"), 6, "not a name or a pattern", "*"),
    (rule("{classifier: {private: 0.5}}"), 6, "The classifier condition is not available yet", "Remove"),
    (HEAD + "session: {}\n", 4, "Remembering what a session has seen is not available yet", "Remove `session`"),
    (HEAD + "classify: [{id: 5, when: always, label: public}]\n", 4, "text is needed here", "id"),
    (HEAD + "classify: [{id: No, when: always, label: public}]\n", 4, "'No' is not a name", "small letters"),
    (HEAD + "classify: [{id: builtin-x, when: always, label: public}]\n", 4, "the gateway's own", "another id"),
    (HEAD + "classify: [{when: always, label: public}]\n", 4, "classify[0].id: the key is missing", "Add it"),
    (HEAD + "classify: {}\n", 4, "a list is needed here", "classify"),
    (HEAD + "refuse: [{id: x, when: always}]\n", 4, "message: the key is missing", "Add it"),
    (HEAD + "refuse: [{id: x, when: always, message: ''}]\n", 4, "at least 1 character", "message"),
    (HEAD + "refuse: [{id: x, when: always, message: m, code: No No}]\n", 4, "not an error code", "small"),
    (HEAD + "route: [{to: []}]\n", 4, "the list is empty", "Name at least one"),
    (HEAD + "route: [{to: [gtp]}]\n", 4, "unknown backend 'gtp'", "Did you mean `gpt`?"),
    (HEAD + "route: [{to: [gpt, gpt]}]\n", 4, "'gpt' stands twice", "Keep one"),
    (HEAD + "route: [{to: [gpt], on_unavailable: continue}]\n", 4, "'next' or 'refuse'", "on_unavailable"),
    (HEAD + "route: [{when: {entities: {any_of: [names]}}, to: [gpt]}]\n", 4, "before anything is inspected", "rule"),
    (HEAD + "route:\n  - {to: [gpt]}\n  - {to: [llama]}\n", 6, "never reached: the one on line 5", "to the end"),
    (HEAD + "coverage: {accept: [timeout]}\n", 4, "'timeout' cannot be accepted", "Remove"),
    (HEAD + "coverage: {accept: ['detector_error:cards']}\n", 4, "unknown coverage reason", "detector_error"),
    (HEAD + "coverage: {}\n", 4, "accept: the key is missing", "Add it"),
    ("version: 1\nname: a\nlabels: [public, restricted]\n", 3, "the clearance `internal`, which is not a label", "Use"),
    ("version: 1\nname: a\nlabels: [restricted, internal]\n", 3, "`gpt` is cleared for the top label", "Lower"),
]


@pytest.mark.parametrize(("text", "line", "message", "instead"), WRONG, ids=[one[2][:40] for one in WRONG])
def test_a_mistake_stops_the_load_with_its_line_and_a_remedy(
    tmp_path: Path, text: str, line: int | None, message: str, instead: str
) -> None:
    """Reported problem 23: a typo never means that the gateway starts without the rule."""
    found = problems(tmp_path, text, Vocabulary(VOCABULARY.entity_types, VOCABULARY.groups, BACKENDS))
    assert any(p.line == line and message in p.message and instead in p.remedy for p in found), "\n".join(
        map(str, found)
    )


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """An author repairs the file in one round."""
    text = (
        "version: 1\nname: Bad Name\nlabels: [public, restricted]\nclasify: []\n"
        "classify:\n  - {id: x, when: {entities: {any_of: [nope, payment]}}, label: secret}\n"
        "  - {id: x, when: {strem: true}, label: public}\nroute:\n  - {to: [gtp], on_incapable: maybe}\n"
    )
    found = problems(tmp_path, text, Vocabulary(VOCABULARY.entity_types, VOCABULARY.groups, BACKENDS))
    lines = [problem.line or 0 for problem in found]
    assert lines == sorted(lines)
    assert {2, 3, 4, 6, 7, 9} <= set(lines)
    assert len(found) >= 8


def test_ids_are_one_space_for_classify_and_refuse(tmp_path: Path) -> None:
    """A record that names a rule names one rule."""
    text = HEAD + "classify: [{id: x, when: always, label: public}]\nrefuse: [{id: x, when: always, message: No.}]\n"
    assert [str(p.message) for p in problems(tmp_path, text)] == ["the id 'x' is given twice (first on line 4)"]


def test_a_policy_can_be_checked_without_knowing_the_backends(tmp_path: Path) -> None:
    """Policies are written and reviewed apart from any gateway.yaml."""
    assert load(tmp_path, HEAD + "route: [{to: [some-backend, local]}]\n").route[0].to == ("some-backend", "local")


def test_a_policy_is_a_folder_or_a_file(tmp_path: Path) -> None:
    """`policy: policies/default` and `policy: policies/default/policy.yaml` are the same; a missing one is an error."""
    policy = load(tmp_path, rule("always"))
    assert load_policy(tmp_path / "policy.yaml", VOCABULARY) == policy
    with pytest.raises(ConfigError, match="No such file"):
        load_policy(tmp_path / "none", VOCABULARY)


def test_descriptions_do_not_change_the_revision_but_groups_do(tmp_path: Path) -> None:
    """The revision is about what is decided: a type added to a group is another policy."""
    plain = load(tmp_path, rule("{entities: {any_of: [payment]}}"))
    described = load(tmp_path, rule("{entities: {any_of: [payment]}}").replace("    when", "    about: Why.\n    when"))
    wider = Vocabulary(VOCABULARY.entity_types, {"payment": frozenset({"CREDIT_CARD", "IBAN_CODE", "PERSON"})})
    assert plain.revision == described.revision
    assert plain.revision != load(tmp_path, rule("{entities: {any_of: [payment]}}"), wider).revision


def test_every_reserved_key_says_that_it_is_not_available_yet(tmp_path: Path) -> None:
    """A key of a later version stops the load instead of protecting nobody."""
    for key in NOT_YET:
        (found,) = problems(tmp_path, f"{HEAD}{key}: {{}}\n")
        assert found.message.endswith("is not available yet")


def test_no_message_is_left_in_the_words_of_the_validator(tmp_path: Path) -> None:
    """Problems speak to a policy's author, not to a programmer."""
    for text, *_ in WRONG:
        for problem in problems(tmp_path, text, Vocabulary(VOCABULARY.entity_types, VOCABULARY.groups, BACKENDS)):
            assert not re.search(r"pydantic|Block|Annotated|valid (dictionary|list)|instance of", str(problem))


def test_only_what_a_policy_declares_is_read_of_a_client(tmp_path: Path) -> None:
    """By name, in the compiled policy; the condition matches by pattern."""
    policy = load(tmp_path, reading("{headers: {x-department: [hr, legal-*]}, metadata: {case: '*'}}"))
    assert policy.reads == Reads(frozenset({"x-department"}), frozenset({"case"}))
    sent = facts(headers={"x-department": ("legal-eu",)}, metadata={"case": "A 17"})
    assert classify(policy, report(draft()), sent).label == "restricted"
    assert classify(policy, report(draft()), facts(headers={}, metadata={"case": "A 17"})).label == "public"
