"""Trains the private-matter classifier and writes gateway/inspection/matter/model.json.gz.

    pip install scikit-learn==1.7.2 faker==40.54.0
    python training/matter/train.py ../shared/data [--write]

Rows: the made-up blocks of ``corpus/`` and the development rows of the folder given (real_prompts, general_prompts,
pii_sentences; rows without a label are left out; clinical notes are never trained on). Features come from the gateway's
own code and detectors, so that training and running cannot drift apart.

Printed figures are of five-fold cross-validation by template (the text with its values taken out; blocks with their
fillings; each real prompt by itself): no figure is of a row that its model was trained on. What they do not show: the
vocabularies of ``policies/detectors`` and the settings below were chosen with the development rows in view.
"""

import argparse
import gzip
import hashlib
import json
import os
import pickle
import re
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from corpus import Row  # noqa: E402
from corpus import rows as made_up  # noqa: E402

from gateway.inspection.detectors.base import Match  # noqa: E402
from gateway.inspection.detectors.shipped import default_detectors  # noqa: E402
from gateway.inspection.matter import model as runtime  # noqa: E402
from gateway.inspection.matter.assessor import PIECE, pieces  # noqa: E402
from gateway.inspection.matter.known_names import load_known_names  # noqa: E402
from gateway.inspection.matter.signals import NAMES, signals  # noqa: E402
from gateway.inspection.matter.tokens import tokenize  # noqa: E402
from gateway.inspection.readings import begin  # noqa: E402

WEIGHTS = {
    "real_prompts": 30.0, "general_prompts": 2.0, "pii_sentences": 2.0,
    "own-romance": 2.0, "own-germanic-and-others": 2.0, "own-chat-languages": 2.0, "own-scripts": 2.0, "own-it": 3.0, "own-everyday": 3.0, "own-follow-ups": 3.0,
}  # fmt: skip
"""Real prompts are what the gateway meets, and there are few of them; each other language has as few."""
REGULARISATION = 0.1
PHRASES, VECTORS, SIGNALS = 1.5, 1.0, 2.0
"""Scale of each group of features: the larger, the less it is held back by regularisation."""
RARE = 2
"""A phrase has to stand in as many rows."""
FOLDS = 5
FREQUENT = 5.5
"""Words more frequent than about e**5.5 ranks count less and less (Arora et al., 2017)."""


@dataclass(slots=True)
class Seen:
    """A row as the classifier sees it; one entry in each list for each piece of its text."""

    row: Row
    tokens: list[list[str]]
    signals: list[list[float]]


_detectors: tuple = ()


def _start() -> None:
    global _detectors
    _detectors = default_detectors()


def _see(text: str) -> tuple[list[list[str]], list[list[float]]]:
    started = begin(text, _detectors, joined=False, abandoned=lambda: False)
    plain = started.views[0].text
    found: list[Match] = load_known_names().marked(plain, started.plain)
    tokens, numbers = [], []
    for start, end, part in pieces(plain, found):
        tokens.append(tokenize(plain[start:end], part))
        numbers.append(signals(plain[start:end], tokens[-1], part))
    return tokens or [[]], numbers or [signals("", [], [])]


def development(folder: Path) -> list[Row]:
    found = []
    for name in ("real_prompts", "general_prompts", "pii_sentences", "clinical_notes"):
        for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            text = row["text"]
            for start, end, kind in sorted(row.get("spans") or (), reverse=True):
                text = f"{text[:start]} {kind} {text[end:]}"
            template = re.sub(r"[\W\d_]+", " ", text).lower() if name == "pii_sentences" else row["id"]
            private = row["sensitive"] if name != "clinical_notes" else None
            found.append(Row(row["text"], private, name, template, ""))
    return found


def see(rows: list[Row]) -> list[Seen]:
    """Features of all rows, by two processes; about a minute."""
    with ProcessPoolExecutor(min(4, os.cpu_count() or 1), initializer=_start) as pool:
        seen = list(pool.map(_see, [row.text for row in rows], chunksize=32))
    return [Seen(row, *one) for row, one in zip(rows, seen, strict=True)]


class Words:
    """Vectors of words, weighted by how rare a word is."""

    def __init__(self) -> None:
        stored = np.load(HERE / "word_vectors.npz")
        self.names = [str(word) for word in stored["words"]]
        rank = np.log(np.arange(len(self.names)) + 2)
        self.vectors = stored["vectors"].astype(np.float32) / 127 / (1 + np.exp(FREQUENT - rank))[:, None]
        self.place = {word: number for number, word in enumerate(self.names)}

    def features(self, tokens: list[str]) -> np.ndarray:
        known = [self.place[token] for token in tokens if token in self.place]
        size = self.vectors.shape[1]
        made = np.zeros(2 * size, np.float32)
        if known:
            vectors = self.vectors[known]
            made[:size] = vectors.sum(0) / len(known) ** runtime.POWER
            first = vectors[: runtime.FIRST]
            made[size:] = first.sum(0) / len(first) ** runtime.POWER
        return made


class Trained:
    """A fitted model that can score and be multiplied out."""

    def __init__(self, seen: list[Seen], words: Words) -> None:
        self.words = words
        self.phrases = TfidfVectorizer(
            analyzer=lambda tokens: list(runtime.phrases(tokens)), sublinear_tf=True, min_df=RARE
        )
        tokens = [one.tokens[0] for one in seen]
        self.phrases.fit(tokens)
        features = self._features(tokens, [one.signals[0] for one in seen])
        private = [one.row.private for one in seen]
        weights = [one.row.weight * WEIGHTS.get(one.row.source, 1.0) for one in seen]
        self.fitted = LogisticRegression(C=REGULARISATION, max_iter=3000)
        self.fitted.fit(features, private, sample_weight=weights)

    def _features(self, tokens: list[list[str]], numbers: list[list[float]]) -> sp.csr_matrix:
        return sp.hstack(
            (
                self.phrases.transform(tokens) * PHRASES,
                sp.csr_matrix(np.array([self.words.features(one) for one in tokens]) * VECTORS),
                sp.csr_matrix(np.array(numbers, np.float32) * SIGNALS),
            )
        ).tocsr()

    def scores(self, seen: list[Seen]) -> np.ndarray:
        """Log-odds of each row: the highest of its pieces, as the assessor takes it."""
        flat = [
            (number, *piece) for number, one in enumerate(seen) for piece in zip(one.tokens, one.signals, strict=True)
        ]
        odds = self.fitted.decision_function(self._features([one[1] for one in flat], [one[2] for one in flat]))
        best = np.full(len(seen), -np.inf)
        np.maximum.at(best, [one[0] for one in flat], odds)
        return best

    def multiplied_out(self) -> dict[str, object]:
        """The weights as gateway/inspection/matter/model.py reads them."""
        weights = self.fitted.coef_[0]
        count, size = len(self.phrases.idf_), self.words.vectors.shape[1]
        of_phrases, of_vectors, of_signals = np.split(weights, [count, count + 2 * size])
        mean = self.words.vectors @ of_vectors[:size] * VECTORS
        first = self.words.vectors @ of_vectors[size:] * VECTORS
        return {
            "format": runtime.FORMAT,
            "bias": round(float(self.fitted.intercept_[0]), 5),
            "signal_names": list(NAMES),
            "signals": [round(float(w) * SIGNALS, 4) for w in of_signals],
            "words": [
                [word, round(float(a), 4), round(float(b), 4)]
                for word, a, b in zip(self.words.names, mean, first, strict=True)
            ],
            "phrases": [
                [phrase, round(float(self.phrases.idf_[at]), 3), round(float(of_phrases[at]) * PHRASES, 4)]
                for phrase, at in sorted(self.phrases.vocabulary_.items())
            ],
        }


def cross_validated(seen: list[Seen], words: Words) -> np.ndarray:
    """Log-odds of each row from a model that saw neither it nor any row of its template."""
    fold = [int(hashlib.sha256(one.row.template.encode()).hexdigest(), 16) % FOLDS for one in seen]
    odds = np.zeros(len(seen))
    for number in range(FOLDS):
        inside = [one for one, its in zip(seen, fold, strict=True) if its != number]
        outside = [at for at, its in enumerate(fold) if its == number]
        odds[outside] = Trained(inside, words).scores([seen[at] for at in outside])
        print(f"  fold {number + 1} of {FOLDS}: trained on {len(inside)} rows, scored {len(outside)}", flush=True)
    return odds


def calibrated(odds: np.ndarray, private: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the logistic curve through left-out rows (Platt, 1999)."""
    fitted = LogisticRegression(C=1e6).fit(odds[:, None], private, sample_weight=weights)
    return round(float(fitted.coef_[0, 0]), 4), round(float(fitted.intercept_[0]), 4)


def report(seen: list[Seen], odds: np.ndarray, profiles: dict[str, float], probability: np.ndarray) -> None:
    private = np.array([one.row.private for one in seen], bool)
    source = np.array([one.row.source for one in seen])
    print(f"\n{'rows left out in training':38}{'rows':>6}" + "".join(f"{name:>13}" for name in profiles))
    for name in sorted(set(source)):
        for label in (True, False):
            chosen = (source == name) & (private == label)
            if chosen.sum():
                shares = "".join(f"{(probability[chosen] >= least).mean():13.3f}" for least in profiles.values())
                print(f"{name + (', private' if label else ', general'):38}{chosen.sum():6}{shares}")
    real = source == "real_prompts"
    print(f"\narea under the curve, real prompts: {roc_auc_score(private[real], odds[real]):.3f}")
    print("reliability on real prompts (probability said: share private, rows):", end=" ")
    for low in np.arange(0, 1, 0.2):
        chosen = real & (probability >= low) & (probability < low + 0.2)
        if chosen.sum():
            print(f"{low:.1f}-{low + 0.2:.1f}: {private[chosen].mean():.2f} ({chosen.sum()})", end="  ")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="write the model into the package")
    parser.add_argument("--cache", type=Path, help="keep the features of the rows in this file")
    parser.add_argument("--profile", action="append", default=[], metavar="NAME=PROBABILITY")
    given = parser.parse_args()
    start = time.monotonic()
    if given.cache and given.cache.exists():
        everything = pickle.loads(given.cache.read_bytes())
    else:
        everything = see([*made_up(), *development(given.data)])
        if given.cache:
            given.cache.write_bytes(pickle.dumps(everything))
    seen = [one for one in everything if one.row.private is not None]
    print(
        f"{len(seen)} rows, {Counter(one.row.source for one in seen)}; features took {time.monotonic() - start:.0f} s"
    )
    words = Words()
    odds = cross_validated(seen, words)
    private = np.array([one.row.private for one in seen], bool)
    real = np.array([one.row.source == "real_prompts" for one in seen])
    slope, offset = calibrated(odds[real], private[real], np.ones(real.sum()))
    probability = 1 / (1 + np.exp(-(slope * odds + offset)))
    profiles = PROFILES | {name: float(value) for name, value in (one.split("=") for one in given.profile)}
    report(seen, odds, profiles, probability)
    final = Trained(seen, words)
    clinical = [one for one in everything if one.row.source == "clinical_notes"]
    shares = 1 / (1 + np.exp(-(slope * final.scores(clinical) + offset)))
    print(
        "clinical notes (never trained on):",
        {name: round(float((shares >= p).mean()), 3) for name, p in profiles.items()},
    )
    if given.write:
        made = {"version": time.strftime("%Y-%m-%d"), "calibration": [slope, offset], "profiles": profiles}
        content = json.dumps(made | final.multiplied_out(), ensure_ascii=False, separators=(",", ":"))
        runtime.FILE.write_bytes(gzip.compress(content.encode(), 9, mtime=0))
        print(
            f"{runtime.FILE.name}: {runtime.FILE.stat().st_size / 1e6:.2f} MB; rows of up to {PIECE} characters a piece"
        )
        check(final, seen[:: max(1, len(seen) // 300)])


def check(final: Trained, seen: list[Seen]) -> None:
    """The model that runs gives what the trained one gives."""
    running = runtime.load_model()
    for one, expected in zip(seen, final.scores(seen), strict=True):
        given = max(running.log_odds(t, s) for t, s in zip(one.tokens, one.signals, strict=True))
        if abs(given - expected) > 0.05:
            raise SystemExit(f"the written model differs: {given} instead of {expected}")
    print(f"the written model gives the same for {len(seen)} rows")


PROFILES = {"balanced": 0.2, "strict": 0.08, "healthcare": 0.03}
"""Probability from which on a text counts as private. Chosen on the left-out rows, see docs/detection.md."""

if __name__ == "__main__":
    main()
