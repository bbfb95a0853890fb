"""The shape of ``inspection``, ``terms`` and ``exact`` in gateway.yaml: how prompts are read, and what for."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from gateway.configuration.forms import Count, ModuleName, Part, Whole


class SpacyModel(Part):
    """A spaCy model, run by Presidio's NLP engine."""

    model: ModuleName | None = Field(None, description="An installed spaCy package, such as en_core_web_sm.")


class Ner(Part):
    """Who reads names and addresses. ``ner: rampart`` and ``ner: off`` are short for ``ner: {engine: ...}``."""

    engine: Literal["rampart", "off"] = Field(
        "rampart",
        description="The shipped model, or off: most names are missed. In short `ner: rampart`, `ner: off`.",
    )
    onnx: Path | None = Field(
        None,
        description="Instead: a folder with an ONNX token classifier, tokenizer.json and config.json (id2label).",
    )
    presidio: SpacyModel = SpacyModel()
    labels: dict[str, str] = Field(
        {}, description="Entity type of each label of such a model, B- and I- left off. Unset: persons and places."
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        """YAML reads ``off`` as false, and so it was written before there was a choice."""
        spoken = value.strip().lower() if isinstance(value, str) else value
        if spoken in ("rampart", "true", "on") or spoken is True:
            return {"engine": "rampart"}
        if spoken in ("off", "false") or spoken is False:
            return {"engine": "off"}
        if isinstance(value, dict) and isinstance(value.get("engine"), bool):
            return value | {"engine": "rampart" if value["engine"] else "off"}
        return value

    @property
    def on(self) -> bool:
        """Is there any engine? One of one's own goes before ``engine``."""
        return self.engine != "off" or self.onnx is not None or self.presidio.model is not None


class Inspection(Part):
    """How prompts are read. Too slow or too much means the highest label, never a pass."""

    timeout_ms: Whole = Field(250, ge=1, le=600_000, description="Longest inspection of one request, in milliseconds.")
    workers: Whole = Field(2, ge=1, le=256, description="Threads that run detectors.")
    queue: Count = Field(64, description="Requests that may wait for a thread.")
    cache_entries: Whole = Field(20_000, ge=0, le=100_000_000, description="Segments whose findings are remembered.")
    ner: Ner = Ner()
    ner_processes: Whole | None = Field(
        None,
        ge=0,
        le=64,
        description="Processes that run the NER model. Unset: processors less one, at least 1. 0: threads of this one.",
    )


class TermSettings(Part):
    """Term lists of your own: a file of them, or one list written out. See docs/terms.md."""

    file: Path | None = Field(None, description="YAML file of term lists; then nothing else stands here.")
    id: str | None = Field(None, description="Name of a list that is written out here.")
    about: str | None = Field(None, description="What the list holds.")
    entity_type: str | None = Field(None, description="What policies call its terms, such as PROJECT_NAME.")
    terms: tuple[str, ...] = Field((), max_length=100_000, description="The terms of a list that is written out here.")
    languages: tuple[str, ...] = Field((), description="Languages of their endings: en de fr es it pt nl. Unset: all.")
    inflect: bool = Field(True, description="Find plurals, genitives and compounds, too.")
    case: Literal["any", "exact", "smart"] = Field(
        "smart", description="Letter case: any, exact, or smart (capitals of the list are asked for)."
    )
    whole_word: bool = Field(True, description="Not inside longer words.")
    position: Literal["any", "statement", "marking"] = Field(
        "any", description="Where it counts: any, statement (no questions about it), marking (headers, brackets)."
    )
    match: tuple[str, ...] = Field((), description="Texts in which the list must find something, tried at the start.")
    no_match: tuple[str, ...] = Field((), description="Texts in which it must not.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.file is not None and self.model_fields_set != {"file"}:
            raise ValueError("names a file and more; a file holds its lists whole")
        if self.file is None and not (self.id and self.entity_type and self.terms):
            raise ValueError("needs either file, or id, entity_type and terms")
        return self


class ExactSettings(Part):
    """A list of exact values, made by `gateway terms build`. See docs/terms.md."""

    file: Path = Field(description="File that `gateway terms build` made.")
    key_file: Path | None = Field(None, description="File of its key. Unset: the key is made from keys.secret.")
