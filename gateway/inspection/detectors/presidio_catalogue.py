"""Presidio's recognizer classes, imported without spaCy.

``import presidio_analyzer`` imports every NLP engine it knows, and with them spaCy and its thinc: some 40 MB and half a
second for a parser that is never run here. While the package is imported, both are stand-ins without content;
afterwards their names are free again. Presidio's engine modules, which hold on to the stand-ins, are forgotten, too, so
that whoever configures one of those engines imports it anew, with the real spaCy.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

_ABSENT: Final = frozenset({"spacy", "thinc"})
_ENGINES: Final = "presidio_analyzer.nlp_engine"
_importing: Final = threading.Lock()


class _Nothing(type):
    """A class whose attributes are classes like it: enough for annotations, base classes and decorators."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(name)

    def __call__(cls, *_args: Any, **_keywords: Any) -> Any:
        return lambda decorated: decorated


def _stand_in(name: str) -> Any:
    return _Nothing(name, (), {"__module__": __name__})


class _EmptyModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(name)


class _Finder:
    """Finds what is absent and everything below it: empty packages."""

    @staticmethod
    def find_spec(name: str, _path: Sequence[str] | None = None, _target: Any = None) -> Any:
        if name.partition(".")[0] not in _ABSENT:
            return None
        return importlib.machinery.ModuleSpec(name, _Loader(), is_package=True)


class _Loader(importlib.abc.Loader):
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _EmptyModule(spec.name)

    def exec_module(self, _module: ModuleType) -> None:
        """There is nothing to run."""


@contextmanager
def _without_spacy() -> Iterator[None]:
    sys.meta_path.insert(0, _Finder)
    try:
        yield
    finally:
        sys.meta_path.remove(_Finder)
        for name in list(sys.modules):
            if name.partition(".")[0] in _ABSENT or name.startswith(_ENGINES):
                del sys.modules[name]


def presidio() -> Any:
    """The package ``presidio_analyzer``. Imports spaCy only where that or Presidio is imported already."""
    with _importing:
        if not sys.modules.keys().isdisjoint({*_ABSENT, "presidio_analyzer"}):
            return importlib.import_module("presidio_analyzer")
        with _without_spacy():
            return importlib.import_module("presidio_analyzer")
