"""A tiny ONNX token classifier, made in the test: every word of its short vocabulary has a label of its own."""

import json
from pathlib import Path

import numpy as np

from gateway.inspection.detectors.onnx_proto import Builder

WORDS = ("[UNK]", "[CLS]", "[SEP]", "ask", "jane", "roe", "in", "ward", "oslo", "about", "hip", "##bone", ".")
LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-WARD")
MEANT = {"jane": "B-PER", "roe": "I-PER", "oslo": "B-LOC", "ward": "B-WARD"}


def make_classifier(
    folder: Path, *, labels: tuple[str, ...] = LABELS, inputs: tuple[str, ...] = ("input_ids",)
) -> Path:
    """model.onnx, tokenizer.json and config.json in ``folder``. One operator: a row of logits for each token id."""
    table = np.full((len(WORDS), len(LABELS)), -4.0, np.float32)
    for number, word in enumerate(WORDS):
        table[number, LABELS.index(MEANT.get(word, "O"))] = 4.0
    graph = Builder()
    logits = graph.node("Gather", (graph.tensor("table", table), "input_ids"), ("logits",))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(graph.model(inputs, logits, opset=20))
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer()))
    (folder / "config.json").write_text(json.dumps({"id2label": {str(at): label for at, label in enumerate(labels)}}))
    return folder


def _tokenizer() -> dict[str, object]:
    special = [
        {"id": at, "content": word, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
        | {"special": True}
        for at, word in enumerate(WORDS[:3])
    ]
    single = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    single.append({"SpecialToken": {"id": "[SEP]", "type_id": 0}})
    return {
        "version": "1.0",
        "added_tokens": special,
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": single,
            "pair": single,
            "special_tokens": {
                word: {"id": word, "ids": [WORDS.index(word)], "tokens": [word]} for word in ("[CLS]", "[SEP]")
            },
        },
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {word: at for at, word in enumerate(WORDS)},
        },
    }
