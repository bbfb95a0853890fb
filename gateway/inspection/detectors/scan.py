"""Which of many patterns over plain bytes stand in a text: by hyperscan where it is installed, else by RE2, one by one.

The text is read as ``text.encode("ascii", "replace")``: one byte per character, ``?`` for everything beyond ASCII.
"""

import threading
from collections.abc import Sequence
from typing import Any, Final

import re2

hyperscan: Any
try:
    import hyperscan
except ImportError:  # platforms without it; tests leave it out by ``with_hyperscan``
    hyperscan = None

FOLDING: Final = "\u0130\u0131\u017f\u212a"
"""Characters beyond ASCII that equal an ASCII letter when case is ignored: with one, nothing is ruled out."""


def as_bytes(text: str) -> bytes | None:
    """The text as patterns read it, or None where they cannot speak for it."""
    if not text.isascii() and any(char in text for char in FOLDING):
        return None
    return text.encode("ascii", "replace")


def compiled(source: bytes, *, ignore_case: bool = False) -> Any:
    """One pattern for RE2, over bytes. Raises re2.error."""
    options = re2.Options()
    options.dot_nl = options.never_capture = True
    options.log_errors = False
    options.case_sensitive = not ignore_case
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(source, options=options)


class Scan:
    """Patterns in the syntax that both engines share. Immutable once made and safe to share between threads."""

    def __init__(
        self, sources: Sequence[bytes], *, ignore_case: bool = False, with_hyperscan: bool | None = None
    ) -> None:
        """Raises the engine's error for a pattern that it cannot compile."""
        self._database: Any = None
        self._patterns: list[Any] = []
        if not (hyperscan is not None if with_hyperscan is None else with_hyperscan):
            self._patterns = [compiled(source, ignore_case=ignore_case) for source in sources]
        elif sources:
            flags = hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_SINGLEMATCH
            flags |= hyperscan.HS_FLAG_CASELESS if ignore_case else 0
            self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
            numbers = list(range(len(sources)))
            self._database.compile(expressions=sources, ids=numbers, elements=len(numbers), flags=flags)
            self._scratch: Any = hyperscan.Scratch(self._database)
            self._cloning = threading.Lock()
            self._local = threading.local()

    def seen(self, data: bytes) -> set[int]:
        """Places in ``sources`` of the patterns that stand in ``data``."""
        if self._database is None or not data:
            return {number for number, pattern in enumerate(self._patterns) if pattern.search(data)}
        try:
            scratch = self._local.scratch
        except AttributeError:
            with self._cloning:  # one scratch per thread; the first stays untouched, as what is cloned
                scratch = self._local.scratch = self._scratch.clone()
        seen: set[int] = set()
        self._database.scan(data, match_event_handler=_note, context=seen, scratch=scratch)
        return seen


def _note(number: int, _start: int, _end: int, _flags: int, seen: Any) -> None:
    seen.add(number)
