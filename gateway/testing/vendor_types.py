"""Judges a request by the types of the vendor's own SDK."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from gateway.model import Json, JsonObject


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def _fields(kind: type) -> frozenset[str]:
    return frozenset(get_type_hints(kind))


def unknown_fields(body: JsonObject, kind: type) -> list[str]:
    """Top-level names that the vendor's typed dictionary does not have, sorted."""
    return sorted(set(body) - _fields(kind))


def problem(body: JsonObject, kind: type) -> tuple[str, str] | None:
    """The first thing wrong with the body as ``(path, message)``, or None. The message never holds the input."""
    try:
        _exhaust(_adapter(kind).validate_python(body, strict=True))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        return ".".join(map(str, first["loc"])), str(first["msg"])
    return None


def _exhaust(value: Json) -> None:
    """Walk everything: pydantic checks an ``Iterable`` only as it is read, and the SDKs type their lists so."""
    if isinstance(value, Mapping):
        for child in value.values():
            _exhaust(child)
    elif isinstance(value, list | tuple | Iterator) or (
        isinstance(value, Iterable) and not isinstance(value, str | bytes)
    ):
        for child in value:
            _exhaust(child)
