"""Is a backend inside the organisation? Proven at start by its addresses, and again each time its name is resolved.

Inside means loopback, a unix socket, a private range (RFC 1918, RFC 4193), or a host that the configuration lists.
Link-local addresses are refused: cloud metadata services live there. What only *may* be inside is outside.
"""

import ipaddress
import socket
from collections.abc import Collection

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from gateway.egress.origin import Origin
from gateway.errors import ConfigError, Problem

_INSIDE = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
_REMEDY = (
    "Only a backend inside the organisation may be cleared for the top label: use loopback, a unix socket or a private "
    "address, list the host under local_hosts if it is yours, or lower the backend's clearance."
)


def is_inside(address: str) -> bool:
    """Is this one IP address loopback or private? False for everything unclear: names, link-local, scoped addresses."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None:
            return False
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
    return any(ip in network for network in _INSIDE if network.version == ip.version)


def is_listed(host: str, listed_hosts: Collection[str]) -> bool:
    """Does the configuration list this very host? Compared without case and final dot; no patterns, no suffixes."""
    return host.lower().rstrip(".") in {listed.lower().rstrip(".").strip("[]") for listed in listed_hosts}


def prove_local(base_url: str, listed_hosts: Collection[str] = ()) -> None:
    """Return if the backend at ``base_url`` is inside, else raise ConfigError saying what it was found to be.

    A name is resolved (this blocks: call it at start), and *every* address it has must be inside. A name that cannot be
    resolved proves nothing and is refused.
    """
    try:
        origin = Origin.of(base_url)
    except ValueError as error:
        raise ConfigError((Problem(str(error), "Correct the backend's base_url."),)) from None
    if origin.socket is not None or is_listed(origin.host, listed_hosts):
        return
    try:
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except OSError:
        raise ConfigError((Problem(f"{origin.host} does not resolve, so it is not proven local", _REMEDY),)) from None
    outside = sorted({str(entry[4][0]) for entry in found if not is_inside(str(entry[4][0]))})
    if outside or not found:
        addresses = ", ".join(outside) or "no address"
        raise ConfigError((Problem(f"{origin.host} is not local: it resolves to {addresses}", _REMEDY),))


class LocalResolver(AbstractResolver):
    """Names of local backends, resolved at connect time: one address outside, and there is no connection.

    Against DNS rebinding: the proof at start says nothing about what the name says later. The addresses handed out here
    are the ones that were checked; aiohttp dials them and no others. Hosts listed in the configuration are not checked.
    """

    def __init__(self, listed_hosts: Collection[str] = (), *, inner: AbstractResolver | None = None) -> None:
        self._listed = tuple(listed_hosts)
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of ``host``. OSError, which fails the connection, if it does not resolve or lies outside."""
        if self._inner is None:
            self._inner = ThreadedResolver()  # belongs to the running loop
        found = await self._inner.resolve(host, port, family)
        if not is_listed(host, self._listed) and not all(is_inside(entry["host"]) for entry in found):
            raise OSError(None, "the name of a local backend resolves to an address outside")
        return found

    async def close(self) -> None:
        """Release the resolver inside."""
        if self._inner is not None:
            await self._inner.close()
