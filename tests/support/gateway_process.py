"""A real gateway between two recording stand-ins, for the tests that speak to it as its clients do.

    with gateway_process(tmp_path) as running:
        running.client().chat.completions.create(...)
        assert not running.external.saw("4111")

The gateway is what ``gateway serve`` starts: gateway.yaml is written and loaded, the parts are assembled, and uvicorn
listens on a free port of loopback, in a thread of its own. Only the two model servers are stand-ins.
"""

import copy
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import openai
import yaml

from gateway.app import build
from gateway.audit.query import MAX_LIMIT, Entry, Filters, query
from gateway.cli.serve import server
from gateway.egress.health import Health
from gateway.ingress.auth import hash_key, new_key
from gateway.settings import Settings, load
from gateway.testing import RecordingServer
from gateway.wiring import Gateway, assemble

START_S = 60.0
SECRET = "a secret of the tests, which hashes client keys"
EXTERNAL, LOCAL = "vendor", "inside"
"""Names of the two backends."""
LOCAL_MODEL = "qwen3"
EXTERNAL_MODELS = {"openai": "gpt-5", "anthropic": "claude-sonnet-4-5"}
ALL = {"vision": True, "documents": True, "audio": True}
CLIENT_LOGGERS = ("openai", "anthropic", "httpx", "httpx2", "httpcore", "httpcore2")
"""The tests' own clients, which log what they send; the gateway uses none of them."""


class LogCapture(logging.Handler):
    """Every line that is logged at any level, as text with its traceback, except those of the tests' own clients."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] not in CLIENT_LOGGERS:
            self._lines.append(f"{self.format(record)} {record.args!r}")

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self._lines)

    def forget(self) -> None:
        self._lines.clear()


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A gateway that listens, its two sides, its records and its log."""

    base_url: str
    """With ``/v1``, as an OpenAI client wants it."""
    key: str = field(repr=False)
    """A client key that the gateway knows."""
    local: RecordingServer
    external: RecordingServer
    external_model: str
    """The name of the one model that the external side serves; the local side's is ``LOCAL_MODEL``."""
    records: Path
    """The SQLite file of the records."""
    logs: LogCapture
    gateway: Gateway = field(repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self.base_url.removesuffix("/v1")

    @property
    def chat_url(self) -> str:
        return f"{self.base_url}/chat/completions"

    def client(self, **options: Any) -> openai.OpenAI:
        """An OpenAI client of this gateway; ``max_retries`` is 0 unless said otherwise. Close it, or use ``with``."""
        return openai.OpenAI(**{"base_url": self.base_url, "api_key": self.key, "max_retries": 0, **options})

    def async_client(self, **options: Any) -> openai.AsyncOpenAI:
        """The same for async code."""
        return openai.AsyncOpenAI(**{"base_url": self.base_url, "api_key": self.key, "max_retries": 0, **options})

    def post(
        self, body: bytes | Mapping[str, Any], headers: Mapping[str, str] | None = None, url: str | None = None
    ) -> httpx2.Response:
        """POST as no SDK would: any bytes, any headers (over the usual ones)."""
        usual = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        with httpx2.Client(trust_env=False, timeout=60) as http:
            return http.post(url or self.chat_url, headers={**usual, **(headers or {})}, **sent)

    def entries(
        self, request_id: str | None = None, *, since: str | None = None, ended: bool = True
    ) -> tuple[Entry, ...]:
        """Decisions on record, oldest first: of one request, since a time. ``ended``: wait for their endings, too."""
        deadline = time.monotonic() + 10
        while True:
            found = query(self.records, Filters(request_id=request_id, since=since, limit=MAX_LIMIT))
            if not ended or all(entry.completion for entry in found) or time.monotonic() > deadline:
                return found
            time.sleep(0.01)

    def metrics(self) -> str:
        """What /metrics answers."""
        return self.gateway.metrics.render().decode()

    @property
    def health(self) -> Health:
        """What the gateway remembers of failed backends."""
        health = self.gateway.chat._answer.__self__.health  # type: ignore[attr-defined]
        assert isinstance(health, Health)
        return health

    def forget(self) -> None:
        """Between two tests: what the sides received and shall do, what was logged, and which backends failed."""
        for side in (self.local, self.external):
            side.clear()
        self.logs.forget()
        for backend in self.gateway.backends:
            self.health.succeeded(backend.name)


class _WithoutAliases(yaml.SafeDumper):
    """Writes a value that stands twice out twice: gateway.yaml takes no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        return True


@contextmanager
def gateway_process(
    folder: Path,
    *,
    external: str = "openai",
    settings: Mapping[str, Any] | None = None,
    backends: Mapping[str, Mapping[str, Any]] | None = None,
    policy: str | None = None,
    wire: Callable[[Settings], Gateway] = assemble,
) -> Iterator[RunningGateway]:
    """Start a gateway with an external side of that format (``openai`` or ``anthropic``); stop everything afterwards.

    ``folder`` must be empty: gateway.yaml, records and policy go there. ``settings`` is laid over gateway.yaml, mapping
    by mapping; ``backends`` likewise over the entries ``vendor`` and ``inside`` (a ``base_url`` points elsewhere);
    ``policy`` is the YAML text of another policy than the default one; ``wire`` assembles in place of ``assemble``.
    """
    with ExitStack() as stack:
        local = stack.enter_context(RecordingServer("local", strict=False, models=(LOCAL_MODEL,)))
        model = EXTERNAL_MODELS[external]
        outside = stack.enter_context(RecordingServer("external", needs_key=True, models=(model,)))
        key = new_key()
        tree: dict[str, Any] = {
            "server": {"host": "127.0.0.1", "port": 0},
            "keys": {"clients": [{"id": "tests", "hash": hash_key(SECRET.encode(), key)}]},
            "audit": {"path": "audit.sqlite3"},
            "models": {"aliases": {"fast": "auto", "private": f"{LOCAL}/{LOCAL_MODEL}", "best": f"{EXTERNAL}/{model}"}},
            "inspection": {"timeout_ms": 60_000},  # a busy machine must not turn a test's prompt into a local one
            "backends": _backends(local, outside, external, backends or {}),
        }
        _lay_over(tree, settings or {})
        if policy is not None:
            (folder / "policy").mkdir()
            (folder / "policy" / "policy.yaml").write_text(policy, encoding="utf-8")
            tree["policy"] = "policy"
        file = folder / "gateway.yaml"
        file.write_text(yaml.dump(tree, Dumper=_WithoutAliases, sort_keys=False), encoding="utf-8")
        loaded = load(file, environ={"GATEWAY_KEYS__SECRET": SECRET, "EXTERNAL_API_KEY": "sk-external-of-the-tests"})
        gateway = wire(loaded)
        logs = LogCapture()
        port = stack.enter_context(_listening(gateway, logs))
        yield RunningGateway(
            f"http://127.0.0.1:{port}/v1", key, local, outside, model, loaded.audit.path, logs, gateway
        )


def _backends(
    local: RecordingServer, outside: RecordingServer, format_: str, changes: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = [
        {
            "name": EXTERNAL,
            "format": format_,
            "base_url": outside.openai_base_url if format_ == "openai" else outside.anthropic_base_url,
            "models": [EXTERNAL_MODELS[format_]],
            "clearance": "internal",
            "api_key_env": "EXTERNAL_API_KEY",
            "capabilities": ALL,
        },
        {
            "name": LOCAL,
            "format": "openai",
            "base_url": local.openai_base_url,
            "models": [LOCAL_MODEL],
            "clearance": "restricted",
            "capabilities": ALL,
        },
    ]
    for entry in entries:
        _lay_over(entry, changes.get(entry["name"], {}))
    return entries


def _lay_over(tree: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, Mapping) and isinstance(tree.get(name), dict):
            tree[name] = copy.deepcopy(tree[name])
            _lay_over(tree[name], value)
        else:
            tree[name] = value


@contextmanager
def _listening(gateway: Gateway, logs: LogCapture) -> Iterator[int]:
    """uvicorn as ``gateway serve`` sets it up, in a thread. Gives its port."""
    running = server(build(gateway), "127.0.0.1", 0)
    running.config.timeout_graceful_shutdown = 1  # answers that nobody reads any more are not waited for
    thread = threading.Thread(target=running.run, name="gateway", daemon=True)
    with _captured(logs):
        thread.start()
        deadline = time.monotonic() + START_S
        while not running.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError(f"the gateway did not start:\n{logs.text}")
            time.sleep(0.01)
        try:
            yield running.servers[0].sockets[0].getsockname()[1]
        finally:
            running.should_exit = True
            thread.join(timeout=30)
            if thread.is_alive():
                raise RuntimeError("the gateway did not stop")


@contextmanager
def _captured(logs: LogCapture) -> Iterator[None]:
    """Hang ``logs`` on the root and on uvicorn's own tree, which does not reach the root; everything from DEBUG up."""
    loggers = [logging.getLogger(), logging.getLogger("uvicorn")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(logs)
        logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(logs)
            logger.setLevel(level)
