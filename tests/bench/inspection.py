"""What reading costs and what it cannot read, on development data: ``python tests/bench/inspection.py DATA_DIR``.

Prints, per file of JSON lines with a ``text``: the share of rows that are incomplete and why, and the microseconds per
1,000 characters of each kind of view; then what a conversation costs when it is new, known, and one turn longer.
No detector takes part: figures of detection are those of tests/bench/detection.py.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.inspection import opaque
from gateway.inspection.all_views import all_views
from gateway.inspection.columns import columns
from gateway.inspection.decode import decoded
from gateway.inspection.detectors.base import Match, Views
from gateway.inspection.escapes import unescaped
from gateway.inspection.normalise import normalise
from gateway.inspection.scanner import Scanner
from gateway.inspection.spoken import spoken
from gateway.inspection.squeeze import squeezed
from gateway.inspection.views import View
from gateway.model import Backend, Draft, WireFormat

KINDS: dict[str, Callable[[View], object]] = {
    "all views": lambda view: all_views(view.text),
    "normalise": lambda view: normalise(view.text),
    "decode": decoded,
    "unescape": unescaped,
    "opaque": lambda view: opaque.text_reasons(view.text, ()),
    "squeeze": squeezed,
    "spoken": spoken,
    "columns": columns,
}


class Nothing:
    """A detector that looks at nothing, so that only inspection itself is measured."""

    name = "nothing"
    version = "1"
    entity_types = frozenset({"NOTHING"})
    views: Views = "all"

    def find(self, text: str) -> Sequence[Match]:
        return []


def readable(file: Path) -> None:
    """Print how much of one file is incomplete, and what its views cost."""
    texts = [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()]
    reasons = [set(all_views(text)[1]) for text in texts]
    without_script = sum(bool(found - {"script"}) for found in reasons)
    counts = dict(Counter(reason for found in reasons for reason in found).most_common())
    print(f"{file.name}: {len(texts)} rows, incomplete {sum(map(bool, reasons)) / len(texts):.2%}", end="")
    print(f", without script {without_script / len(texts):.2%}  {counts}")
    views = [normalise(text)[0] for text in texts]
    size = sum(map(len, texts)) / 1000
    for name, make in KINDS.items():
        start = time.perf_counter()
        for view in views:
            make(view)
        print(f"    {name:10} {(time.perf_counter() - start) / size * 1e6:7.1f} us per 1,000 characters")


async def conversation(texts: list[str], turns: int) -> None:
    """Print what one conversation costs: new, known, and with one turn more."""
    backend = Backend("bench", WireFormat.OPENAI, "http://127.0.0.1", {"m": "m"}, "public")
    messages = [{"role": ("user", "assistant")[turn % 2], "content": texts[turn % len(texts)]} for turn in range(turns)]
    further = [*messages, {"role": "user", "content": "And what about the other option, is it better?"}]
    drafts = [
        Draft(backend, backend.base_url, (), json.dumps({"messages": said}).encode(), "m", stream=False)
        for said in (messages, messages, further)
    ]
    scanner = Scanner([Nothing()], timeout_s=60)
    figures = []
    for sent in drafts:
        start = time.perf_counter()
        await scanner.scan(sent)
        figures.append((time.perf_counter() - start) * 1e3)
    scanner.close()
    new, known, longer = figures
    print(
        f"{turns} turns, {len(drafts[0].body)} bytes: new {new:.2f} ms, known {known:.2f} ms, one more {longer:.2f} ms"
    )


def main(folder: Path) -> None:
    """Measure every file of a folder."""
    files = sorted(folder.glob("*.jsonl"))
    for file in files:
        readable(file)
    texts = [json.loads(line)["text"] for line in files[0].read_text("utf-8").splitlines()]
    for turns in (2, 20, 100):
        asyncio.run(conversation(texts, turns))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
