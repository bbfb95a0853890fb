"""Which backends are asked, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_values import backend, facts, policy

from gateway.model import Backend, Capabilities, Facts
from gateway.policy.conditions import Always, Key, Tools
from gateway.policy.route import candidates, incapable, model_for, plan, serves
from gateway.policy.rules import Otherwise, Policy, RouteRule

GPT = backend("gpt", models=("gpt-5", "gpt-5-mini"))
CLAUDE = backend("claude", models=("claude-opus",))
LLAMA = backend("llama", "restricted", local=True, models=("llama-3",))
QWEN = backend("qwen", "restricted", local=True, models=("qwen-3", "meta/qwen"))
ALL = (GPT, CLAUDE, LLAMA, QWEN)
ALIASES = {"best": "claude-opus", "cheap": "gpt/gpt-5-mini", "house": "qwen-3", "whatever": "auto", "gone": "nothing"}


def routed(*to: str) -> Policy:
    return policy(route=(RouteRule(Always(), to),))


def names(found: tuple[Backend, ...]) -> list[str]:
    return [one.name for one in found]


def asked(rules: Policy, wanted: str = "auto") -> list[str]:
    return names(candidates(rules, facts(wanted), ALL, ALIASES))


def test_auto_takes_the_routes_order() -> None:
    """The policy's preference stands when the client has none."""
    assert asked(routed("claude", "qwen", "gpt")) == ["claude", "qwen", "gpt"]


def test_groups_stand_for_all_of_a_kind_in_the_order_of_the_configuration() -> None:
    """`local` and `external` spare the author from naming every backend, and nobody is asked twice."""
    assert asked(routed("external", "local")) == ["gpt", "claude", "llama", "qwen"]
    assert asked(routed("qwen", "claude", "local", "external")) == ["qwen", "claude", "llama", "gpt"]


def test_the_first_matching_route_is_taken() -> None:
    """Routes are asked in order, by facts."""
    rules = policy(
        route=(
            RouteRule(Key(("hr-*",)), ("local",)),
            RouteRule(Tools(wanted=True), ("claude", "local"), Otherwise.REFUSE, Otherwise.REFUSE),
            RouteRule(Always(), ("gpt", "local")),
        )
    )
    assert names(candidates(rules, facts(key="hr-1", tools=True), ALL)) == ["llama", "qwen"]
    assert names(candidates(rules, facts(tools=True), ALL)) == ["claude", "llama", "qwen"]
    assert names(candidates(rules, facts(), ALL)) == ["gpt", "llama", "qwen"]
    assert plan(rules, facts(tools=True), ALL).on_unavailable is Otherwise.REFUSE
    assert plan(rules, facts(), ALL).on_unavailable is Otherwise.NEXT


@pytest.mark.parametrize("rules", [policy(), policy(route=(RouteRule(Key(("nobody",)), ("gpt",)),))])
def test_without_a_matching_route_only_local_backends_are_asked(rules: Policy) -> None:
    """Zero rules never mean release."""
    assert asked(rules) == ["llama", "qwen"]
    assert asked(rules, "gpt-5") == ["llama", "qwen"]


def test_a_backend_that_is_not_configured_adds_nothing() -> None:
    """A policy may name more backends than one installation has."""
    assert asked(routed("gemini", "gpt")) == ["gpt"]
    assert asked(routed("gemini")) == []


def test_a_local_model_by_name_stays_local_whatever_the_route_says() -> None:
    """A client can always ask for a local model: its server first, then other local ones, nothing else."""
    assert asked(routed("gpt", "llama", "qwen"), "qwen-3") == ["qwen", "llama"]
    assert asked(routed("gpt"), "llama-3") == ["llama"]
    assert asked(routed("external"), "house") == ["qwen"]


def test_an_external_model_by_name_comes_first_and_the_route_remains() -> None:
    """A wish is a preference: the local backends stay as the place for what may not leave."""
    assert asked(routed("gpt", "claude", "local"), "claude-opus") == ["claude", "gpt", "llama", "qwen"]
    assert asked(routed("external", "local"), "best") == ["claude", "gpt", "llama", "qwen"]
    assert asked(routed("gpt", "llama"), "gpt/gpt-5") == ["gpt", "llama"]


def test_a_client_can_never_force_an_external_backend_that_the_route_leaves_out() -> None:
    """Evasion F3: a concrete name is a wish, and a route that lists local backends alone is obeyed."""
    assert asked(routed("local"), "gpt-5") == ["llama", "qwen"]
    assert asked(routed("gpt", "local"), "claude-opus") == ["gpt", "llama", "qwen"]


def test_a_name_that_a_local_and_an_external_backend_serve_means_the_local_one() -> None:
    """The safe reading of an ambiguous name; an alias of `auto` is the way to hybrid answers under a vendor's name."""
    twin = backend("twin", "restricted", local=True, models=("gpt-5",))
    assert names(candidates(routed("gpt", "local"), facts("gpt-5"), (GPT, twin))) == ["twin"]
    aliased = candidates(routed("gpt", "local"), facts("gpt-5"), (GPT, LLAMA), {"gpt-5": "auto"})
    assert names(aliased) == ["gpt", "llama"]


@given(
    st.lists(st.sampled_from(["gpt", "claude", "llama", "qwen", "local", "external", "ghost"]), max_size=5),
    st.sampled_from(["auto", "gpt-5", "claude-opus", "llama-3", "qwen/qwen-3", "best", "house", "unknown", "", "/"]),
)
def test_no_wish_adds_an_external_backend_or_asks_one_twice(to: list[str], wanted: str) -> None:
    """For every route and every wish: what is external was listed, each backend comes once, and local ones that the
    route lists are never lost."""
    rules = policy(route=(RouteRule(Always(), tuple(to)),))
    listed, found = candidates(rules, facts(), ALL), candidates(rules, facts(wanted), ALL, ALIASES)
    assert {one.name for one in found if not one.local} <= {one.name for one in listed if not one.local}
    assert {one.name for one in listed if one.local} <= {one.name for one in found}
    assert len(set(names(found))) == len(found)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("auto", True),
        ("whatever", True),
        ("gpt-5", True),
        ("gpt/gpt-5-mini", True),
        ("qwen/meta/qwen", True),
        ("meta/qwen", True),
        ("best", True),
        ("gpt-5@gpt", True),
        ("gpt/gpt-5@gpt", True),
        ("gpt-5@claude", False),
        ("cheap", True),
        ("gone", False),
        ("gpt", False),
        ("claude/gpt-5", False),
        ("gpt/", False),
        ("", False),
        ("AUTO", False),
    ],
)
def test_only_configured_names_may_be_asked_for(name: str, known: bool) -> None:
    """A name is served (the public one, or the server's own, as answers say it), an alias, or unknown."""
    assert serves(ALL, ALIASES, name) is known


@pytest.mark.parametrize(
    ("to", "wanted", "model"),
    [
        (GPT, "auto", "gpt-5@gpt"),
        (GPT, "gpt-5-mini", "gpt-5-mini@gpt"),
        (GPT, "cheap", "gpt-5-mini@gpt"),
        (GPT, "gpt/gpt-5-mini", "gpt-5-mini@gpt"),
        (GPT, "claude-opus", "gpt-5@gpt"),
        (QWEN, "meta/qwen", "meta/qwen@qwen"),
        (QWEN, "qwen/meta/qwen", "meta/qwen@qwen"),
        (LLAMA, "gpt-5", "llama-3@llama"),
        (GPT, "gpt-5-mini@gpt", "gpt-5-mini@gpt"),
    ],
)
def test_each_backend_is_asked_for_the_wanted_model_or_its_own_first(to: Backend, wanted: str, model: str) -> None:
    """The server's own name goes into the draft, so that another backend's name never reaches it."""
    assert model_for(to, wanted, ALIASES) == model


@pytest.mark.parametrize(
    ("can", "needs", "word"),
    [
        (Capabilities(), facts(tokens=10**9), None),
        (Capabilities(context=1000), facts(tokens=1000), None),
        (Capabilities(context=1000), facts(tokens=1001), "context"),
        (Capabilities(tools=False), facts(tools=True), "tools"),
        (Capabilities(), facts(vision=True), "vision"),
        (Capabilities(), facts(documents=True), "documents"),
        (Capabilities(), facts(audio=True), "audio"),
        (Capabilities(json_schema=False), facts(json_schema=True), "json_schema"),
        (Capabilities(vision=True, documents=True, audio=True), facts(vision=True, documents=True, audio=True), None),
    ],
)
def test_what_a_backend_cannot_do_is_known_before_it_is_asked(
    can: Capabilities, needs: Facts, word: str | None
) -> None:
    """Reported problem 65: context, tools, vision and schema are checked before a request moves to another backend."""
    assert incapable(backend(capabilities=can), needs) == word
