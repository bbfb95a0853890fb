"""Engines of one's own: a folder with an ONNX token classifier, or an installed spaCy model read through Presidio.

Only looked at here, not loaded: what is missing or misspelled is said before anything is served, and a digest of every
file that matters goes into the version. The model's labels become entity types of the catalogue; a name of several
words is also a FULL_NAME, as policies expect it.
"""

import hashlib
import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.inspection.detectors.engines import Engine, Kind

MODEL_FILES: Final = (
    "model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx",
)  # fmt: skip
"""Where a model's file may lie, the first that exists is taken."""
USUAL: Final[Mapping[str, str]] = {
    "PER": "PERSON",
    "PERSON": "PERSON",
    "NAME": "PERSON",
    "PATIENT": "PERSON",
    "STAFF": "PERSON",
    "HCW": "PERSON",
    "LOC": "LOCATION",
    "LOCATION": "LOCATION",
    "GPE": "LOCATION",
}
"""What labels mean where the configuration does not say: those that Presidio knows and our catalogue has a type for."""
NONE: Final = "O"
_SCHEMES: Final = ("B-", "I-", "E-", "S-", "L-", "U-")


class Unusable(ValueError):
    """An engine that cannot be used. ``place`` is the setting below ``inspection.ner`` that is to blame."""

    def __init__(self, place: tuple[str, ...], message: str, remedy: str) -> None:
        super().__init__(message)
        self.place, self.message, self.remedy = place, message, remedy


def onnx_engine(folder: Path, labels: Mapping[str, str]) -> Engine:
    """The token classifier in ``folder``. Raises Unusable."""
    if not folder.is_dir():
        raise Unusable(("onnx",), "names a folder that does not exist", "Relative paths start at this file.")
    files = [model_file(folder), folder / "tokenizer.json", folder / "config.json"]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise Unusable(("onnx",), f"has no {' and no '.join(missing)}", "Export the model with its tokenizer.")
    try:
        known = kinds(id2label(folder))
    except (ValueError, KeyError, TypeError, AttributeError):
        remedy = "It must give every label from 0 on a name."
        raise Unusable(("onnx",), "has a config.json without id2label", remedy) from None
    return _engine("onnx", _digest(files), folder, labels, [kind for kind in known if kind != NONE])


def presidio_engine(model: str, labels: Mapping[str, str]) -> Engine:
    """The installed spaCy model of this name. Nothing is downloaded. Raises Unusable."""
    remedy = "Install it beside the gateway; nothing is downloaded."
    try:
        found = importlib.util.find_spec(model)
    except (ImportError, ValueError):
        found = None
    folders = [Path(place) for place in (found.submodule_search_locations or ()) if found] if found else []
    configs = sorted(file for folder in folders for file in folder.glob("*/config.cfg"))
    if not configs:
        raise Unusable(("presidio", "model"), "names a spaCy model that is not installed", remedy)
    folder = configs[0].parent
    said = spacy_labels(folder)
    if not said:
        raise Unusable(("presidio", "model"), "names a spaCy model that finds no entities", "Choose one with `ner`.")
    return _engine("spacy", _digest(_files(folder)), folder, labels, said)


def unchanged(engine: Engine) -> bool:
    """Are the files still those that were looked at? A process may load them long after."""
    try:
        if engine.name == "onnx":
            return onnx_engine(Path(engine.model), dict(engine.labels)) == engine
        return _digest(_files(Path(engine.model))) == engine.version.removeprefix("spacy-").partition("+")[0]
    except (OSError, Unusable):
        return False


def model_file(folder: Path) -> Path:
    """The model's file; the first name of all where there is none."""
    return next((folder / name for name in MODEL_FILES if (folder / name).is_file()), folder / MODEL_FILES[0])


def id2label(folder: Path) -> list[str]:
    """The labels in the order of the model's outputs. Raises ValueError, KeyError, TypeError or AttributeError."""
    said: dict[str, Any] = orjson.loads((folder / "config.json").read_bytes())["id2label"]
    return [str(said[str(number)]) for number in range(len(said))]


def kind_of(label: str) -> str:
    """A label without the letter that says where in a run it stands."""
    return label[2:] if label.startswith(_SCHEMES) else label


def kinds(labels: Iterable[str]) -> list[str]:
    """The distinct kinds in order, what is none of them first. Raises ValueError when there is no label for none."""
    found = list(dict.fromkeys(map(kind_of, labels)))
    found.remove(NONE)
    return [NONE, *found]


def spacy_labels(folder: Path) -> list[str]:
    """What a spaCy model's entity recogniser can answer, from its meta.json; empty when it has none."""
    try:
        labels = orjson.loads((folder / "meta.json").read_bytes())["labels"]["ner"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [str(label) for label in labels]


def _engine(name: Kind, digest: str, folder: Path, labels: Mapping[str, str], known: list[str]) -> Engine:
    listed = ", ".join(known[:30])
    for label, entity_type in labels.items():
        if label not in known:
            raise Unusable(("labels", label), "is no label of this model", f"It has: {listed}.")
        if entity_type not in load_catalogue().entity_types:
            remedy = "Use a type of policies/detectors/groups.yaml, such as PERSON, LOCATION or STREET_ADDRESS."
            raise Unusable(("labels", label), "is to become an entity type that does not exist", remedy)
    chosen = dict(labels) or {label: USUAL[label] for label in known if label in USUAL}
    if not chosen:
        raise Unusable(("labels",), "are needed: none of the model's labels has a usual name", f"It has: {listed}.")
    pairs = tuple(sorted(chosen.items()))
    meaning = hashlib.sha256(repr(pairs).encode()).hexdigest()[:8]
    types = frozenset(chosen.values())
    if "PERSON" in types:
        types |= {"FULL_NAME"}
    return Engine(name, f"{name}-{digest}+labels.{meaning}", types, str(folder), pairs)


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _digest(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]
