"""CPU of one decision with the default policy: ``python tests/bench/decide.py``. Prints, asserts nothing."""

import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from gateway.inspection.detectors.catalogue import load_catalogue  # noqa: E402 - after the path of the tree is known
from gateway.model import Backend, Coverage, Draft, Facts, Finding, Report, WireFormat  # noqa: E402 - likewise
from gateway.policy.decision import decide  # noqa: E402 - likewise
from gateway.policy.loader import load_policy  # noqa: E402 - likewise
from gateway.policy.route import plan  # noqa: E402 - likewise
from gateway.policy.vocabulary import Vocabulary  # noqa: E402 - likewise


def backend(name: str, clearance: str, *, local: bool) -> Backend:
    return Backend(name, WireFormat.OPENAI, f"http://{name}.invalid/v1", {name: name}, clearance, local=local)


def median_us(call: Callable[[], object], runs: int = 2000) -> float:
    spent = []
    for _ in range(runs):
        started = perf_counter()
        call()
        spent.append(perf_counter() - started)
    return statistics.median(spent) * 1e6


def main() -> None:
    catalogue = load_catalogue()
    vocabulary = Vocabulary(catalogue.entity_types, catalogue.groups)
    started = perf_counter()
    policy = load_policy(ROOT / "policies" / "default", vocabulary)
    print(f"load the default policy ({len(policy.classify)} classify rules): {(perf_counter() - started) * 1e3:.1f} ms")
    gpt, llama = backend("gpt", "internal", local=False), backend("llama", "restricted", local=True)
    draft = Draft(llama, "http://llama.invalid/v1", (), b"{}", "llama", stream=False)
    facts = Facts("key", "auto", False, 200, False, False, False, False, False)
    kinds = sorted(vocabulary.entity_types)
    for count in (0, 1, 5, 50, 500, 5000):
        found = [
            Finding(kinds[n % len(kinds)], 0.8, "messages[0].content", "user", n, n + 4, "bench") for n in range(count)
        ]
        report = Report(draft.digest, tuple(found), Coverage())
        print(f"decide, {count:>4} findings: {median_us(lambda: decide(policy, draft, report, facts)):8.1f} µs")  # noqa: B023 - called at once
    print(f"plan the route:         {median_us(lambda: plan(policy, facts, (gpt, llama))):8.1f} µs")


if __name__ == "__main__":
    main()
