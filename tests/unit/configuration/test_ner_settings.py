"""``inspection.ner``: who reads names, and what is wrong with it by file and line."""

import json
from pathlib import Path

import pytest

from gateway.configuration.inspection_shape import Ner
from gateway.configuration.ner import engine_of
from gateway.errors import ConfigError
from gateway.inspection.detectors.engines import RAMPART
from gateway.settings import load

TREE = """\
keys: {allow_anonymous: true}
backends:
  - {name: qwen, format: openai, base_url: "http://127.0.0.1:9/v1", models: [qwen3], clearance: restricted}
inspection:
"""


def ner_of(folder: Path, lines: str, **environ: str) -> Ner:
    (folder / "gateway.yaml").write_text(TREE + lines)
    return load(folder / "gateway.yaml", environ).inspection.ner


def refused(folder: Path, lines: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        ner_of(folder, lines, **environ)
    return str(caught.value)


def looks_whole(folder: Path) -> Path:
    """A folder as far as it is looked at before a model is loaded."""
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"\0")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "config.json").write_text(json.dumps({"id2label": {"0": "O", "1": "B-PER", "2": "I-PER"}}))
    return folder


@pytest.mark.parametrize("said", ["rampart", "true", "on", "{engine: rampart}", "{}"])
def test_the_shipped_model_in_every_way_to_write_it(tmp_path: Path, said: str) -> None:
    """Also as it was written before there was a choice."""
    assert engine_of(ner_of(tmp_path, f"  ner: {said}\n")) is RAMPART


@pytest.mark.parametrize("said", ["off", "false", '"off"', "{engine: off}"])
def test_no_model_in_every_way_to_write_it(tmp_path: Path, said: str) -> None:
    """YAML makes ``off`` a false."""
    assert engine_of(ner_of(tmp_path, f"  ner: {said}\n")) is None


def test_a_folder_starts_at_the_file(tmp_path: Path) -> None:
    """As every path does."""
    looks_whole(tmp_path / "names")
    ner = ner_of(tmp_path, "  ner: {onnx: names, labels: {PER: PERSON}}\n")
    engine = engine_of(ner)
    assert ner.on
    assert ner.onnx == tmp_path / "names"
    assert engine is not None
    assert (engine.name, engine.entity_types) == ("onnx", {"PERSON", "FULL_NAME"})


def test_a_variable_can_name_the_folder(tmp_path: Path) -> None:
    """Over whatever the file says."""
    folder = looks_whole(tmp_path / "names")
    for said in ("off", "rampart", "{engine: rampart}"):
        assert ner_of(tmp_path, f"  ner: {said}\n", GATEWAY_INSPECTION__NER__ONNX=str(folder)).onnx == folder


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        ("  ner: ramparts\n", 5, "inspection.ner must be a mapping"),
        ("  ner:\n    engine: spacy\n", 6, "inspection.ner.engine must be 'rampart' or 'off'"),
        ("  ner:\n    onxn: names\n", 6, "Did you mean `onnx`?"),
        ("  ner:\n    onnx: nowhere\n", 6, "inspection.ner.onnx names a folder that does not exist"),
        ("  ner:\n    onnx: .\n", 6, "inspection.ner.onnx has no model.onnx and no tokenizer.json"),
        ("  ner:\n    onnx: names\n    labels:\n      PRE: PERSON\n", 8, "inspection.ner.labels.PRE is no label"),
        ("  ner:\n    onnx: names\n    labels: {PER: HUMAN}\n", 7, "an entity type that does not exist"),
        ("  ner:\n    labels: {PER: PERSON}\n", 6, "are those of an engine of your own"),
        ("  ner:\n    presidio:\n      model: no_such_model\n", 7, "names a spaCy model that is not installed"),
        ("  ner:\n    presidio:\n      model: ../x\n", 7, "must be the name of an installed Python package"),
        ("  ner:\n    onnx: names\n    presidio: {model: x}\n", 7, "contradicts inspection.ner.onnx"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, lines: str, line: int, message: str) -> None:
    """Law 7."""
    looks_whole(tmp_path / "names")
    said = refused(tmp_path, lines)
    assert message in said
    assert f"gateway.yaml:{line}" in said


def test_a_mistake_in_a_variable_is_named_with_it(tmp_path: Path) -> None:
    """No line of the file is to blame."""
    said = refused(tmp_path, "  ner: rampart\n", GATEWAY_INSPECTION__NER="ramparts")
    assert "from GATEWAY_INSPECTION__NER" in said
