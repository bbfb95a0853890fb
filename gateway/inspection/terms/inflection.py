"""Forms of a listed term: plurals, genitives, adjectives' endings, written together or apart. Simple on purpose.

A term is looked up by its folded beginning; what may follow it inside the same word is a short list for each language.
Only where a plural changes the end itself (``city``, ``cities``) is there a further beginning.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

LANGUAGES: Final = ("en", "de", "fr", "es", "it", "pt", "nl")

_ENDINGS: Final = {
    "en": ("s", "es"),
    "de": ("e", "en", "n", "er", "ern", "es", "s", "em", "in", "innen"),
    "fr": ("s", "x", "e", "es", "le", "les"),
    "es": ("s", "es"),
    "it": (),
    "pt": ("s", "es"),
    "nl": ("s", "en", "n", "e", "je", "jes", "tje", "tjes"),
}
"""What may follow the last word, folded. An apostrophe ends a word, so ``Apollo's`` needs no entry."""
_INNER: Final = {
    "en": ("",),
    "de": ("", "e", "en", "er", "es", "em"),
    "fr": ("", "s", "e", "es"),
    "es": ("", "s"),
    "it": ("",),
    "pt": ("", "s"),
    "nl": ("", "e"),
}
"""What may follow an earlier word of a term: endings of adjectives."""
_CHANGES: Final = {
    "en": (("y", "ies"), ("f", "ves"), ("fe", "ves")),
    "de": (),
    "fr": (("al", "aux"), ("ail", "aux")),
    "es": (("z", "ces"),),
    "it": (("o", "i"), ("a", "e"), ("e", "i"), ("io", "i"), ("ca", "che"), ("go", "ghi"), ("ga", "ghe")),
    "pt": (("ao", "oes"), ("al", "ais"), ("el", "eis"), ("m", "ns")),
    "nl": (),
}
_COMPOUNDING: Final = frozenset({"de", "nl"})
LEAST_COMPOUND: Final = 5
"""Letters of a term that may be a part of a longer word."""
_LEAST_INFLECTED: Final = 3
_MOST_FORMS: Final = 64


def endings(languages: Iterable[str]) -> frozenset[str]:
    """What may follow a term inside its last word in any of these languages."""
    return frozenset(ending for language in languages for ending in _ENDINGS[language])


def compounds(languages: Iterable[str]) -> bool:
    """Do these languages write compounds in one word?"""
    return not _COMPOUNDING.isdisjoint(languages)


def forms(term: str, languages: Iterable[str]) -> Iterator[str]:
    """The beginnings under which a folded term is looked up: itself first, at most 64."""
    words = term.split(" ")
    seen = {term: None}
    for language in languages:
        inner = [[word + ending for ending in _INNER[language]] if len(word) > 2 else [word] for word in words[:-1]]
        for count, front in enumerate(product(*inner)):
            if count == _MOST_FORMS:
                break
            for last in _last(words[-1], language):
                seen.setdefault(" ".join((*front, last)))
    if len(words) > 1:
        seen.setdefault("".join(words))
    yield from list(seen)[:_MOST_FORMS]


def _last(word: str, language: str) -> Iterator[str]:
    yield word
    if len(word) >= _LEAST_INFLECTED:
        yield from (word[: -len(old)] + new for old, new in _CHANGES[language] if word.endswith(old))
