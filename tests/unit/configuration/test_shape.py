"""The forms of single settings: each says in words what it takes, and none shows what it was given."""

import pytest
from pydantic import ValidationError

from gateway.configuration.backend_shape import BackendSettings, url_fault
from gateway.configuration.complaints import _FORMS
from gateway.configuration.forms import PATTERNS
from gateway.configuration.shape import Keys, Server, Settings

QWEN = {"name": "qwen", "format": "openai", "base_url": "http://qwen/v1", "models": ["qwen3"], "clearance": "top"}


def test_every_form_is_said_in_words() -> None:
    """Nobody has to read a regular expression."""
    assert _FORMS.keys() == set(PATTERNS.values())


@pytest.mark.parametrize("url", ["https://vendor.example/v1", "http://127.0.0.1:8080/v1", "unix:///run/llm.sock"])
def test_a_url_that_can_be_sent_to_has_no_fault(url: str) -> None:
    assert url_fault(url) is None


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ftp://vendor.example", "must begin with"),
        ("https://me:hushhush@vendor.example", "user or password"),
        ("https://vendor.example/v1?key=hushhush", "query or fragment"),
        ("https://vendor.example/a b", "white space"),
        ("https://[vendor", "is not a URL"),
        ("https://", "must be https://host"),
    ],
)
def test_a_fault_of_a_url_is_named_without_the_url(url: str, fault: str) -> None:
    """It may hold a credential."""
    said = url_fault(url)
    assert said is not None
    assert fault in said
    assert "hushhush" not in said


def test_a_list_of_models_gives_each_its_own_name() -> None:
    backend = BackendSettings.model_validate(QWEN)
    assert backend.models == {"qwen3": "qwen3"}
    assert BackendSettings.model_validate({**QWEN, "base_url": "http://qwen/v1/"}).base_url == "http://qwen/v1"


def test_values_are_frozen_and_unknown_names_are_errors() -> None:
    settings = Settings.model_validate({"backends": [QWEN]})
    with pytest.raises(ValidationError):
        settings.server = Server(port=1)
    with pytest.raises(ValidationError):
        Server.model_validate({"prot": 1})
    with pytest.raises(ValidationError, match="not true or false"):
        Server.model_validate({"port": True})


def test_a_secret_is_printed_nowhere() -> None:
    keys = Keys.model_validate({"secret": "hushhush"})
    assert "hushhush" not in f"{keys!r} {keys} {keys.model_dump()}"
