"""Assembling a gateway from its configuration: what must not be started with, and what readiness says."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigError
from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.inspection.detectors.shipped import default_detectors
from gateway.model import Backend, WireFormat
from gateway.policy.loader import load_policy
from gateway.policy.rules import Policy
from gateway.settings import load
from gateway.testing import RecordingServer
from gateway.wiring import FORMATS, Check, Gateway, assemble, vocabulary, zoned

HASH = "hmac-sha256:" + "0" * 64
NOWHERE = "http://127.0.0.1:9/v1"
"""Nobody listens on loopback's discard port."""
EXTERNAL = {"name": "gpt", "format": "openai", "base_url": "https://vendor.invalid/v1", "models": ["gpt-5"]}
EXTERNAL |= {"clearance": "internal"}
LOCAL = {"name": "qwen", "format": "openai", "base_url": NOWHERE, "models": ["qwen3"], "clearance": "restricted"}
POLICY = """\
version: 1
name: names
labels: [public, internal, confidential, restricted]
classify:
  - {id: names, when: {entities: {any_of: [FULL_NAME]}}, label: confidential}
route:
  - to: [external, local]
"""


def configured(folder: Path, *backends: Mapping[str, Any], **sections: Any) -> Path:
    """A gateway.yaml (JSON is YAML) with patterns only, unless said otherwise."""
    tree = {
        "keys": {"allow_anonymous": True},
        "inspection": {"ner": False, "timeout_ms": 60_000},
        "backends": list(backends) or [EXTERNAL, LOCAL],
        **sections,
    }
    file = folder / "gateway.yaml"
    file.write_text(json.dumps(tree))
    return file


def gateway_of(folder: Path, *backends: Mapping[str, Any], **sections: Any) -> Gateway:
    return assemble(load(configured(folder, *backends, **sections), environ={"GATEWAY_KEYS__SECRET": "s" * 43}))


@contextmanager
def assembled(folder: Path, *backends: Mapping[str, Any], **sections: Any) -> Iterator[Gateway]:
    """An assembled gateway that is closed afterwards."""
    gateway = gateway_of(folder, *backends, **sections)
    try:
        yield gateway
    finally:
        asyncio.run(gateway.close())


def policy_in(folder: Path, text: str = POLICY) -> str:
    (folder / "policy").mkdir()
    (folder / "policy" / "policy.yaml").write_text(text)
    return "policy"


def problems(folder: Path, *backends: Mapping[str, Any], **sections: Any) -> str:
    """What the ConfigError says that assembling ends in."""
    with pytest.raises(ConfigError) as caught:
        gateway_of(folder, *backends, **sections)
    return str(caught.value)


def test_the_default_policy_assembles_without_opening_anything(tmp_path: Path) -> None:
    """No connection is made: both backends lead nowhere, and the vendor's name does not even resolve."""
    with assembled(tmp_path) as gateway:
        assert gateway.policy.name == "default"
        assert [(one.name, one.local) for one in gateway.backends] == [("gpt", False), ("qwen", True)]
        assert "sk-" not in repr(gateway)


def test_without_a_local_backend_for_the_top_label_there_is_no_gateway(tmp_path: Path) -> None:
    """A sensitive prompt would have nowhere to go. The remedy names the clearance."""
    said = problems(tmp_path, EXTERNAL, {**LOCAL, "clearance": "confidential"})
    assert "no local backend has the clearance 'restricted'" in said
    assert "clearance: restricted" in said


def test_an_outside_backend_is_no_home_whatever_its_clearance(tmp_path: Path) -> None:
    """A clearance is a wish; the address is what proves that a backend is inside."""
    assert "`gpt` is cleared for the top label `restricted`, but is not proven to be local" in problems(
        tmp_path, {**EXTERNAL, "clearance": "restricted"}
    )


def test_a_private_address_with_a_lower_clearance_counts_as_external(tmp_path: Path) -> None:
    """That is how one configures an internal proxy to a vendor: it must not receive what has to stay."""
    proxy = {**EXTERNAL, "name": "proxy", "base_url": "http://127.0.0.1:4000/v1"}
    with assembled(tmp_path, proxy, LOCAL) as gateway:
        assert {one.name: one.local for one in gateway.backends} == {"proxy": False, "qwen": True}


def test_zones_change_no_other_field() -> None:
    """Only ``local`` is taken away, and only where the clearance is below the top."""
    low = Backend("a", WireFormat.OPENAI, NOWHERE, {"m": "m"}, "public", local=True)
    high = Backend("b", WireFormat.OPENAI, NOWHERE, {"m": "m"}, "top", local=True)
    outside = Backend("c", WireFormat.OPENAI, NOWHERE, {"m": "m"}, "top")
    zones = zoned((low, high, outside), Policy("p", ("public", "top")))
    assert [one.local for one in zones] == [False, True, False]
    assert zones[1:] == (high, outside)


def test_a_policy_that_names_an_unknown_type_ends_the_start_with_file_and_line(tmp_path: Path) -> None:
    """Law 7: the nearest known name is the remedy."""
    said = problems(tmp_path, policy=policy_in(tmp_path, POLICY.replace("FULL_NAME", "FULL_NAMES")))
    assert "policy.yaml:5:" in said
    assert "FULL_NAME" in said


def test_a_policy_that_names_an_unknown_backend_ends_the_start(tmp_path: Path) -> None:
    """A route to nobody would be found out by the first request otherwise."""
    said = problems(tmp_path, policy=policy_in(tmp_path, POLICY.replace("[external, local]", "[gtp, local]")))
    assert "policy.yaml:7:" in said
    assert "Did you mean `gpt`?" in said


def test_without_the_model_names_have_a_finder_still(tmp_path: Path) -> None:
    """``ner: false`` finds fewer names, and a policy about names still means something: it loads."""
    with assembled(tmp_path, policy=policy_in(tmp_path)) as gateway:
        assert gateway.policy.name == "names"


def test_a_type_that_nobody_looks_for_cannot_be_named(tmp_path: Path) -> None:
    """Such a rule could never match, so the policy must not load with these detectors."""
    without = [one for one in default_detectors(ner=False) if "FULL_NAME" not in one.entity_types]
    known = vocabulary(without)
    assert "FULL_NAME" not in known.entity_types
    with pytest.raises(ConfigError) as caught:
        load_policy(tmp_path / policy_in(tmp_path), known)
    assert "unknown entity type or group 'FULL_NAME'" in str(caught.value)


def test_a_group_holds_only_what_somebody_looks_for() -> None:
    """A group of which nothing is left is no name at all."""
    found = frozenset({"CREDIT_CARD"})
    cards = [one for one in default_detectors(ner=False) if "CREDIT_CARD" in one.entity_types]
    known = vocabulary(cards)
    assert found <= known.groups["payment"] <= load_catalogue().groups["payment"]
    assert all(types for name, types in known.groups.items() if name != "own_lists")


class Stranger:
    """Finds something that no group lists."""

    name, version = "stranger", "1"
    views: Views = "plain"
    entity_types = frozenset({"SHOE_SIZE"})

    def find(self, text: str) -> Sequence[Match]:
        return ()


def test_a_type_that_no_group_lists_is_an_error() -> None:
    """No policy could name what that detector finds, so a rule for it would silently be missing."""
    with pytest.raises(ConfigError, match="in no group: SHOE_SIZE"):
        vocabulary([Stranger()])


def test_anonymous_callers_need_an_explicit_word(tmp_path: Path) -> None:
    """No keys and no word: nobody could use it, and the remedy says how to make a key."""
    assert "gateway keys new" in problems(tmp_path, keys={})


def test_keys_are_checked_with_the_configured_secret(tmp_path: Path) -> None:
    """A ring of one key; a hash under two names is refused with both names, never the hash."""
    with assembled(tmp_path, keys={"clients": [{"id": "a", "hash": HASH}]}) as gateway:
        assert repr(gateway.keys) == "KeyRing(keys=1, allow_anonymous=False)"
    said = problems(tmp_path, keys={"clients": [{"id": "a", "hash": HASH}, {"id": "b", "hash": HASH}]})
    assert HASH not in said


def test_records_that_cannot_be_written_end_the_start(tmp_path: Path) -> None:
    """Found out before the first request, with the path."""
    assert "missing/audit.sqlite3" in problems(tmp_path, audit={"path": "missing/audit.sqlite3"})


def test_model_cards_list_every_name_once(tmp_path: Path) -> None:
    """auto, aliases, and each backend's public names; the first backend that serves a name owns it."""
    second = {**EXTERNAL, "name": "proxy", "models": {"gpt-5": "gpt-5-proxied", "mini": "gpt-5-mini"}}
    with assembled(tmp_path, EXTERNAL, second, LOCAL, models={"aliases": {"fast": "proxy/mini"}}) as gateway:
        assert gateway.model_cards() == (
            ("auto", "gateway"),
            ("fast", "gateway"),
            ("gpt-5", "gpt"),
            ("mini", "proxy"),
            ("qwen3", "qwen"),
        )


def test_every_wire_format_has_its_reader() -> None:
    """The one table is complete: a format of the configuration that nobody speaks would fail on its first request."""
    assert set(FORMATS) == set(WireFormat)


def by_name(checks: Sequence[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_ready_means_inspection_rules_and_a_local_backend(tmp_path: Path) -> None:
    """All three are asked for real: a detection runs and the local server answers."""
    with RecordingServer("qwen", strict=False) as server:
        gateway = gateway_of(tmp_path, EXTERNAL, {**LOCAL, "base_url": server.openai_base_url})

        async def ask() -> tuple[Check, ...]:
            try:
                await gateway.start()
                return await gateway.readiness()
            finally:
                await gateway.close()

        checks = by_name(asyncio.run(ask()))
        assert list(checks) == ["inspection", "policy", "local backend"]
        assert all(check.ok for check in checks.values())
        assert "default" in checks["policy"].detail
        assert "qwen" in checks["local backend"].detail


def test_not_ready_says_what_is_missing(tmp_path: Path) -> None:
    """No rules, a dead local server, an inspection that has ended: each its own line, none hides another."""
    text = "version: 1\nname: empty\nlabels: [public, internal, confidential, restricted]\nroute:\n  - to: [local]\n"
    gateway = gateway_of(tmp_path, policy=policy_in(tmp_path, text))

    async def ask() -> tuple[Check, ...]:
        try:
            gateway.scanner.close()
            return await gateway.readiness()
        finally:
            await gateway.close()

    checks = by_name(asyncio.run(ask()))
    assert not any(check.ok for check in checks.values())
    assert "everything stays local" in checks["policy"].detail
    assert checks["local backend"].detail == "none of qwen answers"


def test_inspection_that_finds_nothing_ends_the_start(tmp_path: Path) -> None:
    """A gateway that cannot inspect must not listen: the server's start fails, not the first request."""
    gateway = gateway_of(tmp_path)

    async def start() -> None:
        try:
            gateway.scanner.close()
            with pytest.raises(ConfigError, match="inspection finds nothing"):
                await gateway.start()
        finally:
            await gateway.close()

    asyncio.run(start())


def test_closing_ends_every_thread_that_was_started(tmp_path: Path) -> None:
    """Start and close, over and over, leave nothing behind."""
    before = set(threading.enumerate())
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        with assembled(folder) as gateway:
            asyncio.run(gateway.scanner.warm())
    started = [one for one in set(threading.enumerate()) - before if one.name.startswith(("inspection", "audit-log"))]
    for thread in started:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in started)


def test_types_that_the_installation_adds_may_be_named_in_a_policy(tmp_path: Path) -> None:
    """They stand in no group of ours, and need not."""
    path = tmp_path / "own.yaml"
    path.write_text("recognizers:\n  - name: Ours\n    supported_entity: ACME_ID\n    deny_list: [Kestrel]\n")
    known = vocabulary(default_detectors(ner=False, own=[str(path)]))
    assert "ACME_ID" in known.entity_types
