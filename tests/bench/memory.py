"""How much memory a gateway takes, in a process that did nothing else: after its start, and after many segments.

Linux alone: resident memory is read from /proc. Run by the benchmark; prints one JSON object.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from gateway.egress.openai import OpenAIFormat
from gateway.ingress import openai_chat
from gateway.ingress.limits import IngressLimits
from gateway.inspection.reading_pool import ReadingPool
from gateway.model import Caller
from gateway.wiring import Gateway
from tests.bench.measure import Table
from tests.bench.proxied import asking, gateway_for, text

START_S = 2.0
"""About what a process needs before it reads its first segment."""


def resident_mb(process: int | str = "self") -> float:
    """Resident memory of this process, or of another, in megabytes."""
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


async def _measure(segments: int, seconds: float, *, ner: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        gateway = gateway_for(Path(folder), "http://127.0.0.1:9/v1", ner=ner)
        try:
            await gateway.start()
            started, names = resident_mb(), _names_mb(gateway)
            done, format_, stop = 0, OpenAIFormat(), time.perf_counter() + seconds
            while done < segments and time.perf_counter() < stop:
                inbound = openai_chat.parse(
                    asking(f"Tobias {text(done, 33)}"), Caller("bench"), "req_bench", IngressLimits()
                )
                await gateway.scanner.scan(format_.draft(inbound, gateway.backends[0], "bench"))
                done += 1
            after = {"after": resident_mb(), "names after": _names_mb(gateway)}
            return {"started": started, "names started": names, "segments": done, **after}
        finally:
            await gateway.close()


def _names_mb(gateway: Gateway) -> float:
    """Of the largest process that reads names; 0 where there is none."""
    pool = gateway.scanner.names
    return max(map(resident_mb, pool.process_ids), default=0.0) if isinstance(pool, ReadingPool) else 0.0


async def measured(segments: int, seconds: float) -> Table:
    """A fresh process for patterns only, then one with NER, in that time together. Empty on anything but Linux."""
    table = Table(
        "Resident memory",
        (
            "inspection",
            "after start MB",
            "names process MB",
            "distinct segments",
            "after them MB",
            "names process then MB",
        ),
        "Segments of 40 characters, a name in each, each in a request of its own; fewer where time ran out.",
    )
    stop = time.perf_counter() + seconds
    for name, ner, share in (("patterns only", False, 0.3), ("patterns and NER", True, 1.0)):
        if sys.platform != "linux":
            break
        left = max(0.1, (stop - time.perf_counter()) * share - START_S)
        arguments = ("-m", "tests.bench.memory", str(segments), str(left), str(int(ner)))
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        found = json.loads(output)
        said = (found["started"], found["names started"], int(found["segments"]), found["after"], found["names after"])
        table.rows.append((name, *said))
    return table


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(int(sys.argv[1]), float(sys.argv[2]), ner=sys.argv[3] == "1"))))
