"""The prompts of ``gateway demo``: a handful that tell. All people, numbers and keys in them are made up."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Zone = Literal["external", "local", "refused"]

CARD: Final = "4111 1111 1111 1111"
PATIENT: Final = "Margaret Hollis"
PASSWORD: Final = "Vq7-mulberry-Trace-41"  # noqa: S105  made up: it is what the demo must not let out
CONTRACT: Final = "Projekt Bernstein: Kaufpreis 41.5 Mio"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, and what it must not take outside. ``secrets`` are searched in every byte the external side got."""

    title: str
    body: Mapping[str, Any] = field(repr=False)
    zone: Zone
    secrets: tuple[str, ...] = field(default=(), repr=False)
    stream: bool = False


def _user(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


def _pdf(text: str) -> str:
    """A one-page PDF with this text, as a data URI."""
    page = (
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<<>>>>endobj\n"
        f"4 0 obj<</Length {len(text) + 20}>>stream\nBT 10 50 Td ({text}) Tj ET\nendstream endobj\n"
        "trailer<</Root 1 0 R>>\n%%EOF\n"
    )
    return "data:application/pdf;base64," + base64.b64encode(page.encode()).decode()


_ENCODED_CARD: Final = base64.b64encode(f"card {CARD}".encode()).decode()
_TOOLS: Final = [
    {
        "type": "function",
        "function": {
            "name": "run_query",
            "description": "Run SQL on a database",
            "parameters": {"type": "object", "properties": {"dsn": {"type": "string"}, "sql": {"type": "string"}}},
        },
    }
]
_HISTORY: Final = {
    "tools": _TOOLS,
    "messages": [
        {"role": "user", "content": "How many orders came in today?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {
                        "name": "run_query",
                        "arguments": f'{{"dsn": "postgresql://shop:{PASSWORD}@db.shop.internal/orders", '
                        '"sql": "select count(*)"}',
                    },
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "[[412]]"},
        {"role": "user", "content": "Thanks. Say it as a sentence."},
    ],
}

ASKS: Final = (
    Ask("A general question", _user("Why is the sky blue? Answer in one sentence."), "external"),
    Ask("A public figure", _user("What did Albert Einstein get the Nobel Prize for?"), "external"),
    Ask(
        "A card number",
        _user(f"My card {CARD} was charged twice. Draft a note to my bank."),
        "local",
        (CARD, "4111111111111111"),
    ),
    Ask(
        "A clinical note with a name",
        _user(
            f"Summarise for the referral: {PATIENT}, 58, seen on 3 March with chest pain, known type 2 diabetes, "
            "started on metformin, troponin negative."
        ),
        "local",
        (PATIENT, "Hollis"),
    ),
    Ask("A card number in base64", _user(f"What does this say? {_ENCODED_CARD}"), "local", (_ENCODED_CARD, CARD)),
    Ask("A credential in a tool call of the history", _HISTORY, "local", (PASSWORD,)),
    Ask(
        "A PDF part",
        _user(
            [
                {"type": "text", "text": "Summarise the attachment."},
                {"type": "file", "file": {"filename": "notes.pdf", "file_data": _pdf(CONTRACT)}},
            ]
        ),
        "local",
        (_pdf(CONTRACT)[28:], CONTRACT),
    ),
    Ask("A streamed answer", _user("Write a short poem about rivers."), "external", stream=True),
    Ask(
        "A private matter, streamed",
        _user(f"Write to my colleague that {PATIENT} was diagnosed with breast cancer and will be on sick leave."),
        "local",
        (PATIENT, "Hollis"),
        stream=True,
    ),
    Ask(
        "A private key",
        _user(
            "Is this key all right?\n-----BEGIN RSA PRIVATE KEY-----\n"
            + "\n".join(
                "MIIEowIBAAKCAQEA" + "madeupmadeupmadeupmadeupmadeupmadeupmadeupmade"[i:] + "madeup"[:i]
                for i in range(4)
            )
            + "\n-----END RSA PRIVATE KEY-----"
        ),
        "refused",
        ("BEGIN RSA PRIVATE KEY", "MIIEowIBAAKCAQEA"),
    ),
)
