"""Minimal instances of JSON schemas."""

from typing import Any

import jsonschema
import pytest

from gateway.testing.schema_instance import instance

CITY = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "minLength": 4},
        {"type": "string", "format": "date"},
        {"type": "string", "enum": ["b", "a"]},
        {"const": 7},
        {"type": "integer", "minimum": 3},
        {"type": "number", "exclusiveMinimum": 3},
        {"type": "boolean"},
        {"type": "null"},
        {"type": ["string", "null"]},
        {"type": "array", "items": CITY, "minItems": 2},
        {"anyOf": [CITY, {"type": "null"}]},
        {"$defs": {"City": CITY}, "type": "object", "properties": {"at": {"$ref": "#/$defs/City"}}, "required": ["at"]},
        {},
        True,
    ],
    ids=str,
)
def test_an_instance_is_valid(schema: Any) -> None:
    """What the stand-in sends as tool arguments and structured answers fits the schema it was given."""
    jsonschema.Draft202012Validator(schema).validate(instance(schema))


def test_a_schema_that_refers_to_itself_ends() -> None:
    """Recursion is bounded, so that no request can hang the stand-in."""
    endless = {"$ref": "#"}
    assert instance(endless) is None
    nested: Any = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    assert "next" in instance(nested)


def test_a_dangling_reference_is_an_empty_object() -> None:
    """Nonsense schemas get an answer, not a crash."""
    assert instance({"$ref": "#/nowhere/at/all"}) == {}
