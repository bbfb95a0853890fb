"""The model list in OpenAI's shape: GET /v1/models and GET /v1/models/{id}."""

from collections.abc import Sequence
from typing import Final

import orjson

from gateway.errors import NotFound

CREATED: Final = 0
"""The field is required and nobody knows when a self-hosted model was made."""


def render_list(models: Sequence[tuple[str, str]]) -> bytes:
    """All models, each given as its id and its owner, in the order given."""
    return orjson.dumps({"object": "list", "data": [_model(name, owner) for name, owner in models]})


def render_one(models: Sequence[tuple[str, str]], model_id: str) -> bytes:
    """One model. Raises NotFound, without repeating the name: it came from the client."""
    for name, owner in models:
        if name == model_id:
            return orjson.dumps(_model(name, owner))
    raise NotFound("There is no such model; GET /v1/models lists them.", param="model", code="model_not_found")


def _model(name: str, owner: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": owner}
