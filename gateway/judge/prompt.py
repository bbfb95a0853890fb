"""The judge's prompt, read from ``policies/judge/judge.yaml``. Strict: a prompt that lost a part judges differently."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from gateway.errors import ConfigError, Problem
from gateway.judge.verdicts import REASONS, Ruling, Verdict
from gateway.policy.block import Block, wrong
from gateway.policy.shipped import shipped
from gateway.policy.vocabulary import remedy
from gateway.policy.wording import problems_of
from gateway.policy.yaml_lines import line_of, load_mapping

MARK: Final = "{mark}"
FORM: Final = 1
"""Raise it with every change of how ``question.py`` puts a question together: verdicts are remembered under it."""


@dataclass(frozen=True, slots=True)
class Example:
    """One text with its verdict, shown to the model before the question."""

    text: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything the model is told besides the text."""

    system: str
    before: str
    after: str
    json_answer: str
    plain_answer: str
    reasons: tuple[tuple[str, str], ...]
    """Code and meaning."""
    examples: tuple[Example, ...]
    controls: tuple[Example, ...]
    """Texts that a model has to judge rightly before its verdicts count. It is not shown their verdicts."""
    version: str
    """``version`` of the file, form of the question, and the first 12 hex digits of the SHA-256 of what it says."""


def _marked(value: str) -> str:
    if MARK not in value:
        raise wrong(f"it does not say `{MARK}`", f"Put `{MARK}` where the drawn mark is to be named.")
    return value


def _reason(value: str) -> str:
    if value not in REASONS:
        raise wrong(f"unknown reason code {value!r}", remedy(value, REASONS))
    return value


Text = Annotated[str, Field(min_length=1, max_length=20_000)]


class _Answer(Block):
    json_: Text = Field(alias="json")
    plain: Text


class _Example(Block):
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    verdict: Literal["private", "general"]
    reason: Annotated[str, AfterValidator(_reason)] | None = None
    text: Text

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if (self.verdict == "private") != (self.reason is not None):
            raise wrong("a private example has a reason, a general one has none", "Add or remove `reason`.")
        return self


class _File(Block):
    version: Annotated[int, Field(ge=1, le=9999)]
    system: Text
    before: Annotated[Text, AfterValidator(_marked)]
    after: Text
    answer: _Answer
    reasons: dict[Annotated[str, AfterValidator(_reason)], Text]
    examples: Annotated[list[_Example], Field(max_length=100)]
    controls: Annotated[list[_Example], Field(max_length=100)]


def load_prompt(path: Path | None = None) -> Prompt:
    """Read the prompt (the shipped one by default). Raises ConfigError with file, line and remedy of every mistake."""
    path = path or shipped() / "judge" / "judge.yaml"
    value, lines = load_mapping(path)
    try:
        file = _File.model_validate(value)
    except ValidationError as error:
        raise ConfigError(tuple(problems_of(error, _File, path, lines, {}))) from None
    problems = [
        Problem(f"reasons: {code} is missing", "Say what it means.", path, line_of(lines, ("reasons",)))
        for code in REASONS
        if code not in file.reasons
    ] + [
        Problem(f"{part}: none is {ruling}", "Give at least one of each.", path, line_of(lines, (part,)))
        for part, listed in (("examples", file.examples), ("controls", file.controls))
        for ruling in Ruling
        if all(one.verdict != ruling for one in listed)
    ]
    if problems:
        raise ConfigError(tuple(problems))
    return _prompt(file)


def _prompt(file: _File) -> Prompt:
    prompt = Prompt(
        system=file.system.strip(),
        before=file.before.strip(),
        after=file.after.strip(),
        json_answer=file.answer.json_.strip(),
        plain_answer=file.answer.plain.strip(),
        reasons=tuple((code, file.reasons[code].strip()) for code in REASONS),
        examples=_examples(file.examples),
        controls=_examples(file.controls),
        version="",
    )
    said = json.dumps(asdict(prompt), sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(said.encode()).hexdigest()[:12]
    return replace(prompt, version=f"{file.version}.{FORM}.{digest}")


def _examples(listed: list[_Example]) -> tuple[Example, ...]:
    return tuple(Example(one.text, Verdict(Ruling(one.verdict), one.reason or "")) for one in listed)
