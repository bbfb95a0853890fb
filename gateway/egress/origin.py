"""Where a backend is: parsed once from its ``base_url``, by a grammar narrow enough that no two parsers can disagree.

Two URL libraries stand on the way to the socket (httpx2 and yarl). What this grammar admits they read alike, so that
the address that was checked is the address that is dialled.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import httpx2
import yarl

_TCP = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[A-Za-z0-9._~%-]+)*/?)"
)
_UNIX = re.compile(
    r"unix://(?:(?P<marked>(?:/[A-Za-z0-9._~+@-]+)+):|(?P<named>(?:/[A-Za-z0-9._~+@-]+)*?/[A-Za-z0-9._~+@-]+\.sock(?:et)?)"
    r"|(?P<whole>(?:/[A-Za-z0-9._~+@-]+)+$))(?P<path>(?:/[A-Za-z0-9._~%-]+)*/?)"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a backend, or the path of its unix socket. A request may go nowhere else."""

    scheme: str
    """http, https or unix."""
    host: str
    """Lower case, IPv6 without brackets; "" for a unix socket."""
    port: int
    """0 for a unix socket."""
    socket: str | None = None

    @classmethod
    def of(cls, base_url: str) -> Self:
        """The origin of ``base_url``: ``https://host[:port][/base]``, ``unix:///path.sock[/base]`` or, for a socket of
        another name, ``unix:///path:/base``.

        ValueError, with a fixed message, for anything else: user names, queries, fragments, other schemes.
        """
        if (unix := _UNIX.fullmatch(base_url)) is not None and ".." not in base_url:
            return cls("unix", "", 0, unix["marked"] or unix["named"] or unix["whole"])
        tcp = _TCP.fullmatch(base_url)
        port = int(tcp["port"] or _DEFAULT_PORTS[tcp["scheme"]]) if tcp else 0
        if tcp is None or not 0 < port < 65536 or ".." in tcp["path"]:
            raise ValueError("base_url must be http[s]://host[:port][/base] or unix:///path.sock[/base]")
        return cls(tcp["scheme"], tcp["host"].strip("[]").lower(), port)

    @property
    def netloc(self) -> str:
        """What the ``host`` header of a request says: host, and port where it is not the scheme's own; "" for unix."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS.get(self.scheme, 0) else f"{host}:{self.port}"

    def owns(self, url: httpx2.URL) -> bool:
        """Does ``url`` lie at this origin? Read with httpx2's parser; :meth:`target` reads it with yarl's."""
        if self.socket is not None:
            return url.scheme == "unix" and not url.netloc and self._below_socket(str(url)) is not None
        port = url.port or _DEFAULT_PORTS.get(url.scheme)
        return (url.scheme, url.host, port, url.userinfo) == (self.scheme, self.host, self.port, b"")

    def target(self, url: str) -> yarl.URL:
        """What the transport dials for ``url``. ValueError where it lies at another origin."""
        return _target(self, url)

    def _below_socket(self, url: str) -> str | None:
        """The HTTP path of a unix URL; None where it names another socket."""
        place = url.removeprefix("unix:").removeprefix("//")  # httpx2 writes unix:/path, people write unix:///path
        rest = place.removeprefix(self.socket or "")
        return rest.removeprefix(":") if rest != place and rest[:1] in {"", ":", "/"} else None


@lru_cache(
    maxsize=256
)  # a backend has a handful of URLs, all of configuration; parsing one costs as much as hashing 10 kB
def parsed(url: str) -> httpx2.URL:
    """httpx2's reading of ``url``, a value of configuration. httpx2.InvalidURL where it is none."""
    return httpx2.URL(url)


@lru_cache(maxsize=256)
def _target(origin: Origin, url: str) -> yarl.URL:
    if origin.socket is not None:
        path = origin._below_socket(url)  # noqa: SLF001  # same class, moved out of it only to be cached
        if path is None:
            raise ValueError("url lies at another socket")
        return yarl.URL(f"http://localhost{path or '/'}", encoded=True)
    target = yarl.URL(url, encoded=True)
    if (target.scheme, target.host, target.port, target.user) != (origin.scheme, origin.host, origin.port, None):
        raise ValueError("url lies at another origin")
    return target
