"""The smallest value that a JSON schema admits, for the part of JSON Schema that vendors take for tools and answers."""

from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.model import Json, JsonObject

_DEPTH = 16

_FORMATS: Mapping[str, str] = {
    "date": datetime.fromtimestamp(0, UTC).date().isoformat(),
    "date-time": datetime.fromtimestamp(0, UTC).isoformat(),
    "time": "00:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
}


def instance(schema: Json, root: JsonObject | None = None, depth: int = 0) -> Json:
    """A minimal valid value. Unknown or absent types give an empty object; recursion ends after 16 levels with None."""
    if not isinstance(schema, Mapping) or depth > _DEPTH:
        return None if depth > _DEPTH else {}
    root = schema if root is None else root
    if isinstance(reference := schema.get("$ref"), str):
        return instance(_resolve(reference, root), root, depth + 1)
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if isinstance(choices := schema.get("enum"), list) and choices:
        return choices[0]
    for union in ("anyOf", "oneOf", "allOf"):
        if isinstance(members := schema.get(union), list) and members:
            return instance(members[0], root, depth + 1)
    return _of_type(schema, root, depth)


def _of_type(schema: JsonObject, root: JsonObject, depth: int) -> Json:
    kind = schema.get("type", "object")
    match kind[0] if isinstance(kind, list) and kind else kind:
        case "string":
            return _FORMATS.get(str(schema.get("format")), "x" * max(1, int(schema.get("minLength", 1))))
        case "integer" | "number":
            lowest = schema.get("minimum", schema.get("exclusiveMinimum", 0))
            return lowest + 1 if "exclusiveMinimum" in schema and "minimum" not in schema else lowest
        case "boolean":
            return True
        case "null":
            return None
        case "array":
            return [instance(schema.get("items", {}), root, depth + 1)] * int(schema.get("minItems", 0))
        case _:
            properties = schema.get("properties") or {}
            required = schema.get("required", ())
            return {name: instance(properties.get(name, {}), root, depth + 1) for name in required}


def _resolve(reference: str, root: JsonObject) -> Json:
    """Follow a local reference such as ``#/$defs/City``; anything else is an empty schema."""
    node: Json = root
    for part in filter(None, reference.removeprefix("#").split("/")):
        node = node.get(part, {}) if isinstance(node, Mapping) else {}
    return node
