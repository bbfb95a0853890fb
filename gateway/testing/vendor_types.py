"""Judges a request by the types of the vendor's own SDK."""

from collections.abc import Iterable, Mapping
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


class _Wrong(Exception):
    """Something in the body does not fit: where, and pydantic's fixed words for it."""

    def __init__(self, at: tuple[str | int, ...], error: ValidationError) -> None:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        super().__init__(first["msg"])
        self.path = ".".join(map(str, (*at, *first["loc"])))
        self.message = str(first["msg"])


def problem(body: JsonObject, kind: type) -> tuple[str, str] | None:
    """The first thing wrong with the body as ``(path, message)``, or None. The message never holds the input."""
    try:
        try:
            checked = _adapter(kind).validate_python(body, strict=True)
        except ValidationError as error:
            raise _Wrong((), error) from None
        _exhaust(checked, ())
    except _Wrong as wrong:
        return wrong.path, wrong.message
    return None


def _exhaust(value: Json, at: tuple[str | int, ...]) -> None:
    """Walk everything: pydantic checks an ``Iterable`` only as it is read, and the SDKs type their lists so."""
    if isinstance(value, Mapping):
        for name, child in value.items():
            _exhaust(child, (*at, str(name)))
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        try:
            children = list(value)
        except ValidationError as error:
            raise _Wrong(at, error) from None
        for number, child in enumerate(children):
            _exhaust(child, (*at, number))
