"""Where the policies that come with the gateway are: inside an installed package, or at the top of a source tree."""

from pathlib import Path


def shipped() -> Path:
    """The folder ``policies``: one folder per policy, and ``detectors``."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_policies"
    return installed if installed.is_dir() else package.parent / "policies"
