"""Digits given as words, as dictation writes them: ``four one one``, ``double two``, ``vier eins eins``, 四一一."""

import re
from typing import Final

from gateway.inspection.squeeze import emit
from gateway.inspection.views import View, ViewBuilder

_FEWEST: Final = 6
_FEWEST_WORDS: Final = 3
"""Numbers in a row, and words among them, from which on they are read as one: quantities have fewer."""

_DIGIT_WORDS: Final = {
    "0": "zero oh nought null cero zéro nul",
    "1": "one eins uno un um een één",
    "2": "two zwei zwo dos deux due dois twee",
    "3": "three drei tres trois tre três drie",
    "4": "four vier cuatro quatre quattro quatro",
    "5": "five fünf cinco cinq cinque vijf",
    "6": "six sechs seis sei zes",
    "7": "seven sieben siete sept sette sete zeven",
    "8": "eight acht ocho huit otto oito",
    "9": "nine neun nueve neuf nove negen",
    "10": "ten",
    "11": "eleven",
    "12": "twelve",
    "13": "thirteen",
    "14": "fourteen",
    "15": "fifteen",
    "16": "sixteen",
    "17": "seventeen",
    "18": "eighteen",
    "19": "nineteen",
}
_TENS: Final = {"twenty": 2, "thirty": 3, "forty": 4, "fifty": 5, "sixty": 6, "seventy": 7, "eighty": 8, "ninety": 9}
_TIMES: Final = {"double": 2, "triple": 3, "treble": 3}
_CJK: Final = {
    ord(char): str(value)
    for row in ("〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "○壹貳參肆伍陸柒捌玖")
    for value, char in enumerate(row)
}

_READ: Final = {word: digits for digits, words in _DIGIT_WORDS.items() for word in words.split()}
WORDS: Final = frozenset(_READ) | frozenset(_TENS) | frozenset(_TIMES)
_TO_SPACE: Final = str.maketrans(dict.fromkeys(",.;:/-\"'()", " "))
_WORD: Final = re.compile(r"[^\W\d_]+|[0-9]+")
_GAP: Final = re.compile(r"[\s,.;:/-]{1,4}(?:and\s|und\s|et\s|y\s|e\s)?")
_CJK_RUN: Final = re.compile(rf"[{''.join(map(chr, _CJK))}]{{{_FEWEST},}}")


def spoken(view: View) -> View | None:
    """Runs of number words of ``view`` as digits, with the words around them, or None where there are none."""
    text = view.text
    builder = ViewBuilder()
    found = False
    if not text.isascii():
        for match in _CJK_RUN.finditer(text):
            emit(builder, text, match[0].translate(_CJK), match.start(), match.end())
            found = True
    lower = text.lower()
    if len(lower) == len(text) and sum(map(WORDS.__contains__, lower.translate(_TO_SPACE).split())) >= _FEWEST_WORDS:
        for digits, start, end in _runs(lower):
            emit(builder, text, digits, start, end)
            found = True
    return builder.build(f"{view.name}.spoken", view, prose=False) if found else None


def _runs(text: str) -> list[tuple[str, int, int]]:
    runs: list[tuple[str, int, int]] = []
    words: list[str] = []
    start = end = 0
    for match in _WORD.finditer(text):
        word = match[0]
        if word not in WORDS and not (words and word.isdecimal()):
            continue
        if not words or _GAP.fullmatch(text, end, match.start()) is None:
            _close(runs, words, start, end)
            words, start = [], match.start()
        words.append(word)
        end = match.end()
    _close(runs, words, start, end)
    return runs


def _close(runs: list[tuple[str, int, int]], words: list[str], start: int, end: int) -> None:
    if len(words) >= _FEWEST and sum(word in WORDS for word in words) >= _FEWEST_WORDS:
        runs.append((_digits(words), start, end))


def _digits(words: list[str]) -> str:
    out: list[str] = []
    times = 1
    tens = ""
    for word in words:
        if word in _TIMES:
            times = _TIMES[word]
            continue
        if word in _TENS:
            out.append(tens)
            tens = f"{_TENS[word]}0"
            continue
        digits = _READ.get(word, word)
        if tens and len(digits) == 1 and digits != "0":
            digits, tens = tens[0] + digits, ""
        out += (tens, digits * times)
        times, tens = 1, ""
    out.append(tens)
    return "".join(out)
