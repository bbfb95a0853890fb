"""The shape of policy.yaml. Names are checked here as well, against the vocabulary: one load reports everything."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from gateway.policy.block import Block, distinct, listed, some, wrong
from gateway.policy.names import Acceptable, Code, JudgeBackend, Label, Name, RuleId, Target
from gateway.policy.when import ALWAYS, FactsOnlyInRoute, When


def _empty_if_missing(value: Any) -> Any:
    return [] if value is None else value


class ClassifyBlock(Block):
    id: RuleId
    about: str | None = None
    when: When
    label: Label


class RefuseBlock(Block):
    id: RuleId
    about: str | None = None
    when: When
    message: str = Field(min_length=1, max_length=1000)
    code: Code = "policy_refused"


class RouteBlock(Block):
    about: str | None = None
    when: FactsOnlyInRoute = ALWAYS
    to: Annotated[list[Target], BeforeValidator(listed), AfterValidator(some), AfterValidator(distinct)]
    on_unavailable: Literal["next", "refuse"] = "next"
    on_incapable: Literal["next", "refuse"] = "next"


class JudgeBlock(Block):
    """``judge: off | uncertain | always``, or the mapping with this word as ``mode``."""

    mode: Literal["off", "uncertain", "always"]
    band: list[Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] | None = None
    timeout_ms: int = Field(default=1500, ge=10, le=60_000)
    backend: JudgeBackend | None = None
    questions: int = Field(default=8, ge=1, le=256)

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"mode": value}
        if not isinstance(value, dict):
            raise wrong("not a setting of the judge", "Write `judge: off`, `uncertain`, `always`, or a mapping.")
        return value

    @field_validator("band")
    @classmethod
    def _from_to(cls, band: list[float] | None) -> list[float] | None:
        if band is not None and not (len(band) == 2 and band[0] < band[1]):
            raise wrong("the band is not two rising numbers", "Write the lower and the upper score: `[0.2, 0.8]`.")
        return band


class AcceptBlock(Block):
    """Top-level ``coverage:``."""

    accept: Annotated[list[Acceptable], BeforeValidator(listed), AfterValidator(distinct)]


class PolicyFile(Block):
    """One policy.yaml."""

    version: Literal[1]
    name: Name
    about: str | None = None
    labels: Annotated[list[Name], AfterValidator(some), AfterValidator(distinct)]
    coverage: AcceptBlock | None = None
    profile: Literal["balanced", "strict", "healthcare"] = "balanced"
    judge: JudgeBlock | None = None
    classify: Annotated[list[ClassifyBlock], BeforeValidator(_empty_if_missing)] = Field(default_factory=list)
    refuse: Annotated[list[RefuseBlock], BeforeValidator(_empty_if_missing)] = Field(default_factory=list)
    route: Annotated[list[RouteBlock], BeforeValidator(_empty_if_missing)] = Field(default_factory=list)
