"""Keys of exact lists: 32 bytes in a file of their own, or made from the secret of the client keys."""

import base64
import binascii
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from gateway.configuration.secret_files import read_secret
from gateway.errors import ConfigError, Problem

_BYTES: Final = 32
_DERIVED: Final = b"hybrid-llm-gateway: digests of exact lists, version 1"


def key_from_file(path: Path) -> bytes:
    """The key in a file. Raises ConfigError where it cannot be read or is no such key."""
    said, problem = read_secret(path)
    if said is None:
        raise ConfigError((problem,) if problem else ())
    try:
        key = base64.urlsafe_b64decode(said.get_secret_value() + "=")
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _BYTES:
        remedy = "Name the file that `gateway terms build --key-file` made."
        raise ConfigError((Problem("this is no key of an exact list", remedy, path),))
    return key


def make_key_file(path: Path) -> bytes:
    """Make a key and its file, which its owner alone may read. Raises ConfigError where it cannot be written."""
    key = secrets.token_bytes(_BYTES)
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w", encoding="ascii") as file:
            file.write(base64.urlsafe_b64encode(key).decode().rstrip("=") + "\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError((Problem(f"cannot make the key: {reason}", "Check the folder.", path),)) from None
    return key


def key_from_secret(secret: bytes) -> bytes:
    """The key that belongs to a secret of client keys: another secret, another key."""
    return hmac.digest(secret, _DERIVED, "sha256")
