"""A policy of one's own from a preset: the same rules and probes under a new name. Nothing is overwritten."""

import re
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError, Problem
from gateway.policy.loader import FILE_NAME
from gateway.policy.probe_file import FILE_NAME as PROBES_NAME
from gateway.policy.shipped import shipped
from gateway.policy.vocabulary import remedy
from gateway.policy.yaml_lines import load_mapping

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def presets() -> tuple[str, ...]:
    """The names of the policies that come with the gateway."""
    return tuple(sorted(file.parent.name for file in shipped().glob(f"*/{FILE_NAME}")))


def new_policy(name: str, preset: str, folder: Path) -> tuple[Path, ...]:
    """Write ``folder``/policy.yaml and probes.yaml. Returns the files written.

    Raises ConfigError for a name that is none, a preset that there is not, files that are there already or cannot be
    written.
    """
    if not _NAME.fullmatch(name):
        raise _one(f"{name[:70]!r} is not a name", "Use small letters, digits, `-` and `_`, beginning with a letter.")
    if preset not in presets():
        raise _one(f"there is no preset {preset[:70]!r}", remedy(preset, presets()))
    source = shipped() / preset
    texts = {FILE_NAME: _renamed(source / FILE_NAME, preset, name)}
    if (source / PROBES_NAME).is_file():
        texts[PROBES_NAME] = (
            (source / PROBES_NAME).read_text(encoding="utf-8").replace(f"policies/{preset}", str(folder))
        )
    for file in texts:
        if (folder / file).exists() or (folder / file).is_symlink():
            raise _one("there is such a file already", "Choose another folder with --to, or remove it.", folder / file)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            with (folder / file).open("x", encoding="utf-8", newline="\n") as opened:
                opened.write(text)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _one(f"cannot write: {reason}", "Check the folder and its permissions.", folder) from None
    return tuple(folder / file for file in texts)


def _renamed(file: Path, preset: str, name: str) -> str:
    """The preset's text with another ``name:`` and a line that says where it is from. Comments and layout stay."""
    _, lines = load_mapping(file)
    rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
    rows[lines["name",] - 1] = f"name: {name}\n"
    return f"# Made from the preset `{preset}` of the gateway.\n#\n" + "".join(rows)


def _one(message: str, instead: str, file: Path | None = None) -> ConfigError:
    return ConfigError((Problem(message, instead, file),))
