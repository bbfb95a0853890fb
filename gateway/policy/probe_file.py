"""The shape of probes.yaml: a list of probes, or that list under ``probes:`` beside the ``backends:`` it assumes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from gateway.errors import ConfigError, Problem
from gateway.model import Backend
from gateway.policy.block import MOST_VALUES, Block, wrong
from gateway.policy.decision import INCOMPLETE, NO_RULES
from gateway.policy.route import EXTERNAL, LOCAL
from gateway.policy.rules import Policy
from gateway.policy.shadow import Zone
from gateway.policy.vocabulary import remedy
from gateway.policy.wording import problems_of
from gateway.policy.yaml_lines import Lines, line_of, load_yaml, shown

FILE_NAME: Final = "probes.yaml"
MOST_PROBES: Final = 5000


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names: TypeAlias = Annotated[list[str], BeforeValidator(_listed)]


class Expect(Block):
    """``expect:`` of a probe. At least one key."""

    label: str | None = Field(default=None, description="The label that the request gets.")
    rule: Names = Field(default_factory=list, description="Rules that match, among others.")
    zone: Zone | None = Field(default=None, description="Who would have answered.")
    nothing_to: Names = Field(
        default_factory=list, description="Backends, `local` or `external`: none of them could have received it."
    )

    shadow: Names = Field(
        default_factory=list, description="Rules that match, among others, and are only watched (`mode: shadow`)."
    )

    suppressed: Names = Field(default_factory=list, description="Suppressions that take something out, among others.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise wrong("the probe expects nothing", "Name a label, rule, shadow, suppressed, zone or nothing_to.")
        return self


def _instant(value: str) -> str:
    try:
        zoned = datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise wrong(f"{shown(value)} is not a time with its zone", "Write it so: `2026-03-02T09:00+01:00`.")
    return value


class Probe(Block):
    """One entry: exactly one of prompt, messages and body, and what has to become of it."""

    name: str = Field(min_length=1, max_length=200, description="What the probe shows, as a sentence.")
    about: str | None = Field(default=None, description="More about it, for people.")
    prompt: str | None = Field(default=None, description="What a user writes.")
    messages: list[dict[str, Any]] | None = Field(default=None, description="A whole conversation instead.")
    body: dict[str, Any] | None = Field(default=None, description="A whole chat completions request instead.")
    key: str = Field(default="probe", description="The client key, by public id.")
    team: str = Field(default="", description="The team of the client key.")
    app: str = Field(default="", description="The application of the client key.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers that the client sends.")
    at: Annotated[str, AfterValidator(_instant)] | None = Field(
        default=None,
        description="When the request comes: `2026-03-02T09:00+01:00`. Without it conditions on the time count as met.",
    )
    model: str = Field(default="auto", description="The model that the client asks for.")
    fault: Literal["detector_error", "timeout"] | None = Field(
        default=None, description="What goes wrong: nothing was found before it."
    )
    expect: Expect = Field(description="What has to become of it.")

    @model_validator(mode="after")
    def _one_text(self) -> Self:
        if sum(given is not None for given in (self.prompt, self.messages, self.body)) != 1:
            raise wrong("the probe needs exactly one of `prompt`, `messages` and `body`", "Keep one of them.")
        return self

    @property
    def instant(self) -> datetime | None:
        """``at`` as a time."""
        return None if self.at is None else datetime.fromisoformat(self.at)

    def request(self) -> dict[str, Any]:
        """The body that a client would send."""
        if self.body is not None:
            return {"model": self.model, **self.body}
        return {"model": self.model, "messages": self.messages or [{"role": "user", "content": self.prompt}]}


class AssumedBackend(Block):
    """A backend as the probes imagine it. The real ones stand in gateway.yaml."""

    clearance: str = Field(description="The highest label that it may receive.")
    local: bool = Field(default=False, description="Is it inside your organisation?")


def _few(value: Any) -> Any:
    if isinstance(value, list) and len(value) > MOST_PROBES:
        raise wrong(f"more than {MOST_PROBES} probes", "Keep those that tell rules apart.")
    return value


def _distinct(probes: list[Probe]) -> list[Probe]:
    seen: set[str] = set()
    for probe in probes:
        if probe.name in seen:
            raise wrong(f"two probes are called {shown(probe.name)}", "Rename one.")
        seen.add(probe.name)
    return probes


class ProbeFile(Block):
    """The whole file."""

    backends: dict[str, AssumedBackend] = Field(
        default_factory=dict, description="What the probes assume, by name. Default: one of each kind."
    )
    probes: Annotated[list[Probe], BeforeValidator(_few), AfterValidator(_distinct)] = Field(
        description="The policy's tests."
    )


@dataclass(frozen=True, slots=True)
class Probes:
    """A checked probes.yaml and where its entries stand."""

    file: Path
    backends: Mapping[str, AssumedBackend]
    probes: tuple[Probe, ...] = field(repr=False)
    lines: Lines = field(repr=False)

    def line(self, *location: str | int) -> int | None:
        return line_of(self.lines, ("probes", *location))


def load_probes(file: Path) -> Probes:
    """Read probes.yaml. An empty file has no probes. Raises ConfigError with every problem."""
    value, lines = load_yaml(file, MOST_VALUES)
    if not isinstance(value, dict):  # a bare list: read it as if it stood under `probes:`
        value = {"probes": [] if value is None else value}
        lines = {("probes", *location): line for location, line in lines.items()}
    try:
        document = ProbeFile.model_validate(value)
    except ValidationError as error:
        raise ConfigError(tuple(problems_of(error, ProbeFile, file, lines, not_yet={}))) from None
    return Probes(file, document.backends, tuple(document.probes), lines)


def unknown_names(probes: Probes, policy: Policy, backends: Sequence[Backend]) -> Iterator[Problem]:
    """Expectations that nothing could ever meet, because they name what the policy does not have."""
    rules = {INCOMPLETE, NO_RULES, *(rule.id for rule in policy.classify), *(rule.id for rule in policy.refuse)}
    targets = {LOCAL, EXTERNAL, *(backend.name for backend in backends)}
    for index, probe in enumerate(probes.probes):
        expect = probe.expect
        named = [("label", expect.label, set(policy.labels))] if expect.label is not None else []
        named += [("rule", rule, rules) for rule in expect.rule]
        named += [("shadow", rule, {one.id for one in policy.watched}) for rule in expect.shadow]
        named += [("suppressed", one, {each.id for each in policy.suppress}) for one in expect.suppressed]
        named += [("nothing_to", name, targets) for name in expect.nothing_to]
        for key, name, known in named:
            if name not in known:
                line = probes.line(index, "expect", key)
                message = f"{key}: {shown(name)} is not known to the policy"
                yield Problem(message, remedy(name, known), probes.file, line)
