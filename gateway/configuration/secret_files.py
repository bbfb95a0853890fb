"""Secrets that stand in files: read once, bounded, and complained about when others may read or write them."""

import os
import stat
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from gateway.errors import Problem

MAX_BYTES: Final = 64 * 1024


def read_secret(path: Path) -> tuple[SecretStr | None, Problem | None]:
    """The secret in a file, without the white space around it, or what is wrong with the file. Never both.

    A file that everybody may write is refused: anybody could put in a secret of their own.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return None, Problem(f"cannot read the secret: {reason}", "Check the path and its permissions.", path)
    if mode & stat.S_IWOTH:
        return None, Problem("every user of this machine may write this secret", "Run: chmod 600 on the file.", path)
    if len(content) > MAX_BYTES:
        return None, Problem("this is too large for a secret", "Name the file that holds the secret alone.", path)
    try:
        secret = content.decode().strip()
    except UnicodeDecodeError:
        return None, Problem("the secret is not text", "Use base64 or hexadecimal digits.", path)
    if not secret:
        return None, Problem("the secret is empty", "Put the secret into the file.", path)
    return SecretStr(secret), None


def readable_by_others(path: Path) -> bool:
    """May every user of this machine read the file? Worth a warning, no error: orchestrators mount secrets so."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
