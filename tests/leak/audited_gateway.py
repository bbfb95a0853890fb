"""Runs the gateway's command with every use of the network and of other programs written to a journal.

    python audited_gateway.py JOURNAL serve --config gateway.yaml

The hook is set before anything of the gateway is imported and cannot be removed (PEP 578): what happens while
modules load, at the start and at the stop is seen as well. A line of the journal: event, tab, address or name.
"""

import os
import sys

WATCHED = {
    "socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr", "urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect",
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty",
}  # fmt: skip


def main(journal: str, arguments: list[str]) -> None:
    """Set the hook, then be ``gateway``."""
    out = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(event: str, given: tuple[object, ...]) -> None:
        if event in WATCHED:
            what = given[1] if event.startswith("socket.") and event.count("get") == 0 else given[0]
            os.write(out, f"{event}\t{what!r}\n".encode())

    sys.addaudithook(note)
    sys.argv = ["gateway", *arguments]
    from gateway.cli import main as gateway  # noqa: PLC0415 - after the hook, so that its imports are watched

    gateway()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
