"""The linear model and the file that it is read from."""

import gzip
import json
import math
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.inspection.matter.model import FILE, Model, load_model, phrases
from gateway.inspection.matter.signals import NAMES

NOTHING = [0.0] * len(NAMES)


def model(**given: object) -> Model:
    settings = {
        "version": "made", "bias": -1.0, "signals": (0.0,) * len(NAMES), "words": {}, "phrases": {},
        "calibration": (1.0, 0.0), "profiles": {},
    }  # fmt: skip
    return Model(**(settings | given))  # type: ignore[arg-type]


def test_a_text_without_known_words_has_the_bias() -> None:
    assert model().log_odds(["unheard"], NOTHING) == -1.0


def test_words_count_as_a_mean_and_the_first_ones_once_more() -> None:
    one = model(words={"my": (1.0, 0.5)})
    assert one.log_odds(["my"], NOTHING) == pytest.approx(0.5)
    assert one.log_odds(["my"] * 24, NOTHING) == pytest.approx(-1 + 24 / 24**0.7 + 0.5 * 12 / 12**0.7)


def test_phrases_share_a_length_of_one() -> None:
    one = model(phrases={"my boss": (2.0, 3.0), "boss": (2.0, 0.0)})
    assert one.log_odds(["my", "boss"], NOTHING) == pytest.approx(-1 + 3 / math.sqrt(2))


def test_reasons_add_up_to_the_log_odds() -> None:
    shipped = load_model()
    tokens = ["my", "boss", "has", "not", "paid", "my", "sick", "leave", "since", "march"]
    reasons = shipped.reasons(tokens, NOTHING, most=10_000)
    assert shipped.bias + sum(share for _, share in reasons) == pytest.approx(shipped.log_odds(tokens, NOTHING))


def test_a_probability_never_leaves_its_range() -> None:
    assert 0 <= model().probability(-1e9) < model().probability(0) == 0.5 < model().probability(1e9) <= 1


def test_phrases_are_tokens_pairs_and_beginnings() -> None:
    assert list(phrases(["a", "b"])) == ["a", "^a", "b", "a b", "^b", "^a b"]


def test_the_shipped_file_is_small_and_has_a_threshold_for_each_profile() -> None:
    assert FILE.stat().st_size < 4_000_000
    profiles = load_model().profiles
    assert 0 < profiles["healthcare"] <= profiles["strict"] < profiles["balanced"] < 1


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"{"), gzip.compress(b'{"format": 1}')])
def test_a_file_that_is_no_model_ends_the_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.json.gz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="classifier"):
        load_model(path)


def test_a_model_trained_with_other_signals_ends_the_start(tmp_path: Path) -> None:
    path = tmp_path / "model.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"format": 1, "signal_names": ["length"]}).encode()))
    with pytest.raises(ConfigError, match="another version"):
        load_model(path)
