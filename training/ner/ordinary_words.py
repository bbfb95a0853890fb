"""Writes gateway/inspection/detectors/ordinary.txt: words that the names model never labels. For people who train.

    python training/ner/ordinary_words.py TEXT_FILE...

Candidates are the words of TEXT_FILE (plain text, or JSON lines with a ``text``) and the whole words of the model's own
vocabulary. Each is read by the model alone and in several sentences of seven languages, at places where names and towns
stand, and is ordinary by the measures below. A sentence of ordinary words alone then needs no model (gate.py). Takes
about ten minutes on one core.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.inspection.detectors.gate import CUES, ORDINARY_FILE, WORD
from gateway.inspection.detectors.onnx_int8 import INPUTS
from gateway.inspection.detectors.rampart import load_rampart

CARRIERS: Final = {
    "alone": ("{}",),
    "en": ("i talked to {} about it.", "{} said that it is fine.", "we moved to {} last year.", "ask {} for it."),
    "de": ("wir waren in {} und dann zu hause.", "gestern hat {} mich angerufen."),
    "fr": ("j'ai parlé avec {} hier.", "{} est venu avec nous."),
    "es": ("hablé con {} ayer.", "{} vino con nosotros."),
    "it": ("ho parlato con {} ieri.", "{} è venuto con noi."),
    "pt": ("{} veio com a gente.", "fui com {} para casa."),
    "nl": ("ik heb met {} gesproken.", "{} kwam gisteren langs."),
}
"""Where names and towns stand, in sentences in which the model yet tells a name from another word."""
FUNCTION_WORDS: Final = Path(__file__).parent / "function_words.txt"
"""Words that are ordinary whatever the model makes of them in a sentence of another language. Ours, by hand."""
OWN: Final = 0.25
"""A word is ordinary when no label but O gets more in any sentence of one language, which may be its own ..."""
ALONE: Final = 0.3
"""... nor so much when the word stands alone ..."""
COUNTS, ELSEWHERE = 0.5, 0.21
"""... nor COUNTS, from which on a label counts, in more than this share of all sentences: a word of another language
looks like a name, now and then."""
SEEN: Final = 2
"""Lines in which a word that is not in the model's vocabulary must stand: names stand in fewer."""
BATCH: Final = 64


def words_of(paths: Iterable[Path]) -> Counter[str]:
    """The words of these files in small letters, each with the number of lines (or rows) that hold it."""
    found: Counter[str] = Counter()
    for path in paths:
        lines = path.read_text("utf-8").splitlines()
        for line in lines:
            found.update(set(WORD.findall((json.loads(line)["text"] if path.suffix == ".jsonl" else line).lower())))
    return found


def main(arguments: Sequence[str]) -> None:
    """Judge all candidates and write the list."""
    vocabulary = set(filter(WORD.fullmatch, load_rampart()._tokenizer.get_vocab()))  # noqa: SLF001 - not its user
    seen = words_of(map(Path, arguments))
    function_words = set(FUNCTION_WORDS.read_text("utf-8").split())
    candidates = sorted(vocabulary | {word for word, lines in seen.items() if lines >= SEEN})
    shares = measured(candidates)
    kept = sorted({word for word in candidates if is_ordinary(shares[word])} | function_words)
    kept = [word for word in kept if len(word) > 1 and word not in CUES]
    ORDINARY_FILE.write_text("\n".join(kept) + "\n", "utf-8")
    sys.stderr.write(f"{len(kept)} of {len(candidates)} words are ordinary\n")


def is_ordinary(shares: Mapping[str, Sequence[float]]) -> bool:
    """By what the labels got in the sentences of each language."""
    everywhere = [share for name, group in shares.items() if name != "alone" for share in group]
    return (
        shares["alone"][0] < ALONE
        and min(max(group) for name, group in shares.items() if name != "alone") < OWN
        and sum(share >= COUNTS for share in everywhere) <= ELSEWHERE * len(everywhere)
    )


def measured(words: Iterable[str]) -> dict[str, dict[str, list[float]]]:
    """For each word and language: what all labels but O get together in each sentence, at its most."""
    model = load_rampart()
    tokenizer, session = model._tokenizer, model._session  # noqa: SLF001 - batches are for training alone
    rows: dict[int, list[tuple[list[float], list[int]]]] = defaultdict(list)
    shares: dict[str, dict[str, list[float]]] = {}
    for word in words:
        shares[word] = {name: [] for name in CARRIERS}
        for name, group in CARRIERS.items():
            for carrier in group:
                ids = tokenizer.encode(carrier.format(word)).ids
                rows[len(ids)].append((shares[word][name], ids))
    for length, group in sorted(rows.items()):
        for start in range(0, len(group), BATCH):
            batch = group[start : start + BATCH]
            tokens = np.array([ids for _, ids in batch], np.int64)
            places = np.broadcast_to(np.arange(length), tokens.shape)
            logits = session.run(None, dict(zip(INPUTS, (tokens, places), strict=True)))[0][:, 1:-1]
            odds = np.exp(logits - logits.max(axis=2, keepdims=True))
            named = 1 - odds[..., 0] / odds.sum(axis=2)
            for (told, _), share in zip(batch, named.max(axis=1), strict=True):
                told.append(float(share))
        sys.stderr.write(f"{length} tokens: {len(group)} sentences\n")
    return shares


if __name__ == "__main__":
    main(sys.argv[1:])
