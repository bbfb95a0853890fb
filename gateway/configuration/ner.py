"""From ``inspection.ner`` to the engine that it names."""

from gateway.configuration.inspection_shape import Ner
from gateway.inspection.detectors.engine_files import Unusable, onnx_engine, presidio_engine
from gateway.inspection.detectors.engines import RAMPART, Engine

__all__ = ["Unusable", "engine_of"]


def engine_of(ner: Ner) -> Engine | None:
    """The engine; None where names are not read. Raises Unusable for a model that is not there."""
    if ner.onnx is not None:
        return onnx_engine(ner.onnx, ner.labels)
    if ner.presidio.model is not None:
        return presidio_engine(ner.presidio.model, ner.labels)
    return RAMPART if ner.on else None
