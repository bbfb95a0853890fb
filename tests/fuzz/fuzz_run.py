"""The loop: mutate, check, minimise, write down."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from fuzz.fuzz_checks import CHECKS, MOST
from fuzz.fuzz_mutations import mutated
from support.inspected import Inspected

FOUND: Final = Path(__file__).parent / "found"
_TRIES: Final = 400
"""Texts that minimising one may try."""


@dataclass(frozen=True, slots=True)
class Found:
    """A text for which a check fails, as small as it could be made."""

    check: str
    says: str
    text: str = field(repr=False)

    def write(self, folder: Path = FOUND) -> Path:
        """As a file that the regression test reads."""
        folder.mkdir(exist_ok=True)
        name = hashlib.sha256(f"{self.check}\0{self.text}".encode()).hexdigest()[:12]
        path = folder / f"{self.check.replace(' ', '-')}-{name}.json"
        path.write_text(json.dumps({"check": self.check, "says": self.says, "text": self.text}, indent=1) + "\n")
        return path


def search(inspected: Inspected, texts: Sequence[str], random: Random, go_on: Callable[[int], bool]) -> Iterator[Found]:
    """Findings, one of each kind of saying, while ``go_on`` (asked with the number of texts tried) is true."""
    said: set[tuple[str, str]] = set()
    tried = 0
    while go_on(tried):
        text = mutated(texts, random, MOST)
        tried += 1
        for name, check in CHECKS.items():
            says = check(inspected, text)
            if says and (name, says) not in said:
                said.add((name, says))
                yield Found(
                    name, says, smallest(text, lambda one, check=check, says=says: check(inspected, one) == says)
                )  # type: ignore[misc]


def smallest(text: str, still_fails: Callable[[str], bool]) -> str:
    """A shorter text that fails in the same way: pieces are left out, large ones first."""
    tries = 0
    size = len(text) // 2
    while size:
        at = 0
        while at < len(text) and tries < _TRIES:
            shorter = text[:at] + text[at + size :]
            tries += 1
            if shorter and still_fails(shorter):
                text = shorter
            else:
                at += size
        size //= 2
    return text
