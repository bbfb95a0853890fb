"""What a decision rested on, as one compact column: ``[tokens,flags,beyond,[places],[[type,score,role,...],...]]``.

Tokens come first, because they differ in almost every request while the rest repeats: whoever replays many records cuts
them off and asks once for each rest (``split``).
"""

from typing import Any, Final

import orjson

from gateway.policy.basis import Basis, FindingGroup

_FLAGS: Final = {"tools": "t", "vision": "v", "documents": "d", "audio": "a", "json_schema": "j"}


def written(basis: Basis) -> str:
    """The text of the column. Places stand once each, groups name them by number."""
    places: dict[str, int] = {}
    groups = [
        (one.entity_type, one.score, one.role, int(one.spans), places.setdefault(one.place, len(places)), one.count)
        for one in basis.groups
    ]
    flags = "".join(letter for name, letter in _FLAGS.items() if getattr(basis, name))
    return orjson.dumps([basis.tokens, flags, basis.beyond, list(places), groups]).decode()


def read(text: str) -> Basis:
    """The same back. Raises ValueError, TypeError or IndexError for what ``written`` cannot have made."""
    tokens, flags, beyond, places, groups = orjson.loads(text)
    return Basis(
        tokens=tokens,
        **{name: letter in flags for name, letter in _FLAGS.items()},
        groups=tuple(_group(one, places) for one in groups),
        beyond=beyond,
    )


def split(text: str) -> tuple[int, str]:
    """Tokens, and the rest of the text. Raises ValueError."""
    tokens, _, rest = text[1:].partition(",")
    return int(tokens), rest


def _group(values: list[Any], places: list[str]) -> FindingGroup:
    entity_type, score, role, spans, place, count = values
    return FindingGroup(entity_type, score, role, bool(spans), places[place], count)
