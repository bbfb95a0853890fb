"""What the shipped detectors find in labelled texts, and what that costs. Prints tables and judges nothing.

    python tests/bench/detection.py DATA_DIR [--policy policies/default]

DATA_DIR holds ``*.jsonl`` with ``text`` and ``sensitive`` (true, false or null for not scored). Figures are shares of
rows: on sensitive rows a share is recall, on general rows it is over-routing; never read one without the other.

Detectors are run on the plain text; encodings, joins and unreadable scripts are the scanner's, and are measured with
``--policy``, which sends each text through scanner and policy as one user message.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import thread_time

sys.path.insert(0, str(Path(__file__).parents[2]))


from gateway.inspection.detectors.base import Detector, Match
from gateway.inspection.detectors.catalogue import Catalogue, load_catalogue
from gateway.inspection.detectors.shipped import default_detectors
from gateway.inspection.scanner import Scanner
from gateway.model import Backend, Draft, Facts, WireFormat
from gateway.policy.decision import Cleared, NotCleared, decide
from gateway.policy.loader import load_policy
from gateway.wiring import vocabulary

Condition = Callable[["Row"], bool]
LEAST = 0.4


@dataclass(frozen=True, slots=True)
class Row:
    """One text with what was found in it: the best score of each type and how often it stands there."""

    text: str
    scores: dict[str, float]
    counts: dict[str, int]


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def has(*names: str, score: float = LEAST, count: int = 1) -> Condition:
    """All of the groups and types, each with at least this score; ``count`` of them in all where one is named."""
    groups = catalogue().groups
    wanted = [groups.get(name, frozenset({name})) for name in names]

    def holds(row: Row) -> bool:
        return all(
            any(row.scores.get(one, 0) >= score for one in types)
            and sum(row.counts.get(one, 0) for one in types) >= count
            for types in wanted
        )

    return holds


def either(*conditions: Condition) -> Condition:
    return lambda row: any(condition(row) for condition in conditions)


def both(*conditions: Condition) -> Condition:
    return lambda row: all(condition(row) for condition in conditions)


def combinations() -> dict[str, Condition]:
    """Rules and their unions, from what is certain to what is broad."""
    hard = either(*map(has, ("secrets", "national_ids", "payment", "medical_record", "vehicle_ids", "confidential")))
    reachable = either(hard, has("contact"), has("address"))
    letters = either(reachable, has("correspondence"), has("personal", "topics"), has("personal", "names"))
    own = either(letters, has("EDIT_REQUEST", "FIRST_PERSON"), has("CASE_HISTORY"))
    matters = either(own, both(has("names", score=0.8), has("topics")))
    return {
        "identifiers and secrets": hard,
        "+ contact or address": reachable,
        "+ letter, or personal word with name or topic": letters,
        "+ own text to be edited, case history": own,
        "+ name (0.8) with topic: BALANCED without bare names": matters,
        "+ full name (0.9): BALANCED": either(matters, has("FULL_NAME", score=0.9)),
        "+ any name (0.95)": either(matters, has("names", score=0.95)),
        "+ any name: STRICT": either(matters, has("names")),
        "anything at all": lambda row: bool(row.scores),
    }


def read(folder: Path, detectors: Sequence[Detector]) -> dict[str, list[Row]]:
    """Rows by file and verdict."""
    sets: dict[str, list[Row]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            verdict = {True: "sensitive", False: "general", None: "unscored"}[row["sensitive"]]
            found = [match for detector in detectors for match in detector.find(row["text"])]
            sets.setdefault(f"{path.stem} {verdict}", []).append(summary(row["text"], found))
    return sets


def summary(text: str, found: Iterable[Match]) -> Row:
    scores: dict[str, float] = {}
    places: dict[str, set[tuple[int, int]]] = {}
    for match in found:
        if match.score >= LEAST:
            scores[match.entity_type] = max(match.score, scores.get(match.entity_type, 0))
            places.setdefault(match.entity_type, set()).add((match.start, match.end))
    return Row(text, scores, {name: len(spans) for name, spans in places.items()})


def table(sets: dict[str, list[Row]], conditions: dict[str, Condition]) -> None:
    for number, (name, rows) in enumerate(sets.items(), 1):
        print(f"  [{number}] {name}: {len(rows)} rows")
    print(f"{'':54}" + "".join(f"{f'[{number}]':>7}" for number in range(1, len(sets) + 1)))
    for name, condition in conditions.items():
        shares = [sum(map(condition, rows)) / len(rows) for rows in sets.values()]
        if any(shares):
            print(f"{name:54}" + "".join(f"{share:7.3f}" for share in shares))


def speed(detectors: Sequence[Detector], sets: dict[str, list[Row]]) -> None:
    """CPU time of this thread, best of three over twelve texts; the machine's other work does not count."""
    joined = "\n".join(row.text for rows in sets.values() for row in rows)
    sizes = (200, 1000, 4000)
    print(f"\n{'microseconds of CPU per text of characters':54}" + "".join(f"{size:9}" for size in sizes))
    step = max(1, (len(joined) - max(sizes)) // 12)
    for detector in detectors:
        costs = []
        for size in sizes:
            texts = [joined[start : start + size] for start in range(0, step * 12, step)]
            costs.append(min(_run(detector, texts) for _ in range(3)) / len(texts) * 1e6)
        print(f"{detector.name:54}" + "".join(f"{cost:9.0f}" for cost in costs))


def _run(detector: Detector, texts: Sequence[str]) -> float:
    start = thread_time()
    for text in texts:
        detector.find(text)
    return thread_time() - start


async def decided(sets: dict[str, list[Row]], folder: Path) -> None:
    """Share of rows that the policy keeps from a backend cleared for its second label, by cause."""
    detectors = default_detectors()
    policy = load_policy(folder, vocabulary(detectors))
    backend = Backend("outside", WireFormat.OPENAI, "https://outside.invalid", {"m": "m"}, policy.labels[1])
    scanner = Scanner(detectors, timeout_s=60)
    facts = Facts("bench", "m", False, 0, False, False, False, False, False)
    print(f"\npolicy {policy.name} {policy.revision}: kept (of these only because something could not be read)")
    for name, rows in sets.items():
        kept = unread = 0
        for row in rows:
            body = json.dumps({"model": "m", "messages": [{"role": "user", "content": row.text}]}).encode()
            draft = Draft(backend, "https://outside.invalid/chat/completions", (), body, "m", stream=False)
            report = await scanner.scan(draft)
            verdict = decide(policy, draft, report, facts)
            kept += not isinstance(verdict, Cleared)
            unread += isinstance(verdict, NotCleared) and all(rule.startswith("builtin-") for rule in verdict.rules)
        print(f"{name:54}{kept / len(rows):7.3f} ({unread / len(rows):.3f})")
    scanner.close()


def main(arguments: Sequence[str]) -> None:
    if not arguments:
        sys.exit(__doc__)
    detectors = default_detectors()
    sets = read(Path(arguments[0]), detectors)
    print("\nShare of rows in which a group is found\n")
    table(sets, {name: has(name) for name in catalogue().groups})
    print("\nShare of rows in which a type is found\n")
    table(sets, {name: has(name) for name in sorted(catalogue().entity_types)})
    print("\nShare of rows that a combination of rules keeps\n")
    table(sets, combinations())
    speed(detectors, sets)
    if "--policy" in arguments:
        asyncio.run(decided(sets, Path(arguments[arguments.index("--policy") + 1])))


if __name__ == "__main__":
    main(sys.argv[1:])
