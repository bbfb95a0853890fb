"""Hundreds of malformed and hostile policy files: none starts open, crashes or takes long; all say what is wrong."""

import os
import time
from contextlib import suppress
from pathlib import Path

import pytest
import typer
from hostile_made import OPEN, made

from gateway.cli.output import UNUSABLE, fail_on_config_error
from gateway.errors import ConfigError
from gateway.model import Coverage, Facts, Report
from gateway.policy.decision import classify
from gateway.policy.loader import load_policy
from gateway.policy.probe_file import load_probes
from gateway.policy.rules import Policy
from gateway.policy.vocabulary import Vocabulary

WRITTEN = sorted((Path(__file__).parent / "hostile").glob("*.yaml"))
FILES = made() | {f"hostile/{file.name}": file.read_bytes() for file in WRITTEN}
KNOWN = Vocabulary(
    frozenset({"CREDIT_CARD", "PERSON", "PRIVATE_MATTER"}), {"payment": frozenset({"CREDIT_CARD"})}, None
)
CLEAN = Report(b"", (), Coverage())
FACTS = Facts("key", "auto", False, 100, False, False, False, False, False)
MOST_S = 1.0
"""Processor time of one load; what the machine does besides is not counted."""


def load(file: Path) -> Policy:
    """Load within the time that a start and a reload can spare."""
    began = time.thread_time()
    try:
        return load_policy(file, KNOWN)
    finally:
        assert time.thread_time() - began < MOST_S


def test_there_are_hundreds_and_a_sound_policy_is_not_one_of_them(tmp_path: Path) -> None:
    assert len(FILES) >= 200
    assert len(WRITTEN) >= 10
    (tmp_path / "policy.yaml").write_text(OPEN)
    assert classify(load(tmp_path), CLEAN, FACTS).label == "public"


@pytest.mark.parametrize("name", FILES)
def test_no_hostile_file_starts_open(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends the load with file, line, column and remedy, as a person can read them, or it keeps everything inside."""
    file = tmp_path / "policy.yaml"
    file.write_bytes(FILES[name])
    try:
        policy = load(file)
    except ConfigError as error:
        problems = error.problems
    else:
        assert classify(policy, CLEAN, FACTS).label == policy.top, "it starts open"
        return
    assert 1 <= len(problems) <= 500
    assert all(problem.file == file and problem.message and problem.remedy for problem in problems)
    assert all(len(problem.message) < 400 and len(problem.remedy) < 400 for problem in problems)
    whole = ("larger than", "the file is empty", "further mistake")
    assert all(problem.column or any(said in problem.message for said in whole) for problem in problems)
    with pytest.raises(typer.Exit) as ended:
        fail_on_config_error(load)(file)
    told = capsys.readouterr()
    assert ended.value.exit_code == UNUSABLE
    assert "Traceback" not in told.err + told.out
    assert not set(told.err) & {chr(n) for n in (*range(10), *range(11, 32), 127, *range(128, 160), 0x202E)}


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("large-", "bytes-", "hostile/"))])
def test_no_hostile_file_of_probes_is_read_as_tests(name: str, tmp_path: Path) -> None:
    """Probes are read from the same folder by the same reader."""
    file = tmp_path / "probes.yaml"
    file.write_bytes(FILES[name])
    began = time.thread_time()
    with suppress(ConfigError):
        assert load_probes(file).probes == ()
    assert time.thread_time() - began < MOST_S


@pytest.fixture
def odd(tmp_path: Path) -> dict[str, Path]:
    """Paths at which there is no plain readable file."""
    (tmp_path / "folder" / "policy.yaml").mkdir(parents=True)
    (tmp_path / "loop").symlink_to(tmp_path / "pool")
    (tmp_path / "pool").symlink_to(tmp_path / "loop")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "policy.yaml").symlink_to("policy.yaml")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "piped").mkdir()
    os.mkfifo(tmp_path / "piped" / "policy.yaml")
    (tmp_path / "file").write_text(OPEN)
    return {
        "missing": tmp_path / "missing.yaml",
        "empty-folder": tmp_path / "missing-folder",
        "folder-for-a-file": tmp_path / "folder",
        "loop-of-links": tmp_path / "loop",
        "link-to-itself": tmp_path / "inner",
        "dangling-link": tmp_path / "dangling",
        "pipe": tmp_path / "pipe",
        "pipe-in-a-folder": tmp_path / "piped",
        "file-as-a-folder": tmp_path / "file" / "policy.yaml",
        "device": Path("/dev/zero"),
        "nothing-device": Path("/dev/null"),
        "terminal": Path("/dev/tty"),
        "nul-in-the-name": tmp_path / "a\0b",
        "long-name": tmp_path / ("n" * 5000),
        "empty-name": Path(),
    }


@pytest.mark.parametrize(
    "name",
    [
        "missing",
        "empty-folder",
        "folder-for-a-file",
        "loop-of-links",
        "link-to-itself",
        "dangling-link",
        "pipe",
        "pipe-in-a-folder",
        "file-as-a-folder",
        "device",
        "nothing-device",
        "terminal",
        "nul-in-the-name",
        "long-name",
        "empty-name",
    ],
)
def test_what_is_no_file_is_an_error_at_once(
    name: str, odd: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is waited for, and nothing is read for ever."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load(odd[name])
    (problem,) = caught.value.problems
    assert problem.message.startswith("cannot read the file: ")
    assert problem.remedy
    assert problem.file is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_or_folder_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(OPEN)
    for locked, mode in ((tmp_path / "policy.yaml", 0o000), (tmp_path, 0o000)):
        before = locked.stat().st_mode
        locked.chmod(mode)
        try:
            with pytest.raises(ConfigError, match="Permission denied"):
                load(tmp_path / "policy.yaml")
        finally:
            locked.chmod(before)
