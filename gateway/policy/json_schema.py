"""JSON Schema of policy.yaml and probes.yaml, for editors: descriptions, completion, and most mistakes as one types.

Made from the models that the loader checks with. Names that validators know (entity types, coverage reasons) become
enums of the vocabulary at hand. What only the loader can tell (labels that the policy itself names, ids that stand
twice) is not in it, so a file that an editor accepts may still be refused; a file that loads is never refused here,
unless it spells out a ``null`` where a key could be left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from gateway.policy.block import Block
from gateway.policy.names import Acceptable, Entity, Reason, Target
from gateway.policy.probe_file import ProbeFile
from gateway.policy.schema import PolicyFile
from gateway.policy.vocabulary import ANYTHING, FAULTS, GROUPS_OF_BACKENDS, UNREAD, Vocabulary

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Final[JsonSchemaValue] = {"type": "string"}
_REF: Final = "#/$defs/"


def policy_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """The schema of policy.yaml, with the entity types and groups of this vocabulary."""
    return _finished(PolicyFile, vocabulary, "policy.yaml")


def probes_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """The schema of probes.yaml. The list of probes may stand by itself."""
    schema = _finished(ProbeFile, vocabulary, "probes.yaml")
    inner = {key: schema.pop(key) for key in ("type", "properties", "required", "additionalProperties")}
    return {**schema, "anyOf": [inner, inner["properties"]["probes"], {"type": "null"}]}


def _finished(model: type[Block], vocabulary: Vocabulary, title: str) -> dict[str, Any]:
    names = _known_names(vocabulary)
    made = _tidied(model.model_json_schema(schema_generator=_generator(names)), names)
    return {"$schema": DIALECT, **made, "title": title, "$defs": made["$defs"] | _used(names, made)}


def _used(names: Mapping[str, "_Named"], made: Mapping[str, Any]) -> dict[str, JsonSchemaValue]:
    said = repr(made)
    return {name: named.allowed for name, named in names.items() if f"{_REF}{name}'" in said}


def _generator(names: Mapping[str, "_Named"]) -> type[GenerateJsonSchema]:
    """A generator that knows what the validators of names look up."""
    by_check = {named.check: named.allowed for named in names.values()}

    class Generator(GenerateJsonSchema):
        def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
            said = by_check.get(schema["function"]["function"])
            return super().function_after_schema(schema) if said is None else dict(said)

        def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
            made = super().function_before_schema(schema)
            function = schema["function"]["function"]
            return _as_before(function, made)

        def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
            made = super().model_schema(schema)
            words = schema["cls"].words if issubclass(schema["cls"], Block) else ()
            if not words:
                return made
            about = {"description": made.pop("description")} if "description" in made else {}
            return {**about, "anyOf": [{"enum": list(words)}, {**made, "minProperties": 1}]}

    return Generator


@dataclass(frozen=True, slots=True)
class _Named:
    """A kind of name: the last of its validators, and what may stand there."""

    check: Callable[..., Any]
    allowed: JsonSchemaValue


def _known_names(vocabulary: Vocabulary) -> Mapping[str, _Named]:
    entities = [ANYTHING, *sorted(vocabulary.groups), *sorted(vocabulary.entity_types)]
    unread = {*UNREAD, *(f"{kind}:{detail}" for kind, details in UNREAD.items() for detail in details)}
    backends = [*GROUPS_OF_BACKENDS, *sorted(vocabulary.backends or {})]
    to: JsonSchemaValue = {"enum": backends}
    return {
        "EntityName": _Named(_last(Entity), {"enum": entities}),
        "Reason": _Named(_last(Reason), {"enum": sorted(unread | FAULTS)}),
        "AcceptableReason": _Named(_last(Acceptable), {"enum": sorted(unread)}),
        "BackendName": _Named(_last(Target), to if vocabulary.backends is not None else {"anyOf": [to, _TEXT]}),
    }


def _last(name: Any) -> Callable[..., Any]:
    """The function of the last validator of an annotated name."""
    validator: Callable[..., Any] = get_args(name)[-1].func
    return validator


def _as_before(function: Any, made: JsonSchemaValue) -> JsonSchemaValue:
    """What may stand in the file where a validator turns it into ``made``."""
    if made.get("type") != "array":
        return made
    if function.__name__ in ("listed", "_listed"):
        return {"anyOf": [made["items"], made]}
    if function.__name__ == "_kinds":
        return {"anyOf": [{"const": True}, made["items"], made]}
    if function.__name__ == "_empty_if_missing":
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _tidied(value: Any, names: Mapping[str, _Named]) -> Any:
    """Names by reference, and without what serves no reader: titles made of keys, ``null`` for what can be left out."""
    if isinstance(value, list):
        return [_tidied(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    if name := next((name for name, named in names.items() if named.allowed == value), None):
        return {"$ref": _REF + name}
    kept = {key: _tidied(one, names) for key, one in value.items() if not _of_no_use(key, one)}
    if "default" in value and value.get("anyOf", [{}])[-1] == {"type": "null"}:
        kept["anyOf"] = kept["anyOf"][:-1]
        if len(kept["anyOf"]) == 1:
            kept = {**kept.pop("anyOf")[0], **kept}
    return kept


def _of_no_use(key: str, value: Any) -> bool:
    titled = key == "title" and isinstance(value, str)
    return titled or (key == "default" and (value is None or value == [] or isinstance(value, dict)))
