"""Every stage of a request's life, broken in every way: raising, hanging, answering nonsense.

A fault is a part put in place of the real one in the assembled pipeline. Where a stage is a plain function, the name by
which its caller knows it is replaced.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock

import httpx2
from support.gateway_process import RunningGateway

from gateway.egress.guard import GuardTransport, LeakPrevented
from gateway.egress.origin import Origin
from gateway.egress.sender import Egress
from gateway.errors import AuditUnavailable
from gateway.inspection.detectors.base import Match
from gateway.inspection.readings import Reading
from gateway.inspection.scanner import Scanner
from gateway.model import Answer, Backend, Chunk, Completion, Coverage, Draft, Inbound, Report
from gateway.pipeline import Pipeline
from gateway.wiring import FORMATS

SAID = "a fault that quotes the prompt"
"""Stands in the message of every exception raised here: it may not come out anywhere."""
FOREVER = 3600.0
DEADLINE_S = 0.5
"""Of inspection, where a detector hangs."""
BLOCKED_S = 0.1
"""How long a synchronous stage blocks: it holds up its thread, and nothing can end it but itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``parts`` makes the replaced parts of a pipeline; ``names`` are replaced functions, by dotted name."""

    stage: str
    how: str
    parts: Callable[[Pipeline], Mapping[str, Any]] = field(default=lambda _: {}, repr=False)
    names: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sends: bool = True
    """May anything be sent to anybody under this fault?"""
    ends: bool = True
    """Does the request end by itself? If not, it ends when the client has had enough; nothing leaves until then."""

    @property
    def keeps_inside(self) -> bool:
        """Law 4: with this fault inspection cannot vouch for anything, and a local model answers everything."""
        return self.stage in {"segments", "a detector", "the name model", "the cache"} and self.how != "blocks"

    def __str__(self) -> str:
        return f"{self.stage} {self.how}"


@contextmanager
def broken(running: RunningGateway, fault: Fault) -> Iterator[None]:
    """The gateway with that fault, for as long as the block lasts."""
    chat = running.gateway.chat
    whole: Pipeline = chat._answer.__self__  # type: ignore[attr-defined]
    parts = fault.parts(whole)
    replaced = replace(whole, **parts)
    loops: list[asyncio.AbstractEventLoop] = []

    async def answer(inbound: Inbound) -> Answer:
        loops.append(asyncio.get_running_loop())
        return await replaced.answer(inbound)

    with ExitStack() as stack:
        for name, value in fault.names.items():
            stack.enter_context(mock.patch(name, value))
        stack.enter_context(mock.patch.object(chat, "_answer", answer))
        yield
    for part in parts.values():
        if isinstance(part, Scanner):
            part.close()
        if isinstance(part, Egress) and loops:  # its connections belong to the gateway's own loop
            asyncio.run_coroutine_threadsafe(part.aclose(), loops[0]).result(timeout=10)


def _raises(*_: Any, **__: Any) -> Any:
    raise RuntimeError(SAID)


def _blocks(real: Callable[..., Any]) -> Callable[..., Any]:
    def slow(*given: Any, **named: Any) -> Any:
        time.sleep(BLOCKED_S)
        return real(*given, **named)

    return slow


def _answers(value: Any) -> Callable[..., Any]:
    return lambda *_, **__: value


def _function(stage: str, name: str, real: Callable[..., Any], *garbage: Any, sends: bool = False) -> list[Fault]:
    """A stage that is a plain function, known to its caller as ``name``."""
    faults = [
        Fault(stage, "raises", names={name: _raises}, sends=sends),
        Fault(stage, "blocks", names={name: _blocks(real)}),
    ]
    for value in garbage:
        how = f"answers {type(value).__name__}"
        faults.append(Fault(stage, how, names={name: _answers(value)}, sends=sends))
    return faults


# Detectors, the cache, the scanner as a whole


class BrokenDetector:
    """Does in place of finding whatever it is given. Stands in for the name model, or beside the others."""

    version = "broken"
    entity_types = frozenset({"CREDIT_CARD", "PERSON"})

    def __init__(self, find: Callable[[str], Any], name: str, views: str = "all") -> None:
        self.find = find
        self.name = name
        self.views = views


NONSENSE: Mapping[str, Any] = {
    "None": None,
    "text": "clean",
    "numbers": [1, 2],
    "a place outside": [Match(0, 10**9, "PERSON", 0.9)],
    "a place before": [Match(-5, -1, "PERSON", 0.9)],
    "an unknown type": [Match(0, 1, "NOTHING_TO_SEE", 0.9)],
    "no number": [Match(0, 1, "PERSON", float("nan"))],
    "a score too high": [Match(0, 1, "PERSON", 7.0)],
}


def _hangs(_: str) -> Any:
    time.sleep(3 * DEADLINE_S)  # past the deadline of inspection; a thread cannot be ended, so it must end by itself
    return ()


def _with_detector(find: Callable[[str], Any], *, ner: bool) -> Callable[[Pipeline], Mapping[str, Any]]:
    def parts(whole: Pipeline) -> Mapping[str, Any]:
        detectors: Sequence[Any] = whole.scanner._detectors
        if ner:
            kept = [BrokenDetector(find, one.name, one.views) if one.name == "rampart" else one for one in detectors]
            assert any(isinstance(one, BrokenDetector) for one in kept)
        else:
            kept = [*detectors, BrokenDetector(find, "broken")]
        return {"scanner": Scanner(kept, timeout_s=DEADLINE_S if find is _hangs else whole.scanner._timeout_s)}

    return parts


def _detector_faults() -> list[Fault]:
    faults = []
    for ner, stage in ((False, "a detector"), (True, "the name model")):
        faults.append(Fault(stage, "raises", _with_detector(_raises, ner=ner)))
        faults.append(Fault(stage, "hangs", _with_detector(_hangs, ner=ner)))
        for said, value in NONSENSE.items():
            faults.append(Fault(stage, f"answers {said}", _with_detector(_answers(value), ner=ner)))
    return faults


def _with_cache(**methods: Any) -> Callable[[Pipeline], Mapping[str, Any]]:
    def parts(whole: Pipeline) -> Mapping[str, Any]:
        scanner = Scanner(whole.scanner._detectors, timeout_s=whole.scanner._timeout_s)
        for name, method in methods.items():
            setattr(scanner.cache, name, method)
        return {"scanner": scanner}

    return parts


class BrokenScanner:
    """In place of the whole scanner. ``close`` is not needed: it has no threads."""

    def __init__(self, scan: Callable[[Draft], Any]) -> None:
        self._scan = scan

    async def scan(self, draft: Draft) -> Any:
        return await self._scan(draft)


def _scanner(how: str, scan: Callable[[Draft], Any], *, ends: bool = True) -> Fault:
    async def answer(draft: Draft) -> Any:
        said = scan(draft)
        return await said if asyncio.iscoroutine(said) else said

    return Fault("inspection", how, lambda _: {"scanner": BrokenScanner(answer)}, sends=False, ends=ends)


# Drafts, records, the way out, answers


class BrokenFormat:
    """A backend's format of which some methods are replaced."""

    def __init__(self, real: Any, **methods: Any) -> None:
        self._real = real
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._real, name)


def _with_draft(draft: Callable[[Any, Any, Backend, str], Any]) -> Callable[[Pipeline], Mapping[str, Any]]:
    def parts(whole: Pipeline) -> Mapping[str, Any]:
        return {
            "formats": {
                kind: BrokenFormat(
                    real, draft=lambda inbound, backend, model, real=real: draft(real, inbound, backend, model)
                )
                for kind, real in whole.formats.items()
            }
        }

    return parts


class BrokenLog:
    """In place of the audit log."""

    def __init__(self, write: Callable[[], Any]) -> None:
        self._write = write

    async def write(self, _: Any) -> None:
        said = self._write()
        if asyncio.iscoroutine(said):
            await said

    def complete(self, _: Any) -> None:
        """Best effort, as the real one: says nothing."""


def _audit_raises() -> Any:
    raise AuditUnavailable("The decision could not be recorded.")


def _disk_fails() -> Any:
    raise OSError(28, SAID)


class BrokenTransport(httpx2.AsyncBaseTransport):
    """In place of the connection, or of the guard before it."""

    def __init__(self, send: Callable[[], Any]) -> None:
        self._send = send

    async def handle_async_request(self, _: httpx2.Request) -> Any:
        said = self._send()
        return await said if asyncio.iscoroutine(said) else said


def _with_line(
    change: Callable[[Any, Backend], Any], formats: Mapping[Any, Any] = FORMATS
) -> Callable[[Pipeline], Mapping[str, Any]]:
    """The way out, with every line to a backend changed."""

    def parts(whole: Pipeline) -> Mapping[str, Any]:
        egress = Egress(whole.backends, formats)
        egress._lines = {name: change(line, line.backend) for name, line in egress._lines.items()}
        return {"egress": egress}

    return parts


def _guard(send: Callable[[], Any]) -> Callable[[Pipeline], Mapping[str, Any]]:
    return _with_line(lambda line, _: replace(line, guard=BrokenTransport(send)))


def _transport(send: Callable[[], Any]) -> Callable[[Pipeline], Mapping[str, Any]]:
    def change(line: Any, backend: Backend) -> Any:
        return replace(line, guard=GuardTransport(BrokenTransport(send), Origin.of(backend.base_url)))

    return _with_line(change)


def _raising(error: Exception) -> Callable[[], Any]:
    def send() -> Any:
        raise error

    return send


def _reading(**methods: Any) -> Callable[[Pipeline], Mapping[str, Any]]:
    formats = {kind: BrokenFormat(real, **methods) for kind, real in FORMATS.items()}
    return _with_line(lambda line, _: line, formats)


def _stream_of(*values: Any, then: Callable[[], Any] | None = None) -> Callable[..., Any]:
    async def read_stream(*_: Any) -> Any:
        for value in values:
            yield value
        if then is not None:
            said = then()
            if asyncio.iscoroutine(said):
                await said

    return read_stream


async def _sleeps() -> None:
    await asyncio.sleep(FOREVER)


def _another(draft: Draft) -> Report:
    return Report(bytes(32), (), Coverage())


def faults(real: Mapping[str, Callable[..., Any]], elsewhere: str) -> list[Fault]:
    """All of them. ``real``: the functions that are replaced, by stage; ``elsewhere``: a URL that is no backend's."""
    whole = Completion(b"not JSON", "nobody", None, "stop")
    return [
        *_function(
            "parsing", "gateway.ingress.openai_chat.parse_object", real["parse"], None, "text", {}, [], sends=False
        ),
        *_function("facts", "gateway.pipeline.facts_of", real["facts"], None, object()),
        Fault("drafting", "raises", _with_draft(lambda *_: _raises()), sends=False),
        Fault("drafting", "blocks", _with_draft(lambda real, *given: _blocks(real.draft)(*given))),
        Fault("drafting", "answers None", _with_draft(lambda *_: None), sends=False),
        Fault(
            "drafting",
            "answers another address",
            _with_draft(lambda real, *given: replace(real.draft(*given), url=f"{elsewhere}/v1/chat/completions")),
            sends=False,
        ),
        Fault(
            "drafting",
            "answers another backend",
            _with_draft(
                lambda real, *given: replace(real.draft(*given), backend=replace(given[1], base_url=elsewhere))
            ),
            sends=False,
        ),
        *_function(
            "segments", "gateway.inspection.scanner.segments", real["segments"], None, object(), (1, 2), sends=True
        ),
        *_detector_faults(),
        Fault("the cache", "raises on reading", _with_cache(get=_raises)),
        Fault("the cache", "raises on keys", _with_cache(key=_raises)),
        Fault("the cache", "raises on writing", _with_cache(put=_raises)),
        Fault("the cache", "answers text", _with_cache(get=_answers("clean"))),
        Fault("the cache", "answers nonsense", _with_cache(get=_answers(Reading(hits=(1, 2), reasons=(3,))))),  # type: ignore[arg-type]
        _scanner("raises", _raises),
        _scanner("hangs", lambda _: _sleeps(), ends=False),
        _scanner("answers None", _answers(None)),
        _scanner("answers a report of another draft", _another),
        _scanner("answers coverage that is none", lambda draft: Report(draft.digest, (), None)),  # type: ignore[arg-type]
        Fault("the policy", "raises", lambda _: {"policy": _raises}, sends=False),
        Fault("the policy", "is None", lambda _: {"policy": _answers(None)}, sends=False),
        Fault(
            "the policy",
            "is empty",
            lambda whole: {"policy": _answers(replace(whole.policy(), classify=(), refuse=()))},
        ),
        *_function("the decision", "gateway.pipeline.decide", real["decide"], None, True, object()),
        Fault("the record", "raises", lambda _: {"log": BrokenLog(_audit_raises)}, sends=False),
        Fault("the record", "meets a full disk", lambda _: {"log": BrokenLog(_disk_fails)}, sends=False),
        Fault("the record", "hangs", lambda _: {"log": BrokenLog(_sleeps)}, sends=False, ends=False),
        Fault("the guard", "finds a difference", _guard(_raising(LeakPrevented("the body differs"))), sends=False),
        Fault("the guard", "raises", _guard(_raises), sends=False),
        Fault("the guard", "hangs", _guard(_sleeps), sends=False),
        Fault("the guard", "answers None", _guard(_answers(None)), sends=False),
        Fault("the transport", "cannot connect", _transport(_raising(httpx2.ConnectError(SAID))), sends=False),
        Fault("the transport", "breaks", _transport(_raising(httpx2.ReadError(SAID))), sends=False),
        Fault("the transport", "raises", _transport(_raises), sends=False),
        Fault("the transport", "hangs", _transport(_sleeps), sends=False),
        Fault("the transport", "answers text", _transport(_answers("200 OK")), sends=False),
        Fault("the answer", "cannot be read", _reading(read=_raises, read_stream=_stream_of(then=_raises))),
        Fault("the answer", "is read as nothing", _reading(read=_answers(None), read_stream=_stream_of())),
        Fault("the answer", "is read as nonsense", _reading(read=_answers(whole), read_stream=_stream_of(7))),
        Fault("the answer", "hangs midway", _reading(read_stream=_stream_of(Chunk(b"{}"), then=_sleeps)), ends=False),
        Fault("the answer", "breaks midway", _reading(read_stream=_stream_of(Chunk(b"{}"), then=_raises))),
    ]
