"""``python -m tests.fuzz.inspection --seconds 60 --seed 7``: look for texts that break a promise of inspection.

What is found is made small and written to tests/fuzz/found, where a test reads it from then on. ``--data DIR`` adds the
texts of JSON lines to the corpus. With ``--atheris``, where that package is installed, coverage guides the search.
"""

import argparse
import sys
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[2]))

from fuzz.fuzz_checks import CHECKS, MOST
from fuzz.fuzz_mutations import corpus
from fuzz.fuzz_run import Found, search
from support.inspected import Inspected


def main() -> int:
    """1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.inspection")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--atheris", action="store_true")
    given = parser.parse_args()
    texts = corpus(given.data)
    count = tried = 0
    with Inspected() as inspected:
        if given.atheris:
            _guided(inspected, given.seconds)
        ends = time.monotonic() + given.seconds

        def go_on(so_far: int) -> bool:
            nonlocal tried
            tried = so_far
            return time.monotonic() < ends

        for found in search(inspected, texts, Random(given.seed), go_on):
            count += 1
            print(f"{found.check}: {found.says}: {found.write().name}")
    print(f"{tried} texts of a corpus of {len(texts)}, seed {given.seed}: {count} found")
    return 1 if count else 0


def _guided(inspected: Inspected, seconds: float) -> None:
    """Atheris ends the process by itself."""
    import atheris  # noqa: PLC0415 - optional, and in no lock

    def one(data: bytes) -> None:
        text = data.decode("utf-8", "ignore")[:MOST]
        for name, check in CHECKS.items():
            if says := check(inspected, text):
                Found(name, says, text).write()
                raise AssertionError(f"{name}: {says}")

    atheris.Setup([sys.argv[0], f"-max_total_time={int(seconds)}"], one)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
