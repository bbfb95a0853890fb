"""Small values for the policy tests: one draft, one report, one policy at a time."""

from collections.abc import Mapping
from datetime import datetime

from gateway.model import Backend, Capabilities, Coverage, Draft, Facts, Finding, Report, WireFormat
from gateway.policy.conditions import Condition, Entities
from gateway.policy.rules import ClassifyRule, Policy, RefuseRule, RouteRule

LABELS = ("public", "internal", "confidential", "restricted")
ABLE = Capabilities()
TYPES = ("PERSON", "CREDIT_CARD", "HEALTH_TERM", "PRIVATE_KEY")


def backend(
    name: str = "gpt",
    clearance: str = "internal",
    *,
    local: bool = False,
    models: tuple[str, ...] | None = None,
    capabilities: Capabilities = ABLE,
) -> Backend:
    names = models or (f"{name}-model",)
    return Backend(
        name=name,
        format=WireFormat.OPENAI,
        base_url=f"http://{name}.invalid/v1",
        models={one: f"{one}@{name}" for one in names},
        clearance=clearance,
        capabilities=capabilities,
        local=local,
    )


def draft(to: Backend | None = None, body: bytes = b"{}") -> Draft:
    to = to or backend()
    return Draft(to, f"{to.base_url}/chat/completions", (), body, to.default_model, stream=False)


def finding(entity_type: str, score: float = 0.8, role: str = "user", start: int = 0) -> Finding:
    return Finding(entity_type, score, "messages[0].content", role, start, start + 4 if start >= 0 else -1, "test")


def report(about: Draft, *findings: Finding, reasons: tuple[str, ...] = ()) -> Report:
    return Report(about.digest, findings, Coverage(reasons))


def facts(
    wanted: str = "auto",
    *,
    key: str = "team-a",
    tokens: int = 100,
    stream: bool = False,
    tools: bool = False,
    vision: bool = False,
    documents: bool = False,
    audio: bool = False,
    json_schema: bool = False,
    team: str | None = "",
    app: str | None = "",
    at: datetime | None = None,
    tool_names: tuple[str, ...] | None = (),
    system_prompt: bool | None = False,
    headers: Mapping[str, tuple[str, ...]] | None = None,
    metadata: Mapping[str, str | None] | None = None,
) -> Facts:
    return Facts(
        *(key, wanted, stream, tokens, tools, vision, documents, audio, json_schema),
        team=team,
        app=app,
        at=at,
        tool_names=tool_names,
        system_prompt=system_prompt,
        headers=headers,
        metadata=metadata,
    )


def entities(*names: str, score: float = 0.4, count: int = 1) -> Entities:
    return Entities(any_of=frozenset(names), min_score=score, min_count=count)


def policy(
    *classify: tuple[str, Condition, str],
    refuse: tuple[tuple[str, Condition], ...] = (),
    route: tuple[RouteRule, ...] = (),
    accepted: tuple[str, ...] = (),
    labels: tuple[str, ...] = LABELS,
) -> Policy:
    return Policy(
        name="test",
        labels=labels,
        classify=tuple(ClassifyRule(*rule) for rule in classify),
        refuse=tuple(RefuseRule(name, when, f"because of {name}", name) for name, when in refuse),
        route=route,
        accepted=frozenset(accepted),
    )
