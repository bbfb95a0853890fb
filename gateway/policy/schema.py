"""The shape of policy.yaml. Names are checked here as well, against the vocabulary: one load reports everything."""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from gateway.policy.block import Block, distinct, few, listed, some, wrong
from gateway.policy.names import Acceptable, Code, JudgeBackend, Label, Name, RuleId, Target
from gateway.policy.reads_block import ReadsBlock
from gateway.policy.rule_mode import RuleMode
from gateway.policy.suppress_block import SuppressBlock
from gateway.policy.transform_block import TransformBlock
from gateway.policy.when import ALWAYS, FactsOnlyInRoute, When

MOST_RULES: Final = 5000


def _empty_if_missing(value: Any) -> Any:
    if isinstance(value, list) and len(value) > MOST_RULES:
        raise wrong(f"the list has more than {MOST_RULES} rules", "Join rules of one label: `any_of` takes many names.")
    return [] if value is None else value


def _whole(value: Any) -> Any:
    if type(value) is not int:  # 1.0 and true are equal to 1, and are not what an author means
        raise wrong("the version is a whole number", "Write `version: 1`.")
    return value


class ClassifyBlock(Block):
    """One classify rule: if it matches, the request has at least this label."""

    id: RuleId = Field(description="The rule's own name; stands in records, headers and probes.")
    about: str | None = Field(default=None, description="Why the rule is there, for people. Decides nothing.")
    when: When = Field(description="What has to hold, or `always`.")
    label: Label = Field(description="One of `labels`. The highest label of all rules that match counts.")
    mode: RuleMode = Field(default="enforce", description="`enforce`, `shadow` (watched only) or `{canary: 5%}`.")


class RefuseBlock(Block):
    """One refuse rule: if it matches, the request ends with 403, whoever was to answer it."""

    id: RuleId = Field(description="The rule's own name; stands in records, headers and probes.")
    about: str | None = Field(default=None, description="Why the rule is there, for people. Decides nothing.")
    when: When = Field(description="What has to hold, or `always`.")
    message: str = Field(min_length=1, max_length=1000, description="What the client is told, in your own words.")
    code: Code = Field(default="policy_refused", description="The stable code of the error, for programs.")
    mode: RuleMode = Field(default="enforce", description="`enforce`, `shadow` (watched only) or `{canary: 5%}`.")


class RouteBlock(Block):
    """One route: who is asked, in this order. The first route that matches is taken."""

    about: str | None = Field(default=None, description="Why the route is there, for people. Decides nothing.")
    when: FactsOnlyInRoute = Field(
        default=ALWAYS, description="What has to hold. Facts only: a route is chosen before anything is inspected."
    )
    to: Annotated[list[Target], BeforeValidator(listed), AfterValidator(some), AfterValidator(distinct)] = Field(
        description="Backends by name, or `local` and `external` for all of a kind, in order of preference."
    )
    on_unavailable: Literal["next", "refuse"] = Field(
        default="next", description="When a backend is down: ask the `next` one, or `refuse` the request."
    )
    on_incapable: Literal["next", "refuse"] = Field(
        default="next", description="When a backend lacks what the request needs: the `next` one, or `refuse`."
    )


class JudgeBlock(Block):
    """``judge: off | uncertain | always``, or the mapping with this word as ``mode``."""

    words: ClassVar = ("off", "uncertain", "always")
    mode: Literal["off", "uncertain", "always"] = Field(
        description="Ask nobody, only about texts of which the classifier is not sure, or about every text."
    )
    band: list[Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] | None = Field(
        default=None,
        description="Lower and upper score between which the classifier is not sure. Default: from the rules.",
    )
    timeout_ms: int = Field(
        default=1500, ge=10, le=60_000, description="For all questions about one request together, in milliseconds."
    )
    backend: JudgeBackend | None = Field(
        default=None, description="Who is asked. Default: every local backend of the top clearance, in order."
    )
    questions: int = Field(default=8, ge=1, le=256, description="Texts asked about for one request and candidate.")

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

    accept: Annotated[list[Acceptable], BeforeValidator(listed), AfterValidator(distinct)] = Field(
        description="Reasons for which content may be unread without raising the label. That content may leave."
    )


class PolicyFile(Block):
    """One policy.yaml."""

    version: Annotated[Literal[1], BeforeValidator(_whole)] = Field(description="The version of this language.")
    name: Name = Field(description="The policy's name; stands in records.")
    about: str | None = Field(default=None, description="What the policy is for. Decides nothing.")
    labels: Annotated[list[Name], BeforeValidator(few), AfterValidator(some), AfterValidator(distinct)] = Field(
        description="How sensitive a request can be, from least to most. Without a matching rule it has the first."
    )
    coverage: AcceptBlock | None = Field(default=None, description="What may be unread.")
    profile: Literal["balanced", "strict", "healthcare"] = Field(
        default="balanced", description="From which score of the classifier on `matter: private` holds."
    )
    judge: JudgeBlock | None = Field(
        default=None, description="A model that you host, asked where the classifier is not sure. Default: off."
    )
    reads: ReadsBlock | None = Field(
        default=None, description="Headers and metadata of the client that conditions may ask for. Never recorded."
    )
    classify: Annotated[list[ClassifyBlock], BeforeValidator(_empty_if_missing)] = Field(
        default_factory=list, description="Rules that raise the label. Order does not matter. None: the top label."
    )
    refuse: Annotated[list[RefuseBlock], BeforeValidator(_empty_if_missing)] = Field(
        default_factory=list, description="Rules that end a request. The first that matches gives the message."
    )
    route: Annotated[list[RouteBlock], BeforeValidator(_empty_if_missing)] = Field(
        default_factory=list, description="Who is asked, in order of preference. None matches: local backends only."
    )
    suppress: Annotated[list[SuppressBlock], BeforeValidator(_empty_if_missing)] = Field(
        default_factory=list, description="Values of your own that no rule sees. The only part that lowers a label."
    )
    transform: Annotated[list[TransformBlock], BeforeValidator(_empty_if_missing)] = Field(
        default_factory=list, description="Not built yet: a policy that has it does not load."
    )
