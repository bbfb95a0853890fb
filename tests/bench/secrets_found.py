"""``python -m tests.bench.secrets_found``: how many credentials are found, and how much is taken for one.

Recall per kind over made-up values in every carrier, and the false rate per kind of texts without any. Each text
is read as one string of a request is, in every view, without the name model. ``--data FOLDER`` adds the general rows of
``*.jsonl`` to the texts without any; ``--missed`` and ``--false`` print what went wrong, never of held-out carriers.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.inspection.detectors.shipped import default_detectors
from gateway.inspection.readings import read
from tests.bench.secrets_corpus import Sample, samples
from tests.bench.secrets_negatives import negatives

STRONG = ("national_ids", "payment", "medical_record")


def general(folder: Path) -> Iterable[Sample]:
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["sensitive"] is False:
                yield Sample(f"general: {path.stem}", row["id"], False, row["text"], "")


class Reader:
    """What stands in a text: types of credentials, types of strong ids, and why it could not be read whole."""

    def __init__(self) -> None:
        groups = load_catalogue().groups
        self._secrets = groups["secrets"]
        self._strong = frozenset().union(*(groups[name] for name in STRONG))
        self._detectors = default_detectors(ner=False)

    def types(self, text: str) -> tuple[set[str], set[str], set[str]]:
        reading = read(text, self._detectors, joined=False, abandoned=lambda: False)
        found = {hit.entity_type for hit in reading.hits}
        return found & self._secrets, found & self._strong, set(reading.reasons)


def main(arguments: Sequence[str]) -> None:
    reader = Reader()
    found: dict[tuple[str, bool], Counter[bool]] = defaultdict(Counter)
    for sample in samples():
        secrets, _, _ = reader.types(sample.text)
        found[sample.kind, sample.held][bool(secrets)] += 1
        if not secrets and not sample.held and "--missed" in arguments:
            print(f"missed {sample.kind:24}{sample.carrier:14}{sample.text!r:.160}")
    print(f"\n{'credentials, by kind: recall of':30}{'own':>8}{'rows':>6}{'held out':>10}{'rows':>6}")
    for kind in dict.fromkeys(kind for kind, _ in found):
        own, held = found[kind, False], found[kind, True]
        if min(_share(own), _share(held)) < 1:
            print(f"{kind:30}{_share(own):8.3f}{own.total():6}{_share(held):10.3f}{held.total():6}")
    own, held = (
        sum((count for (_, flag), count in found.items() if flag is wanted), Counter()) for wanted in (False, True)
    )
    print(f"{'all (others: 1.000)':30}{_share(own):8.3f}{own.total():6}{_share(held):10.3f}{held.total():6}")

    false: dict[str, Counter[bool]] = defaultdict(Counter)
    strong: Counter[str] = Counter()
    unread: Counter[str] = Counter()
    rows = list(negatives())
    if "--data" in arguments:
        rows += general(Path(arguments[arguments.index("--data") + 1]))
    for sample in rows:
        secrets, ids, reasons = reader.types(sample.text)
        false[sample.kind][bool(secrets)] += 1
        strong[sample.kind] += bool(ids)
        unread[sample.kind] += bool(reasons)
        if (secrets or ids) and "--false" in arguments and not sample.held:
            print(f"false {sample.kind} {sorted(secrets | ids)} {sample.text!r:.200}")
    print(f"\n{'texts without any, by kind':34}{'rows':>7}{'secret':>9}{'number':>9}{'unread':>9}")
    for kind, counts in false.items():
        size = counts.total()
        print(f"{kind:34}{size:7}{_share(counts):9.4f}{strong[kind] / size:9.4f}{unread[kind] / size:9.4f}")
    everything = sum(false.values(), Counter())
    size = everything.total()
    print(f"{'all':34}{size:7}{_share(everything):9.4f}{strong.total() / size:9.4f}{unread.total() / size:9.4f}")


def _share(counts: Counter[bool]) -> float:
    return counts[True] / counts.total() if counts else 1.0


if __name__ == "__main__":
    main(sys.argv[1:])
