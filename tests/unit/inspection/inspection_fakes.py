"""Small detectors and drafts for the tests of inspection."""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.scanner import Scanner
from gateway.model import Backend, Draft, Report, WireFormat

CARD = "4111111111111111"
BACKEND = Backend("gpt", WireFormat.OPENAI, "http://127.0.0.1:9/v1", {"gpt": "gpt-test"}, "public")


def luhn(digits: str) -> bool:
    """Do these digits pass the check that every card number passes?"""
    total = 0
    for position, char in enumerate(reversed(digits)):
        value = int(char) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


class CardFinder:
    """Card numbers, as a strict detector sees them: whole words of 13 to 19 digits, in fours or together."""

    name = "cards"
    version = "1"
    entity_types = frozenset({"CREDIT_CARD"})
    views: Views = "all"
    _shape = re.compile(r"\b[3-6][0-9]{12,18}\b|\b[3-6][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}\b", re.ASCII)

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find(self, text: str) -> Sequence[Match]:
        self.asked.append(text)
        return [
            Match(match.start(), match.end(), "CREDIT_CARD", 1.0)
            for match in self._shape.finditer(text)
            if luhn(re.sub("[^0-9]", "", match[0]))
        ]


class WordFinder:
    """Fixed words as one entity type. Reads prose only, as name detectors do."""

    version = "1"

    def __init__(self, *words: str, entity_type: str = "PERSON", name: str = "names", views: Views = "plain") -> None:
        self.name = name
        self.views: Views = views
        self.entity_types = frozenset({entity_type})
        self._type = entity_type
        self._shape = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in words))
        self.asked: list[str] = []

    def find(self, text: str) -> Sequence[Match]:
        self.asked.append(text)
        return [Match(match.start(), match.end(), self._type, 0.9) for match in self._shape.finditer(text)]


class FailingFinder(CardFinder):
    """Does whatever ``find`` is given instead of finding."""

    name = "broken"

    def __init__(self, find: Callable[[str], Any]) -> None:
        super().__init__()
        self._find = find

    def find(self, text: str) -> Sequence[Match]:
        return self._find(text)


def draft(body: object, *, model: str = "gpt-test") -> Draft:
    """A draft whose body is ``body`` as JSON, or the bytes themselves."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Draft(BACKEND, BACKEND.base_url, (), raw, model, stream=False)


def chat(*contents: Any, **fields: Any) -> dict[str, Any]:
    """A chat request in which the user says each of ``contents``."""
    messages = [{"role": "user", "content": content} for content in contents]
    return {"model": "gpt-test", "messages": messages, **fields}


def scan(body: object, *detectors: Any, **settings: Any) -> Report:
    """Scan one body with a scanner of its own."""
    scanner = Scanner(detectors or (CardFinder(),), **{"timeout_s": 30.0, "workers": 1, **settings})
    try:
        return asyncio.run(scanner.scan(draft(body)))
    finally:
        scanner.close()


def types(report: Report) -> set[str]:
    """The entity types found."""
    return set(report.counts())


def kept_inside(report: Report) -> bool:
    """Would a policy that keeps cards and unreadable requests inside keep this one?"""
    return "CREDIT_CARD" in report.counts() or not report.coverage.complete
