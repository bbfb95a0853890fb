"""A model server that costs almost nothing, in a process of its own so that its work is not counted as ours.

Answers every POST with one fixed completion, or with a stream of 100 chunks where the body asks for a stream. Prints
its port, and ends when its standard input does.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import orjson

CHUNKS: Final = 100
_HEAD: Final = {"id": "chatcmpl-bench", "created": 1_760_000_000, "model": "bench"}
_USAGE: Final = {"prompt_tokens": 10, "completion_tokens": 100, "total_tokens": 110}
_TEXT: Final = "A hundred words of an answer that nobody reads. " * 12


def _whole() -> bytes:
    message = {"role": "assistant", "content": _TEXT}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    body = orjson.dumps({**_HEAD, "object": "chat.completion", "choices": choices, "usage": _USAGE})
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def _events() -> list[bytes]:
    """The stream, one piece per event, in chunked framing."""
    head = {**_HEAD, "object": "chat.completion.chunk"}
    payloads = [
        {**head, "choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]}
        for _ in range(CHUNKS - 2)
    ]
    payloads.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    payloads.append({**head, "choices": [], "usage": _USAGE})
    frames = [b"data: %b\n\n" % orjson.dumps(payload) for payload in payloads] + [b"data: [DONE]\n\n"]
    start = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return [start, *(b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames), b"0\r\n\r\n"]


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    whole, events = _whole(), _events()
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
            body = await reader.readexactly(length)
            if b'"stream":true' in body:
                for event in events:
                    writer.write(event)
                    await writer.drain()
                    await asyncio.sleep(0)  # each event a write of its own, as tokens come
            else:
                writer.write(whole)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _serve() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def upstream() -> Iterator[str]:
    """Run it as a process. Gives the base URL of its OpenAI side."""
    command = [sys.executable, "-m", "tests.bench.upstream"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve())
