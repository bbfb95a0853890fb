"""The examples that people copy load as they stand, and the reference shows every setting."""

import re
from pathlib import Path
from shutil import copy

import pytest

from gateway.configuration.backends import to_backends
from gateway.configuration.overlay import every_setting
from gateway.egress.locality import prove_local
from gateway.settings import load

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "deploy" / "examples").glob("gateway.*.yaml"))
REFERENCE = ROOT / "deploy" / "examples" / "gateway.reference.yaml"
ENVIRON = {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "GEMINI_API_KEY": "k"}
SECRETS = {"keys.secret", "audit.secret", "backends.api_key"}


def installed(example: Path, folder: Path) -> Path:
    """An example beside the secrets that it names, as an operator would put it."""
    secrets = folder / "examples" / "secrets"
    secrets.mkdir(parents=True)
    for name in ("keys", "audit", "anthropic"):
        (secrets / name).write_text("s" * 43)
        (secrets / name).chmod(0o600)
    (folder.parent / "policies" / "default").mkdir(parents=True, exist_ok=True)
    return Path(copy(example, folder / "examples"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_loads_and_keeps_a_place_for_what_must_stay(example: Path, tmp_path: Path) -> None:
    """Each example has an external backend cleared for less, and a local one, proven so, for everything."""
    backends = to_backends(load(installed(example, tmp_path / "deploy"), ENVIRON), prove)
    assert {backend.clearance for backend in backends if not backend.local} == {"internal"}
    assert {backend.clearance for backend in backends if backend.local} == {"restricted"}
    assert not [backend for backend in backends if not backend.local and backend.api_key is None]


def prove(base_url: str, listed: frozenset[str]) -> None:
    """The real proof, without asking a name server for vendors' names: those are not local whatever it says."""
    vendor = re.match(r"https://(api\.openai\.com|api\.anthropic\.com|generativelanguage\.googleapis\.com)/?", base_url)
    prove_local("https://192.0.2.1" if vendor else base_url, listed)


def test_the_four_families_and_the_three_vendors_are_shown() -> None:
    """Llama, Qwen, Mistral and Gemma on vLLM, Ollama and llama.cpp; GPT, Claude and Gemini outside."""
    text = "\n".join(path.read_text() for path in EXAMPLES).lower()
    for word in ("llama", "qwen", "mistral", "gemma", "vllm", "ollama", "llama.cpp", "gpt", "claude", "gemini"):
        assert word in text


@pytest.mark.parametrize("name", sorted({name for name, _ in every_setting()} - SECRETS))
def test_the_reference_shows_every_setting(name: str) -> None:
    """A setting that is not in the reference does not exist for those who read it."""
    last = name.rpartition(".")[2]
    assert re.search(rf"^\s*(- |# )?{last}:|[{{ ]{last}:", REFERENCE.read_text(), re.MULTILINE), name


def test_the_reference_gives_the_defaults(tmp_path: Path) -> None:
    """What the reference sets is what leaving it out would give, where it says nothing else."""
    settings = load(installed(REFERENCE, tmp_path / "deploy"), ENVIRON)
    assert settings.limits == type(settings.limits)()
    assert settings.inspection == type(settings.inspection)()
    assert settings.stream == type(settings.stream)()
    assert settings.audit.timeout_ms == 5000


@pytest.mark.parametrize(("name", "description"), list(every_setting()))
def test_every_setting_says_what_it_means(name: str, description: str) -> None:
    """The description is the documentation, and the remedy of errors."""
    assert len(description) > 10, name
    assert description.endswith("."), name
