"""Which backends are asked, in which order. Preference only: whether one may receive a draft is ``decide``'s to say.

The rules, in full:

1. The first route rule that matches names the backends, in order; ``local`` and ``external`` stand for all of that
   kind, in the order of gateway.yaml. Without a matching rule it is ``local``.
2. ``auto`` (or an alias of it) takes that list as it is.
3. A name that a local backend serves asks for a local answer: only local backends, those that serve the name first,
   then the others of the route. This holds even where the route lists no local backend.
4. A name that only external backends serve moves those of them that the route lists to the front. It adds none that the
   route does not list, and takes none away: the route's local backends stay as the place for what may not leave.

A name is a public model name of some backend, the server's own name of it (which stands in answers), ``backend/model``,
or an alias (from gateway.yaml) of one of these or of ``auto``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model import Backend, Facts
from gateway.policy.conditions import nothing_observed
from gateway.policy.rules import Otherwise, Policy

AUTO: Final = "auto"
LOCAL: Final = "local"
EXTERNAL: Final = "external"

_NO_ALIASES: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Plan:
    """Backends in order of preference, and what to do when one of them cannot answer."""

    backends: tuple[Backend, ...]
    on_unavailable: Otherwise = Otherwise.NEXT
    on_incapable: Otherwise = Otherwise.NEXT


def plan(policy: Policy, facts: Facts, backends: Sequence[Backend], aliases: Mapping[str, str] = _NO_ALIASES) -> Plan:
    """The candidates and the route rule's two switches. ``facts.wanted_model`` is the name as the client wrote it."""
    seen = nothing_observed(facts)
    rule = next((rule for rule in policy.route if rule.matches(seen)), None)
    listed = _listed((LOCAL,) if rule is None else rule.to, backends)
    order = _preferred(listed, backends, aliases.get(facts.wanted_model, facts.wanted_model))
    return Plan(order) if rule is None else Plan(order, rule.on_unavailable, rule.on_incapable)


def candidates(
    policy: Policy, facts: Facts, backends: Sequence[Backend], aliases: Mapping[str, str] = _NO_ALIASES
) -> tuple[Backend, ...]:
    """The backends of ``plan``, each at most once, in order of preference. May be empty."""
    return plan(policy, facts, backends, aliases).backends


def serves(backends: Iterable[Backend], aliases: Mapping[str, str], name: str) -> bool:
    """Is ``name`` something a client may ask for? False is a 404."""
    target = aliases.get(name, name)
    return target == AUTO or any(_serves(backend, target) for backend in backends)


def model_for(backend: Backend, wanted: str, aliases: Mapping[str, str] = _NO_ALIASES) -> str:
    """The server's own name of the model to ask ``backend`` for: the wanted one where it serves it, else its first."""
    target = aliases.get(wanted, wanted)
    names = _names(backend)
    if target in names:
        return names[target]
    owner, _, model = target.partition("/")
    if owner == backend.name and model in names:
        return names[model]
    return backend.default_model


def incapable(backend: Backend, facts: Facts) -> str | None:
    """Why this backend cannot do what the request needs, as a fixed word; None: it can. Asked before drafting."""
    can = backend.capabilities
    needs = (
        ("context", can.context is not None and facts.tokens > can.context),
        ("tools", facts.tools and not can.tools),
        ("vision", facts.vision and not can.vision),
        ("documents", facts.documents and not can.documents),
        ("audio", facts.audio and not can.audio),
        ("json_schema", facts.json_schema and not can.json_schema),
    )
    return next((word for word, missing in needs if missing), None)


def _listed(to: Iterable[str], backends: Sequence[Backend]) -> tuple[Backend, ...]:
    """Names and groups written out in order, each backend once. A name that no backend has adds nothing."""
    listed: dict[str, Backend] = {}
    for name in to:
        for backend in backends:
            meant = backend.local if name == LOCAL else not backend.local if name == EXTERNAL else backend.name == name
            if meant:
                listed.setdefault(backend.name, backend)
    return tuple(listed.values())


def _preferred(listed: tuple[Backend, ...], backends: Sequence[Backend], wanted: str) -> tuple[Backend, ...]:
    """The listed backends in the order that the client's wish gives them (rules 2 to 4)."""
    if wanted == AUTO:
        return listed
    at_home = tuple(backend for backend in (*listed, *backends) if backend.local and _serves(backend, wanted))
    if at_home:
        return _once((*at_home, *(backend for backend in listed if backend.local)))
    return _once((*(backend for backend in listed if _serves(backend, wanted)), *listed))


def _serves(backend: Backend, name: str) -> bool:
    owner, _, model = name.partition("/")
    return name in _names(backend) or (owner == backend.name and model in _names(backend))


def _names(backend: Backend) -> Mapping[str, str]:
    """What its models may be called, with the server's own name of each: public names, and the server's own."""
    return {**{own: own for own in backend.models.values()}, **backend.models}


def _once(backends: Iterable[Backend]) -> tuple[Backend, ...]:
    return tuple({backend.name: backend for backend in backends}.values())
