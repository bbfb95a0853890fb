"""Writes tiny models of the Llama, Qwen, Mistral and Gemma architectures that a real llama-server loads and serves.

    python tests/e2e/make_models.py HOME

HOME/sources holds the vocabularies (``ggml-vocab-*.gguf``) and chat templates (``*.jinja``) of llama.cpp's source tree.
Every vocabulary and template is a real one; the weights are random and small, save for the embedding and the output
matrix. Those spell: each token of the model's sentence has an embedding of its own, and the output matrix answers it
with the next token; every other token has the embedding that answers with the first. So the model says its sentence
whatever it is asked, at any temperature, in 32 dimensions and without training, and a test can tell by the text which
model answered.

A sentence is spelled without using a token twice, since the next token depends on the last one alone.
"""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt

WIDTH = 32
HEADS = 2
HEAD = WIDTH // HEADS
FEED_FORWARD = 64
LAYERS = 2
CONTEXT = 65_536

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Family:
    """One model: whose architecture, vocabulary and template it has, and what it says."""

    name: str
    architecture: str
    vocabulary: str
    template: str | None
    """None: the one inside the vocabulary's file."""
    end: str
    """The token that ends a turn."""
    sentence: str


FAMILIES = (
    Family(
        "llama",
        "llama",
        "llama-bpe",
        "meta-llama-Llama-3.2-3B-Instruct",
        "<|eot_id|>",
        "I am a tiny Llama, and your words stay with me.",
    ),
    Family(
        "qwen",
        "qwen3",
        "qwen2",
        "Qwen-Qwen3-0.6B",
        "<|im_end|>",
        "I am a tiny Qwen, and your words stay with me.",
    ),
    Family(
        # llama.cpp's source has no vocabulary of Mistral's own. This one is of the kind that its first models had:
        # SentencePiece with 32,000 tokens.
        "mistral",
        "mistral3",
        "llama-spm",
        "mistralai-Mistral-Nemo-Instruct-2407",
        "</s>",
        "I am a tiny Mistral, and your words stay with me.",
    ),
    Family(
        "gemma",
        "gemma4",
        "gemma-4",
        None,
        "<turn|>",
        "I am a tiny Gemma, and your words stay with me.",
    ),
    Family(
        "qwen-tools",
        "qwen3",
        "qwen2",
        "Qwen-Qwen3-0.6B",
        "<|im_end|>",
        '<tool_call>\n{"name":"get_weather","arguments":{"city":"Paris"}}\n</tool_call>',
    ),
)


def spell(text: str, tokens: Sequence[str]) -> list[int]:
    """Token numbers that say ``text`` without using one twice; longest pieces first. Raises ValueError when none do.

    A line break is never used alone: chat templates end with one, and there it has to lead to the first token.
    """
    space = "▁" if "▁" in tokens else "Ġ"
    written = text.replace(" ", space).replace("\n", "Ċ")
    longest = 16
    numbers = {token: number for number, token in enumerate(tokens) if len(token) <= longest and token != "Ċ"}
    chosen: list[int] = []

    def from_(at: int) -> bool:
        if at == len(written):
            return True
        for length in range(min(longest, len(written) - at), 0, -1):
            number = numbers.get(written[at : at + length])
            if number is not None and number not in chosen:
                chosen.append(number)
                if from_(at + length):
                    return True
                chosen.pop()
        return False

    if not from_(0):
        raise ValueError("this vocabulary cannot say the sentence without repeating a token")
    return chosen


def spelling_weights(chain: Sequence[int], size: int) -> tuple[Array, Array]:
    """Embedding and output matrix, both of shape (vocabulary, width): each token of the chain leads to the next."""
    if len(chain) > WIDTH:
        raise ValueError(f"the sentence has more than {WIDTH} tokens")
    embedding = np.zeros((size, WIDTH), np.float32)
    output = np.zeros((size, WIDTH), np.float32)
    embedding[:, 0] = 1.0
    for place, token in enumerate(chain):
        output[token, place] = 16.0
        if place + 1 < len(chain):
            embedding[token] = 0.0
            embedding[token, place + 1] = 1.0
    return embedding, output


def layer_shapes(architecture: str) -> Mapping[str, tuple[int, ...]]:
    """Name and shape of one layer's tensors, in llama.cpp's names."""
    shapes: dict[str, tuple[int, ...]] = {
        "attn_norm": (WIDTH,),
        "attn_q": (WIDTH, WIDTH),
        "attn_k": (HEAD, WIDTH),
        "attn_v": (HEAD, WIDTH),
        "attn_output": (WIDTH, WIDTH),
        "ffn_norm": (WIDTH,),
        "ffn_gate": (FEED_FORWARD, WIDTH),
        "ffn_up": (FEED_FORWARD, WIDTH),
        "ffn_down": (WIDTH, FEED_FORWARD),
    }
    if architecture in {"qwen3", "gemma4"}:
        shapes |= {"attn_q_norm": (HEAD,), "attn_k_norm": (HEAD,)}
    if architecture == "gemma4":
        shapes |= {"post_attention_norm": (WIDTH,), "post_ffw_norm": (WIDTH,)}
    return shapes


def layer_tensors(architecture: str, random: np.random.Generator) -> Mapping[str, Array]:
    """Random weights, small enough that what they add never outweighs the embedding."""
    tensors = {}
    for name, shape in layer_shapes(architecture).items():
        if name.startswith("post_"):
            tensors[name] = np.full(shape, 0.01, np.float32)
        elif name.endswith("norm"):
            tensors[name] = np.ones(shape, np.float32)
        else:
            tensors[name] = random.normal(0.0, 0.02, shape).astype(np.float32)
    return tensors


def write_settings(writer: gguf.GGUFWriter, family: Family) -> None:
    """The architecture's numbers."""
    writer.add_name(f"tiny-{family.name}")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_rope_dimension_count(HEAD)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    if family.architecture == "gemma4":
        writer.add_key_length_swa(HEAD)
        writer.add_value_length_swa(HEAD)
        writer.add_rope_dimension_count_swa(HEAD)
        writer.add_sliding_window(1024)
        writer.add_sliding_window_pattern([True] * (LAYERS - 1) + [False])
        writer.add_shared_kv_layers(0)
        writer.add_embedding_length_per_layer_input(0)
        writer.add_final_logit_softcapping(30.0)


def write_vocabulary(writer: gguf.GGUFWriter, vocabulary: gguf.GGUFReader, end: int, template: str | None) -> None:
    """Everything under ``tokenizer.`` as it is, save for the token that ends a turn and the template if given."""
    changed: dict[str, Any] = {"tokenizer.ggml.eos_token_id": end}
    if template is not None:
        changed["tokenizer.chat_template"] = template
    for key, field in vocabulary.fields.items():
        if key.startswith("tokenizer.") and key not in changed:
            kind = field.types[0]
            inner = field.types[-1] if kind is gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(key, field.contents(), kind, inner)
    writer.add_eos_token_id(end)
    if template is not None:
        writer.add_chat_template(template)


def write_model(family: Family, sources: Path, out: Path) -> None:
    """Write ``out``. Raises FileNotFoundError when ``sources`` lacks the vocabulary or template."""
    vocabulary = gguf.GGUFReader(sources / f"ggml-vocab-{family.vocabulary}.gguf")
    tokens: list[str] = vocabulary.fields["tokenizer.ggml.tokens"].contents()
    end = tokens.index(family.end)
    embedding, output = spelling_weights([*spell(family.sentence, tokens), end], len(tokens))
    template = None if family.template is None else (sources / f"{family.template}.jinja").read_text("utf-8")
    partial = out.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, family.architecture)
    write_settings(writer, family)
    write_vocabulary(writer, vocabulary, end, template)
    packed = gguf.GGMLQuantizationType.Q8_0
    for name, weights in (("token_embd", embedding), ("output", output)):
        writer.add_tensor(f"{name}.weight", gguf.quants.quantize(weights, packed), raw_dtype=packed)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    if family.architecture == "gemma4":
        writer.add_tensor("rope_freqs.weight", np.ones(HEAD // 2, np.float32))
    random = np.random.default_rng(0)
    for layer in range(LAYERS):
        for name, weights in layer_tensors(family.architecture, random).items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights.astype(np.float16) if weights.ndim > 1 else weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(out)


def folder(home: Path) -> Path:
    """Where the models of this version of this script are."""
    return home / f"models-{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]}"


def main() -> None:
    """Write every family's model that is not there yet."""
    home = Path(sys.argv[1])
    sources, out = home / "sources", folder(home)
    out.mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        target = out / f"{family.name}.gguf"
        if not target.exists():
            write_model(family, sources, target)
            print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
