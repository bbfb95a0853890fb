"""`gateway explain`: what would become of a request and why, without sending it."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_support import CARD, configured, run

CLINICAL = "My patient Jane Roe, born 3 March 1961, has diabetes."


def explained(*arguments: str, **options: Any) -> dict[str, Any]:
    result = run("explain", *arguments, "--json", **options)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.output))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory without gateway.yaml, unless the test writes one."""
    monkeypatch.chdir(tmp_path)


def test_a_general_question_may_leave() -> None:
    """Without a configuration: one assumed backend of each side, and the default policy."""
    told = explained("Why is the sky blue?")
    assert (told["label"], told["backend"], told["rules"]) == ("public", "external", [])
    assert told["policy"]["name"] == "default"


def test_a_private_matter_stays_and_the_rules_say_why() -> None:
    """The label, the rules, what was found, and the verdict on each candidate."""
    told = explained(CLINICAL)
    assert told["backend"] == "local"
    assert told["rules"]
    assert told["findings"]
    assert [(one["backend"], one["verdict"]) for one in told["candidates"]] == [
        ("external", "not cleared"),
        ("local", "cleared"),
    ]
    assert "Roe" not in json.dumps(told)


def test_people_see_the_same() -> None:
    """One line per question that a person has, then the candidates."""
    shown = run("explain", f"Charge {CARD}.").output
    assert "label    restricted" in shown
    assert "CREDIT_CARD 1" in shown
    assert "answers  local" in shown
    assert "does not admit restricted" in shown


def test_a_refusal_is_shown_as_one() -> None:
    """Nobody answers, and the author's message says why."""
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAmadeup\n-----END RSA PRIVATE KEY-----"
    told = explained("-", stdin=key)
    assert told["refused"] is True
    assert told["backend"] is None
    assert "nobody: refused" in run("explain", "-", stdin=key).output


def test_a_whole_body_is_read_from_a_file(tmp_path: Path) -> None:
    """With images, tools, whatever a client sends: an image that nobody reads keeps the request at home."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    body = {"model": "auto", "messages": [{"role": "user", "content": [image]}]}
    (tmp_path / "body.json").write_text(json.dumps(body))
    told = explained("--body", "body.json")
    assert (told["label"], told["backend"]) == ("restricted", "local")
    assert any(reason.startswith("part") for reason in told["reasons"])
    assert explained("--body", "-", stdin=json.dumps(body))["backend"] == "local"


def test_the_configuration_gives_the_backends(tmp_path: Path) -> None:
    """Those of ./gateway.yaml, or of --config; nothing of them is asked, so they may be down."""
    file = configured(tmp_path, models={"aliases": {"private": "qwen/qwen3"}})
    assert explained("Why is the sky blue?")["backend"] == "gpt"
    assert explained("Why is the sky blue?", "--model", "private")["backend"] == "qwen"
    told = explained(f"Charge {CARD}.", "--config", str(file), "--model", "gpt-5")
    assert told["backend"] == "qwen"


def test_another_policy_can_be_tried(tmp_path: Path) -> None:
    """--policy over the configured one: what would change if we took it?"""
    (tmp_path / "policy.yaml").write_text(
        "version: 1\nname: none\nlabels: [public, internal, confidential, restricted]\nroute:\n  - to: [external]\n"
    )
    told = explained("Why is the sky blue?", "--policy", str(tmp_path))
    assert (told["label"], told["backend"]) == ("restricted", None)
    assert "no candidate" in run("explain", "hi", "--policy", str(tmp_path)).output


def test_a_candidate_that_cannot_is_named(tmp_path: Path) -> None:
    """A capability that is missing, a field that a format does not have."""
    configured(tmp_path)
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    body = {"model": "auto", "messages": [{"role": "user", "content": [image]}]}
    told = explained("--body", "-", stdin=json.dumps(body))
    assert {one["verdict"] for one in told["candidates"]} == {"incapable"}
    assert all("vision" in one["why"] for one in told["candidates"])


def test_an_empty_prompt_is_a_prompt() -> None:
    """It is what a client may send."""
    assert explained("")["label"] == "public"


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        ([], None, "give either a prompt or --body"),
        (["hello", "--body", "body.json"], None, "give either a prompt or --body"),
        (["--body", "missing.json"], None, "No such file"),
        (["--body", "."], None, "Is a directory"),
        (["--body", "-"], "{", "not valid JSON"),
        (["--body", "-"], "[]", "object"),
        (["--body", "-"], '{"model": "auto"}', "messages"),
        (["--body", "-"], b'{"model": "\xff"}', "UTF-8"),
        (["-"], b"\xff", "the prompt is not UTF-8"),
        (["hello", "--config", "missing.yaml"], None, "missing.yaml"),
        (["hello", "--policy", "missing"], None, "missing"),
        (["hello", "--model", ""], None, "model"),
    ],
)
def test_what_cannot_be_explained_is_exit_code_2(arguments: list[str], stdin: str | bytes | None, said: str) -> None:
    """With what is wrong and what to do, as a client would be told."""
    result = run("explain", *arguments, stdin=stdin)
    assert result.exit_code == 2
    assert said in result.output


def test_a_model_that_nobody_serves_is_exit_code_2(tmp_path: Path) -> None:
    """A client would get 404, so there is nothing to explain."""
    configured(tmp_path)
    result = run("explain", "hello", "--model", "gpt-99")
    assert result.exit_code == 2
    assert "404" in result.output


def test_what_is_watched_and_what_is_suppressed_is_told(tmp_path: Path) -> None:
    """By the ids that the policy gives them."""
    (tmp_path / "policy.yaml").write_text(
        "version: 1\nname: trying\nlabels: [public, internal, confidential, restricted]\n"
        "classify:\n"
        "  - {id: cards, when: {entities: {any_of: [CREDIT_CARD]}}, label: restricted}\n"
        "  - {id: everything, when: always, label: restricted, mode: shadow}\n"
        "suppress:\n  - {id: test-card, reason: Of the manual., by: ops, until: 9999-12-31, "
        f'entities: [CREDIT_CARD], values: ["{CARD}"]}}\n'
        "route:\n  - to: [external, local]\n"
    )
    told = explained(f"Charge {CARD}.", "--policy", str(tmp_path))
    assert (told["label"], told["backend"], told["findings"]) == ("public", "external", {})
    assert told["suppressed"] == {"test-card": 1}
    assert told["shadow"] == {"rules": ["everything"], "label": "restricted", "zone": "local"}
    shown = run("explain", f"Charge {CARD}.", "--policy", str(tmp_path)).output
    assert "shadow   everything: would be restricted, answered by a local backend" in shown
    assert "omitted  1 by the suppression test-card" in shown
