"""Is a backend inside the organisation? Proven by addresses, at start and at each connection."""

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from egress_support import backend, cleared, drafted, egress, raw_server, run, say_ok
from hypothesis import given
from hypothesis import strategies as st

from gateway.egress.locality import LocalResolver, is_inside, is_listed, prove_local
from gateway.errors import BackendUnavailable, ConfigError


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::1", "fd00::1", "fc00::1",
     "::ffff:10.0.0.1"],
)  # fmt: skip
def test_loopback_and_private_ranges_are_inside(address: str) -> None:
    """RFC 1918, RFC 4193 and loopback, also as mapped IPv6."""
    assert is_inside(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "172.32.0.1", "172.15.255.255", "192.169.0.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "::1%lo",
     "0.0.0.0", "::", "100.64.0.1", "224.0.0.1", "192.0.2.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::a00:1",
     "2002:a00:1::1", "localhost", "", "127.1"],
)  # fmt: skip
def test_everything_else_is_outside(address: str) -> None:
    """Public, link-local (metadata services), shared, multicast and translated addresses; names, too."""
    assert not is_inside(address)


@given(st.ip_addresses(v=4, network="0.0.0.0/0"))
def test_inside_is_never_a_global_address(address: object) -> None:
    """Whatever counts as inside cannot be reached from the internet by its address."""
    assert not (is_inside(str(address)) and address.is_global)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:8000/v1",
        "http://localhost:11434/v1",
        "http://[::1]:8000",
        "http://10.1.2.3/v1",
        "unix:///run/v.sock/v1",
    ],
)
def test_what_is_local_is_proven(base_url: str) -> None:
    """Loopback by address and name, a private address, a unix socket."""
    prove_local(base_url)


@pytest.mark.parametrize(
    ("base_url", "said"),
    [
        ("https://8.8.8.8/v1", "8.8.8.8 is not local: it resolves to 8.8.8.8"),
        ("http://169.254.169.254/v1", "169.254.169.254 is not local"),
        ("http://0.0.0.0:8000/v1", "0.0.0.0 is not local"),
        ("http://134744072/v1", "134744072 is not local: it resolves to 8.8.8.8"),
        ("http://no-such-host.invalid/v1", "no-such-host.invalid does not resolve"),
        ("http://me@127.0.0.1/v1", "base_url must be"),
    ],
)
def test_what_is_not_proven_local_stops_the_start(base_url: str, said: str) -> None:
    """The error says what the address was found to be and what can be done."""
    with pytest.raises(ConfigError) as refused:
        prove_local(base_url)
    assert refused.value.problems[0].message.startswith(said)
    assert refused.value.problems[0].remedy


def test_a_listed_host_is_local_by_declaration() -> None:
    """An operator may vouch for a host by its exact name; neither suffixes nor patterns count."""
    prove_local("https://llm.corp.example/v1", ["LLM.corp.example."])
    prove_local("https://8.8.8.8/v1", ["8.8.8.8"])
    prove_local("https://[2606:4700::1111]/v1", ["[2606:4700::1111]"])
    assert not is_listed("evil-llm.corp.example", ["llm.corp.example"])
    assert not is_listed("a.corp.example", ["*.corp.example", ".corp.example", "corp.example"])


def test_one_address_outside_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a private and a public address is not local: either may be dialled."""

    def two(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("10.0.0.1", 80)), (2, 1, 6, "", ("8.8.8.8", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with pytest.raises(ConfigError, match=r"resolves to 8\.8\.8\.8"):
        prove_local("http://both.example/v1")


class Names(AbstractResolver):
    """A name server whose answers change: first the truth, then an attacker's."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in self.answers.pop(0)
        ]

    async def close(self) -> None:
        self.closed = True


def test_a_name_that_later_points_outside_is_not_dialled() -> None:
    """DNS rebinding: the proof at start is repeated at every resolution, for every address."""

    async def resolve(names: Names, listed: tuple[str, ...] = ()) -> list[str]:
        resolver = LocalResolver(listed, inner=names)
        return [entry["host"] for entry in await resolver.resolve("gpu.lan", 80)]

    assert run(resolve(Names(("10.0.0.1",)))) == ["10.0.0.1"]
    with pytest.raises(OSError, match="outside"):
        run(resolve(Names(("8.8.8.8",))))
    with pytest.raises(OSError, match="outside"):
        run(resolve(Names(("10.0.0.1", "8.8.8.8"))))
    assert run(resolve(Names(("8.8.8.8",)), ("gpu.lan",))) == ["8.8.8.8"]


def test_the_resolver_closes_the_one_inside() -> None:
    """Nothing is left open when a transport closes."""

    async def close() -> bool:
        names = Names()
        await LocalResolver((), inner=names).close()
        await LocalResolver(()).close()
        return names.closed

    assert run(close())


def test_rebinding_is_a_connect_failure_and_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way: a local backend whose name now resolves outside cannot be reached, whatever listens there."""

    async def go() -> tuple[str, int, str]:
        async with raw_server(say_ok) as server:
            loop = asyncio.get_running_loop()
            real = loop.getaddrinfo

            async def rebound(host: str, port: int, **options: object) -> object:
                found = await real("127.0.0.1", port, **options)  # type: ignore[arg-type]
                return [(*entry[:4], ("203.0.113.7", port)) for entry in found] if host == "gpu.lan" else found

            monkeypatch.setattr(loop, "getaddrinfo", rebound, raising=False)
            to = backend(f"http://gpu.lan:{server.port}/v1", local=True)
            async with egress(to) as sender:
                with pytest.raises(BackendUnavailable) as failed:
                    await sender.send(cleared(drafted(to)))
            at_home = backend(f"http://localhost:{server.port}/v1", local=True)
            async with egress(at_home) as sender:
                with pytest.raises(BackendUnavailable) as reached:
                    await sender.send(cleared(drafted(at_home)))
            return failed.value.reason, server.visits, reached.value.reason

    assert run(go()) == ("connect", 1, "garbage")
