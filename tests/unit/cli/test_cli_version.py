"""The command as a whole: its version, its help, and wrong usage."""

import json

import pytest
from cli_support import run

from gateway import __version__


def test_version_for_people_and_programs() -> None:
    """The same number in both."""
    assert run("version").output.strip() == __version__
    assert json.loads(run("version", "--json").output) == {"version": __version__}


def test_no_command_shows_what_there_is() -> None:
    """Help, and exit code 2: nothing was done."""
    result = run()
    assert result.exit_code == 2
    for name in ("serve", "demo", "scan", "explain", "check", "policy", "audit", "keys", "version"):
        assert name in result.output


@pytest.mark.parametrize(
    "arguments",
    [["nothing"], ["scan", "--nothing"], ["policy"], ["policy", "nothing"], ["explain", "--model"], ["version", "x"]],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    """A typo is never taken for something else."""
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("command", ["serve", "demo", "scan", "explain", "check", "version"])
def test_every_command_explains_itself(command: str) -> None:
    """--help works without any configuration."""
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output
