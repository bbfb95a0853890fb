"""One scanner with the default policy for the whole folder."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.inspected import Inspected

sys.path.append(str(Path(__file__).parents[1] / "leak"))  # its decoder and its disguises are used here, too


@pytest.fixture(scope="session")
def inspected() -> Iterator[Inspected]:
    """Without the names model: what patterns alone keep inside, more detectors keep inside, too."""
    with Inspected() as made:
        yield made
