"""The model list, held to the SDK's own types."""

import json

import pytest
from openai.types import Model

from gateway.errors import NotFound
from gateway.ingress.models import render_list, render_one

CARDS = [("auto", "gateway"), ("openai/gpt-x", "gpt"), ("qwen", "local")]


def test_the_list_has_openais_shape_and_the_order_given() -> None:
    """Each entry is a model by the SDK's type."""
    page = json.loads(render_list(CARDS))
    assert page["object"] == "list"
    models = [Model.model_validate(entry, strict=True) for entry in page["data"]]
    assert [(model.id, model.owned_by) for model in models] == CARDS


def test_one_model_is_found_by_its_whole_name() -> None:
    """Names may hold slashes."""
    assert Model.model_validate_json(render_one(CARDS, "openai/gpt-x")).owned_by == "gpt"


def test_an_unknown_name_is_not_repeated() -> None:
    """It came from the client."""
    with pytest.raises(NotFound) as caught:
        render_one(CARDS, "canary")
    assert "canary" not in repr(caught.value)
    assert caught.value.code == "model_not_found"


def test_no_models_is_an_empty_list() -> None:
    """Not an error."""
    assert json.loads(render_list([])) == {"object": "list", "data": []}
