"""Which gates are open for a text: one scan instead of a dozen searches.

Each gate is weaker than what its view looks for, so a closed gate is a proof that there is nothing; a test compares
views made with and without. The patterns read one byte per character, ``?`` for everything beyond ASCII (see
detectors/scan.py).
"""

from collections.abc import Mapping
from typing import Final

from gateway.inspection import decode, escapes, opaque, regrouped, spoken, squeeze, unwrapped
from gateway.inspection.detectors.scan import Scan, as_bytes
from gateway.inspection.detectors.weaken import weaken
from gateway.inspection.gates import ALL, Gate, Gates

_LETTERS: Final = r"[A-Za-z0-9+/_-]"
_NO_SMALL: Final = r"[A-Z0-9+/_-]"
_MARKS: Final = r"[ \x09\x22\x27*_`]*"
_CELL: Final = rf"{_MARKS}[0-9?]{{1,8}}{_MARKS}"
_SPOKEN_GAP: Final = r"[\x09-\x0d\x1c-\x20?,.;:/-]{1,4}(?:(?i:and|und|et|y|e)[\x09-\x0d\x1c-\x20?])?"


def _any_of(words: frozenset[str]) -> str:
    said = sorted({word.encode("ascii", "replace").decode().replace("?", r"\?") for word in words})
    return f"(?i:{'|'.join(said)})"


def _patterns() -> Mapping[Gate, list[str]]:
    number = _any_of(spoken.WORDS)
    spoken_next = f"{_SPOKEN_GAP}(?:{number}|[0-9?]+)"
    radio = _any_of(opaque.NATO)
    emails = "|".join("".join(f"\\x{ord(char):02x}" for char in gate) for gate in squeeze.EMAIL_GATES)
    return {
        Gate.CONTROL: [r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"],
        # Eleven of the alphabet and more that are no ordinary word: not all small letters behind the first, or padded.
        Gate.BASE64: [
            f"{_LETTERS * 7}{_NO_SMALL}",
            f"{_LETTERS * 4}{_NO_SMALL}{_LETTERS * 4}",
            f"{_LETTERS}{_NO_SMALL}{_LETTERS * 7}",
            f"{_LETTERS}{{40}}",
            f"{_LETTERS}{{11}}=",
        ],
        Gate.DENSE: [r"[!-~]{16}"],
        Gate.NUMBERED: [weaken(pattern.pattern).source for pattern in decode.NUMBERED_PATTERNS],
        Gate.GROUPS: [weaken(regrouped.GATE.pattern).source],
        Gate.ESCAPES: [escapes.GATE],
        Gate.UNBROKEN: [r"[^\x09-\x0d\x20]{20}"],
        Gate.MORSE: [weaken(opaque.MORSE.pattern).source],
        Gate.RADIO: [rf"{radio}[,.\x09-\x0d\x1c-\x20?-]+{radio}"],
        Gate.SPOKEN: [rf"(?:\A|[^A-Za-z]){number}{spoken_next}"],
        Gate.COLUMNS: [rf"[|\x09;,]{_CELL}(?:\z|[|\x09;,\x0a])|(?:\A|\x0a){_CELL}[|\x09;,]"],
        Gate.DIGITS: [
            r"[0-9](?:(?:[^0-9A-Za-z]|<[^<>]*>)*[0-9]){6}",
            r"[A-Z]{2}[0-9]{2}[^A-Za-z0-9]",
        ],
        Gate.SPELT_EMAIL: [f"(?i:{emails})"],
        Gate.CJK: [r"\?{6}"],
        Gate.WRAPPED: list(unwrapped.GATE),
    }


class _Gates:
    def __init__(self, *, with_hyperscan: bool | None = None) -> None:
        pairs = [(gate, source.encode()) for gate, sources in _patterns().items() for source in sources]
        self._gates: Final = tuple(gate for gate, _ in pairs)
        self._scan: Final = Scan([source for _, source in pairs], with_hyperscan=with_hyperscan)

    def open(self, text: str) -> Gates:
        data = as_bytes(text)
        return ALL if data is None else {self._gates[number] for number in self._scan.seen(data)}


_made: Final = _Gates()


def open_gates(text: str) -> Gates:
    """The gates that are open for ``text``: for every other one there is nothing to be seen in it."""
    return _made.open(text)
