"""What each policy keeps of rows that its classifier was not trained on: the figures to expect of unseen text.

    python training/matter/left_out.py ../shared/data [--cache FILE] [--write]

The development rows are divided into five parts by template, as train.py does. For each part a model is trained on all
other rows, put in the place of the shipped one, and the part is decided by the gateway's own parsing, inspection and
policies (`gateway.evaluation`). ``--write`` puts the table into docs/detection.md. Three minutes on two cores.
"""

import argparse
import asyncio
import gzip
import hashlib
import json
import pickle
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import train

from gateway.evaluation.decider import Decider, Recipe
from gateway.evaluation.profiles import profiles
from gateway.evaluation.rows import Row
from gateway.inspection.matter import assessor
from gateway.inspection.matter import model as runtime

sys.path.append(str(Path(__file__).parents[2]))
from tests.support.page_markers import replace

PAGE = Path(__file__).parents[2] / "docs" / "detection.md"
NAMES = {
    ("real_prompts", True): "real prompts, private",
    ("real_prompts", False): "real prompts, general",
    ("general_prompts", False): "benchmark prompts",
    ("pii_sentences", True): "PII sentences, sensitive",
    ("clinical_notes", None): "clinical notes without identifiers",
}

Kept = Mapping[tuple[str, bool | None], list[Mapping[str, bool]]]


def fold_of(seen: train.Seen) -> int:
    return int(hashlib.sha256(seen.row.template.encode()).hexdigest(), 16) % train.FOLDS


def decided(everything: list[train.Seen], calibration: tuple[float, float], words: train.Words) -> Kept:
    """For each kind of row, what every policy kept of it: each row decided with a model that never saw its template."""
    kept: defaultdict[tuple[str, bool | None], list[Mapping[str, bool]]] = defaultdict(list)
    for number in range(train.FOLDS):
        inside = [one for one in everything if one.row.private is not None and fold_of(one) != number]
        outside = [one for one in everything if fold_of(one) == number and (one.row.source, one.row.private) in NAMES]
        with tempfile.TemporaryDirectory() as folder:
            write(train.Trained(inside, words), calibration, Path(folder) / "model.json.gz")
            for one, policies in zip(outside, decide(outside, Path(folder) / "model.json.gz"), strict=True):
                kept[one.row.source, one.row.private].append(policies)
        print(f"part {number + 1} of {train.FOLDS}: {len(inside)} rows learnt, {len(outside)} decided", flush=True)
    return kept


def write(trained: train.Trained, calibration: tuple[float, float], path: Path) -> None:
    made = {"version": "left-out", "calibration": calibration, "profiles": train.PROFILES} | trained.multiplied_out()
    path.write_bytes(gzip.compress(json.dumps(made).encode(), 1))


def decide(rows: list[train.Seen], model: Path) -> Iterator[Mapping[str, bool]]:
    """Whether each policy keeps each row, with ``model`` as the classifier."""
    load = runtime.load_model
    assessor.load_model = lambda: load(model)
    assessor.load_matter.cache_clear()
    try:
        decider = Decider(Recipe(profiles(), None))
        for number, one in enumerate(rows):
            row = Row(str(number), one.row.text, one.row.private, one.row.source)
            outcome = asyncio.run(decider.decide(row))
            yield {name: found.kept for name, found in outcome.by_policy.items()}
        decider.close()
    finally:
        assessor.load_model = load
        assessor.load_matter.cache_clear()


def table(kept: Kept) -> str:
    names = [name for name in next(iter(kept.values()))[0] if name in train.PROFILES]
    lines = [f"| rows | number | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    for kind, name in NAMES.items():
        shares = (f"{np.mean([one[policy] for one in kept[kind]]):.3f}".removeprefix("0") for policy in names)
        lines.append(f"| {name} | {len(kept[kind]):,} | {' | '.join(shares)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, help="the features that train.py --cache kept")
    parser.add_argument("--write", action="store_true", help="write the table into docs/detection.md")
    given = parser.parse_args()
    if given.cache and given.cache.exists():
        sys.modules["__main__"].Seen = train.Seen  # type: ignore[attr-defined]
        everything = pickle.loads(given.cache.read_bytes())
    else:
        everything = train.see([*train.made_up(), *train.development(given.data)])
    words = train.Words()
    seen = [one for one in everything if one.row.private is not None]
    odds = train.cross_validated(seen, words)
    private = np.array([one.row.private for one in seen], bool)
    real = np.array([one.row.source == "real_prompts" for one in seen])
    calibration = train.calibrated(odds[real], private[real], np.ones(real.sum()))
    found = table(decided(everything, calibration, words))
    print(found)
    if given.write:
        replace(PAGE, "left out", found)


if __name__ == "__main__":
    main()
