"""docker-compose.yml: valid, and built so that only the gateway has both prompts and a way out."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from gateway.settings import load

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
SEES_PROMPTS = ("gateway", "ollama", "vllm")
CLIENTS = json.dumps([{"id": "tests", "hash": f"hmac-sha256:{'0' * 64}"}])
ENVIRON = {"OPENAI_API_KEY": "k", "GATEWAY_KEYS__SECRET": "s" * 43, "GATEWAY_KEYS__CLIENTS": CLIENTS}


def outward(service: str) -> set[str]:
    """The networks by which a service's packets get out and answers back in."""
    found = set()
    for name in SERVICES[service].get("networks", ["default"]):
        network = COMPOSE["networks"].get(name) or {}
        options = network.get("driver_opts") or {}
        masquerades = options.get("com.docker.network.bridge.enable_ip_masquerade") != "false"
        if not network.get("internal") and masquerades:
            found.add(name)
    return found


def test_it_is_valid_compose() -> None:
    """Checked against the schema of the Compose Specification."""
    schema = json.loads((ROOT / "tests" / "support" / "compose.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(COMPOSE)


def test_the_schema_is_not_a_formality() -> None:
    """A misspelt key is found."""
    schema = json.loads((ROOT / "tests" / "support" / "compose.schema.json").read_text(encoding="utf-8"))
    broken = {**COMPOSE, "services": {"gateway": {**SERVICES["gateway"], "netwroks": []}}}
    assert list(jsonschema.Draft7Validator(schema).iter_errors(broken))


def test_of_those_that_see_prompts_only_the_gateway_reaches_outside() -> None:
    """The model servers sit on a network without a route out, so a prompt cannot leave through them."""
    assert {name: bool(outward(name)) for name in SEES_PROMPTS} == {"gateway": True, "ollama": False, "vllm": False}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert not outward("prometheus")
    assert SERVICES["gateway"]["networks"]["outside"] == {"gw_priority": 1}, "or the default route may lead nowhere"


def test_whoever_fetches_models_sees_no_prompts() -> None:
    """The one service besides the gateway with a way out shares no network with it, and runs only when asked for."""
    puller = SERVICES["pull-model"]
    assert puller["profiles"] == ["setup"]
    assert puller["networks"] == ["outside"]
    assert "inside" not in puller["networks"]


def test_ollama_runs_by_default_and_vllm_with_a_gpu() -> None:
    """Profiles choose the model server; the gateway waits for the one that is there."""
    assert "profiles" not in SERVICES["ollama"]
    assert SERVICES["vllm"]["profiles"] == ["gpu"]
    assert SERVICES["vllm"]["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]
    assert {name: wait["required"] for name, wait in SERVICES["gateway"]["depends_on"].items()} == {
        "ollama": False,
        "vllm": False,
    }


def test_the_gateway_runs_without_privileges_on_a_read_only_root() -> None:
    """Not root, no capabilities, no way to gain any; the records and /tmp are all it can write."""
    gateway = SERVICES["gateway"]
    assert gateway["read_only"] is True
    assert gateway["user"] == "10001:10001"
    assert gateway["tmpfs"] == ["/tmp"]
    writable = [volume for volume in gateway["volumes"] if not volume.endswith(":ro")]
    assert writable == ["records:/var/lib/gateway"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_pinned_and_confined(name: str) -> None:
    """A version for each image, no privileges, no host namespaces, no docker socket."""
    service = SERVICES[name]
    assert re.fullmatch(r"[a-z0-9/-]+:v?\d+\.\d+\.\d+", service["image"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "network_mode", "pid", "cap_add", "devices"} & service.keys()
    assert "docker.sock" not in str(service.get("volumes"))


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_this_machine_alone(name: str) -> None:
    """Nothing is offered to the neighbourhood by default."""
    for port in SERVICES[name].get("ports", ()):
        assert port.startswith("127.0.0.1:")


def test_no_secret_is_written_down_or_becomes_an_argument() -> None:
    """Secrets pass through the environment by name: none in the file, none interpolated, none on a command line."""
    text = FILE.read_text(encoding="utf-8")
    assert not re.search(r"\$\{?\w*(KEY|SECRET|TOKEN|PASSWORD)", text)
    environment = SERVICES["gateway"]["environment"]
    secret = {name for name in environment if re.search(r"_API_KEY|__SECRET", name)}
    assert secret == {"OPENAI_API_KEY", "GATEWAY_KEYS__SECRET"}
    assert all(environment[name] is None for name in secret)
    for service in SERVICES.values():
        assert "${" not in str([service.get("command"), service.get("entrypoint")])


def environment(**chosen: str) -> dict[str, str]:
    """What the gateway's container gets: the file's own values, with what ``.env`` chose, and the secrets."""
    given = {}
    for name, value in SERVICES["gateway"]["environment"].items():
        if value is not None:
            filled = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: chosen.get(found[1], found[2]), value)
            given[name] = filled
    return given | ENVIRON


def test_the_mounted_configuration_loads_in_the_container_s_environment() -> None:
    """gateway.yaml and the variables of the compose file fit together; the records land on the volume."""
    settings = load(ROOT / "deploy" / "compose" / "gateway.yaml", environment())
    assert settings.audit.path == Path("/var/lib/gateway/audit.sqlite3")
    assert settings.server.host == "0.0.0.0"
    inside = settings.backends[1]
    assert (inside.base_url, inside.models) == ("http://ollama:11434/v1", {"llama": "llama3.2"})
    assert not inside.local_hosts, "the container's private address is the proof, not its name"


def test_the_variables_of_the_gpu_example_choose_vllm() -> None:
    """What env.example says for a GPU leads to the vLLM service, under the model name it serves."""
    example = (ROOT / "deploy" / "compose" / "env.example").read_text(encoding="utf-8")
    chosen = dict(re.findall(r"^#?(\w+)=(.*)$", example, re.MULTILINE))
    inside = load(ROOT / "deploy" / "compose" / "gateway.yaml", environment(**chosen)).backends[1]
    assert inside.base_url == "http://vllm:8000/v1"
    command = SERVICES["vllm"]["command"]
    assert set(inside.models.values()) == {command[command.index("--served-model-name") + 1]}
    assert "private" in load(ROOT / "deploy" / "compose" / "gateway.yaml", environment(**chosen)).models.aliases


def test_what_is_mounted_exists() -> None:
    """Docker would make a folder of a file that is missing."""
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("./deploy"):
                assert (ROOT / source).is_file()


def test_secrets_of_a_working_copy_cannot_be_committed() -> None:
    """.env holds the keys and is ignored."""
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
