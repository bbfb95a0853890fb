"""The complete reference of the language as a page: every key of policy.yaml and probes.yaml, out of their schemas."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.policy.json_schema import policy_schema, probes_schema
from gateway.policy.vocabulary import Vocabulary

_NAMED: Final = {
    "EntityName": "entity type, group or `anything`",
    "Reason": "coverage reason",
    "AcceptableReason": "coverage reason that may be accepted",
    "BackendName": "backend, `local` or `external`",
}
"""Names that have a list of their own at the end of the page, or stand in gateway.yaml."""

_HEAD: Final = """\
# Reference of the policy language

Every key of `policy.yaml` and `probes.yaml`, and every name that may stand in them. [policies.md](policies.md) says how
they work together. `gateway policy schema` prints the same for editors, with the entity types of your own lists and
recognizers. A list of one name may be written without brackets.
"""


def reference(vocabulary: Vocabulary, about: Mapping[str, str]) -> Iterator[str]:
    """The page in Markdown, piece by piece. ``about``: one sentence for each group of entity types."""
    policy, probes = policy_schema(vocabulary), probes_schema(vocabulary)
    yield _HEAD
    yield f"\n## policy.yaml\n\n{_table(policy)}"
    yield from _blocks(policy)
    yield f"\n## probes.yaml\n\n{_table(probes['anyOf'][0])}"
    yield from _blocks(probes)
    yield "\n## Groups of entity types\n\n| group | what it is | types |\n|---|---|---|\n"
    for name, types in sorted(vocabulary.groups.items()):
        yield f"| `{name}` | {about.get(name, '')} | {_names(sorted(types))} |\n"
    reasons = policy["$defs"]["Reason"]["enum"]
    acceptable = set(policy["$defs"]["AcceptableReason"]["enum"])
    yield "\n## All coverage reasons\n\n| reason | may be accepted |\n|---|---|\n"
    for reason in reasons:
        yield f"| `{reason}` | {'yes' if reason in acceptable else 'never'} |\n"


def _blocks(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, block in schema["$defs"].items():
        if name not in _NAMED:
            said = " ".join(block.get("description", "").replace("``", "`").split())
            yield f"\n### {_title(name)}\n\n{said}\n\n{_table(_mapping(block))}"


def _title(name: str) -> str:
    return {"When": "A condition"}.get(name, name.removesuffix("Block"))


def _mapping(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a block's schema that is a mapping; a word may stand instead of it."""
    found: Mapping[str, Any] = next((one for one in block.get("anyOf", ()) if "properties" in one), block)
    return found


def _table(mapping: Mapping[str, Any]) -> str:
    required = mapping.get("required", ())
    rows = (
        f"| `{key}` | {_kind(one)} | {_default(one, required=key in required)} | {one.get('description', '')} |\n"
        for key, one in mapping["properties"].items()
    )
    return "| key | what may stand there | default | what it does |\n|---|---|---|---|\n" + "".join(rows)


def _default(one: Mapping[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    return f"`{one['default']}`" if "default" in one else "unset"


def _kind(one: Mapping[str, Any]) -> str:
    """What may stand in one place, in words."""
    if "$ref" in one:
        name = one["$ref"].rpartition("/")[2]
        return _NAMED.get(name) or f"[{_title(name)}](#{_title(name).lower().replace(' ', '-')})"
    if "anyOf" in one:
        kinds = [part for part in one["anyOf"] if part.get("type") != "null"]
        lists = [part["items"] for part in kinds if part.get("type") == "array"]
        return " or ".join(_kind(part) for part in kinds if part not in lists)
    if "enum" in one or "const" in one:
        return " or ".join(f"`{str(word).lower()}`" for word in one.get("enum", [one.get("const")]))
    if one.get("type") == "array":
        return f"list of: {_kind(one['items'])}"
    if isinstance(one.get("additionalProperties"), dict):
        return f"mapping to: {_kind(one['additionalProperties'])}"
    return _plain(one)


def _plain(one: Mapping[str, Any]) -> str:
    words = {"string": "text", "boolean": "`true` or `false`", "integer": "whole number", "number": "number"}
    bounds = [
        f"{word} {one[key]:,}"
        for key, word in (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"))
        if key in one
    ]
    return " ".join([words.get(str(one.get("type")), "mapping"), *bounds])


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
