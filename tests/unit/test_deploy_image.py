"""The image: what goes in, who it runs as, and that an installed gateway is complete without the source tree."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()
IGNORE = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
ENTERS = [line.removeprefix("!") for line in IGNORE if line.startswith("!")]


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile with its arguments, continued lines joined."""
    text = "\n".join(line for line in LINES if not line.lstrip().startswith("#"))
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


def of(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


def test_the_base_image_is_pinned_to_a_patch_version() -> None:
    """Both stages stand on the same Python of the version that the locks were made for."""
    bases = {rest.split(" ")[0] for rest in of("FROM")}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", bases.pop())


def test_everything_installed_is_hashed_and_nothing_else_is_fetched() -> None:
    """One pip call from the lock, with hashes and wheels only; the gateway itself without an index."""
    calls = [rest for rest in of("RUN") if "pip" in rest and "install" in rest]
    assert len(calls) == 2
    assert all(option in calls[0] for option in ("--require-hashes", "--no-deps", "--only-binary :all:"))
    assert all(option in calls[1] for option in ("--no-index", "--no-deps", "--no-build-isolation"))
    assert not re.search(r"curl|wget|apt-get|https?://(?!127\.0\.0\.1)", "\n".join(rest for _, rest in instructions()))
    assert not of("ADD")


def test_it_runs_as_nobody_in_particular() -> None:
    """A numeric user, so that an orchestrator can see that it is not root; the last USER counts."""
    assert of("USER")[-1] == "10001:10001"
    last_stage = instructions()[max(n for n, (word, _) in enumerate(instructions()) if word == "FROM") :]
    assert "pip" not in " ".join(rest for word, rest in last_stage if word == "RUN")


def test_it_is_healthy_when_the_gateway_answers() -> None:
    """The health check asks /healthz without a shell and without another program."""
    check = of("HEALTHCHECK")[0]
    command = json.loads(check[check.index("CMD ") + 4 :])
    assert command[0] == "python"
    assert "/healthz" in command[-1]
    compile(command[-1], "HEALTHCHECK", "exec")


def test_it_starts_the_gateway_without_secrets_in_it() -> None:
    """ENTRYPOINT and CMD name the mounted configuration; no variable of the image is a secret."""
    assert json.loads(of("ENTRYPOINT")[0]) == ["gateway"]
    assert json.loads(of("CMD")[0]) == ["serve", "--config", "/etc/gateway/gateway.yaml"]
    assert not re.search(r"KEY|SECRET|TOKEN|PASSWORD", " ".join(of("ENV") + of("ARG")))


def test_what_is_copied_is_what_may_enter() -> None:
    """The context is a list of what enters, and the Dockerfile uses all of it and no more."""
    assert "*" in IGNORE
    sources = {
        source.removeprefix("./")
        for rest in of("COPY")
        if not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert sources == set(ENTERS)
    assert all((ROOT / name).exists() for name in ENTERS)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gateway's wheel, built as the image builds it: from what enters the context, without an index."""
    context, out = tmp_path_factory.mktemp("context"), tmp_path_factory.mktemp("out")
    for name in ENTERS:
        target = context / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(ROOT / name, target)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(out), str(context)]
    subprocess.run(command, check=True, cwd=context)
    return next(out.glob("*.whl"))


def test_the_wheel_holds_every_module_and_every_policy(wheel: Path) -> None:
    """Nothing of the tree is forgotten: code, types marker, policies, probes and detector rules."""
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "gateway").rglob("*.py")}
    wanted |= {f"gateway/_{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "policies").rglob("*.yaml")}
    assert wanted | {"gateway/py.typed"} <= held
    assert not [name for name in held if name.startswith(("tests/", "docs/", "deploy/"))]


def test_an_installed_gateway_needs_nothing_of_the_tree(wheel: Path, tmp_path: Path) -> None:
    """From the unpacked wheel alone, the shipped policies load against the shipped detectors."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import gateway; from gateway.policy.shipped import shipped\n"
        "from gateway.policy.loader import load_policy\n"
        "from gateway.inspection.detectors.shipped import default_detectors\n"
        "from gateway.wiring import vocabulary\n"
        "print(gateway.__file__); print(shipped())\n"
        "print(load_policy(shipped() / 'default', vocabulary(default_detectors(ner=False))).name)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    where, policies, name = done.stdout.split("\n")[:3]
    assert where.startswith(str(tmp_path))
    assert policies.startswith(str(tmp_path))
    assert name == "default"
