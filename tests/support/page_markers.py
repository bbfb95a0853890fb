"""Measured tables inside pages that people write: what stands between two comments is replaced, nothing else."""

import re
from pathlib import Path


def between(page: Path, name: str) -> str:
    """What stands between ``<!-- name: begin -->`` and ``<!-- name: end -->``. ValueError without them."""
    return _parts(page.read_text("utf-8"), name, page)[1]


def replace(page: Path, name: str, content: str) -> None:
    """Put ``content`` between the two comments. ValueError unless both are there once."""
    before, _, after = _parts(page.read_text("utf-8"), name, page)
    page.write_text(f"{before}\n\n{content.strip()}\n\n{after}", "utf-8")


def _parts(text: str, name: str, page: Path) -> tuple[str, str, str]:
    found = re.fullmatch(rf"(.*<!-- {name}: begin[^>]*-->)(.*)(<!-- {name}: end -->.*)", text, re.DOTALL)
    if found is None or text.count(f"<!-- {name}: ") != 2:
        raise ValueError(f"{page.name} has no place for {name}")
    return found[1], found[2], found[3]
