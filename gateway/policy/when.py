"""``when:`` of a rule: the conditions that policy.yaml may hold, and where some of them may not stand."""

from collections.abc import Collection
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from gateway.policy.block import Block, few, known, listed, some, wrong
from gateway.policy.names import Entities, Patterns, Places, Reasons, Role
from gateway.policy.places import Nearness
from gateway.policy.reads_block import HeaderPatterns, MetadataPatterns
from gateway.policy.time_block import TimeBlock
from gateway.policy.vocabulary import PRIVATE_MATTER


def _kinds(value: Any) -> Any:
    if value is False:
        raise wrong("`attachments: false` is not a condition", "Write `not: {attachments: true}`.")
    return ["image", "document", "audio"] if value is True else listed(value)


class EntitiesBlock(Block):
    """``entities:`` of a condition."""

    any_of: Entities | None = Field(
        default=None, description="Entity types, groups or `anything`: one of them is found `min_count` times."
    )
    all_of: Entities | None = Field(default=None, description="Entity types or groups: each of them is found so often.")
    min_score: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="Findings that are less certain do not count. 0.4: something speaks for it.",
    )
    min_count: int = Field(default=1, ge=1, le=1_000_000, description="How many findings it takes.")
    min_distinct: int = Field(
        default=1, ge=1, le=1_000_000, description="How many different values it takes, however often each is found."
    )
    roles: Annotated[list[Role], BeforeValidator(listed), AfterValidator(some)] | None = Field(
        default=None, description="Only findings in messages of these roles count. Default: everywhere."
    )
    where: Places | None = Field(default=None, description="Only findings in these places count. Default: everywhere.")
    near: Nearness = Field(
        default="request", description="All of it within one string (`segment`), one `message`, or anywhere."
    )

    @model_validator(mode="before")
    @classmethod
    def _bounded_below(cls, value: Any) -> Any:
        bounds = {"max", "max_count", "max_distinct", "max_score"}
        if isinstance(value, dict) and (found := sorted(bounds & {key for key in value if isinstance(key, str)})):
            raise wrong(
                f"`{found[0]}` is no bound of a condition: one more finding could then lower a label",
                "Write `min_score`, `min_count` or `min_distinct`, and give a lower label to what has fewer.",
            )
        return value

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.any_of is None and self.all_of is None:
            raise wrong("the condition names no entities", "Write `any_of: [...]` or `all_of: [...]`.")
        return self


class CoverageBlock(Block):
    """``coverage: incomplete`` or ``coverage: {reasons: [...]}``."""

    words: ClassVar = ("incomplete",)
    reasons: Reasons | None = Field(default=None, description="Only these reasons count, also where they are accepted.")

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        if value == "incomplete":
            return {}
        if not isinstance(value, dict) or value.keys() != {"reasons"}:
            raise wrong("not a coverage condition", "Write `coverage: incomplete` or `coverage: {reasons: [script]}`.")
        return value


class TokensBlock(Block):
    """``tokens: {over: n}``, ``{under: n}`` or both."""

    over: int | None = Field(default=None, ge=0, description="More than so many tokens.")
    under: int | None = Field(default=None, ge=1, description="Fewer than so many tokens.")

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.over is None and self.under is None:
            raise wrong("the condition has no bound", "Write `tokens: {over: 8000}`.")
        if self.over is not None and self.under is not None and self.under - self.over < 2:
            raise wrong("no number lies between these bounds", "Give `under` more than `over`.")
        return self


class MatterBlock(Block):
    """``matter: private``: the classifier's score reaches the profile's; ``{over: 0.6}``: it reaches this one."""

    words: ClassVar = ("private",)
    over: float | None = Field(
        default=None, gt=0, le=1, allow_inf_nan=False, description="The probability is at least this."
    )

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any, info: ValidationInfo) -> Any:
        if PRIVATE_MATTER not in known(info).vocabulary.entity_types:
            raise wrong("no classifier of private matters is at work", "Name `entities` instead.")
        if value == "private":
            return {}
        if not isinstance(value, dict) or value.keys() != {"over"}:
            raise wrong("not a condition on the matter", "Write `matter: private` or `matter: {over: 0.6}`.")
        return value


class When(Block):
    """A condition. Several keys in one mapping all have to hold. ``when: always`` matches every request."""

    words: ClassVar = ("always",)
    always: Literal[True] | None = Field(default=None, description="Every request; the long form of `when: always`.")
    entities: EntitiesBlock | None = Field(default=None, description="Inspection found something.")
    matter: MatterBlock | None = Field(default=None, description="The classifier takes a text for a private matter.")
    coverage: CoverageBlock | None = Field(
        default=None, description="Inspection could not read everything, for a reason that is not accepted."
    )
    model: Patterns | None = Field(default=None, description="The client asked for one of these models; `*` as a part.")
    key: Patterns | None = Field(
        default=None, description="The request came with one of these client keys, by public id; `*` as a part."
    )
    team: Patterns | None = Field(
        default=None, description="The client key belongs to one of these teams, as gateway.yaml says; `*` as a part."
    )
    app: Patterns | None = Field(
        default=None, description="The client key belongs to one of these applications; `*` as a part."
    )
    headers: HeaderPatterns | None = Field(
        default=None, description="The client sent these headers with such values; `*` as a part. See `reads`."
    )
    metadata: MetadataPatterns | None = Field(
        default=None,
        description="The `metadata` has these keys with such values; `*` as a part. See `reads`.",
    )
    time: TimeBlock | None = Field(default=None, description="The request came within these hours and days.")
    stream: bool | None = Field(default=None, description="A stream is wanted (`true`), or a whole answer (`false`).")
    tools: bool | None = Field(default=None, description="Tools are offered or were used (`true`), or none (`false`).")
    tool_names: Patterns | None = Field(
        default=None, description="A tool of one of these names is offered; `*` as a part."
    )
    system_prompt: bool | None = Field(
        default=None, description="There is a system or developer message (`true`), or none (`false`)."
    )
    tokens: TokensBlock | None = Field(default=None, description="The estimated size of prompt and answer, in tokens.")
    attachments: Annotated[list[Literal["image", "document", "audio"]], BeforeValidator(_kinds)] | None = Field(
        default=None, description="The request carries parts of these kinds, or any (`true`)."
    )
    all: Annotated[list["When"], BeforeValidator(few), AfterValidator(some)] | None = Field(
        default=None, description="Conditions that all have to hold."
    )
    any: Annotated[list["When"], BeforeValidator(few), AfterValidator(some)] | None = Field(
        default=None, description="Conditions of which at least one has to hold."
    )
    not_: "FactsOnlyInNot | None" = Field(
        default=None,
        alias="not",
        description="A condition that must not hold. Facts only, so that nothing found lowers a label.",
    )

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        if value == "always":
            return {"always": True}
        if not isinstance(value, dict) or not value or None in value.values():
            raise wrong("not a condition", "Write a mapping such as `{entities: {any_of: [secrets]}}`, or `always`.")
        return value

    def reads_text(self) -> bool:
        """Does the answer depend on what inspection finds?"""
        inner = (*(self.all or ()), *(self.any or ()), *((self.not_,) if self.not_ else ()))
        own = (self.entities, self.matter, self.coverage)
        return any(condition is not None for condition in own) or any_reads_text(inner)

    def reads_client(self) -> bool:
        """Does the answer depend on what a client may write there as it likes?"""
        inner = (*(self.all or ()), *(self.any or ()), *((self.not_,) if self.not_ else ()))
        return self.headers is not None or self.metadata is not None or any_reads_client(inner)


def any_reads_text(conditions: Collection[When]) -> bool:
    return any(condition.reads_text() for condition in conditions)


def any_reads_client(conditions: Collection[When]) -> bool:
    return any(condition.reads_client() for condition in conditions)


def _facts_in_not(condition: When) -> When:
    if condition.always:
        raise wrong("`not: always` never matches", "Remove the rule, or name a fact.")
    if condition.reads_text():
        raise wrong(
            "`not` may not hold `entities`, `matter` or `coverage`: a finding could then lower a label",
            "Give the other requests a lower label, or ask for facts only: model, key, stream, tools, tokens.",
        )
    if condition.reads_client():
        raise wrong(
            "`not` may not hold `headers` or `metadata`: a client could then lower a label by what it sends",
            "Ask for what raises the label, or for the `key`, `team` or `app` of the client.",
        )
    return condition


def _facts_in_route(condition: When) -> When:
    if condition.reads_text():
        raise wrong(
            "a route may not ask for `entities`, `matter` or `coverage`: it is chosen before anything is inspected",
            "Raise the label with a classify rule; the backends' clearances do the rest.",
        )
    return condition


FactsOnlyInNot: TypeAlias = Annotated[When, AfterValidator(_facts_in_not)]
FactsOnlyInRoute: TypeAlias = Annotated[When, AfterValidator(_facts_in_route)]
ALWAYS: Final = When(always=True)


When.model_rebuild()
