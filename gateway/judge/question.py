"""The request that asks about one text: an OpenAI chat completions body, whatever the backend speaks.

The text may be from somebody who wants it to leave. So it stands quoted between two lines with a mark that is drawn
for this question; the question stands before it and again behind it; characters with which chat templates are written
are parted, so that no text can end its own message; and whatever the model answers, only two words count.
"""

import hashlib
import re
import secrets
from enum import Enum
from typing import Any, Final

import orjson

from gateway.judge.prompt import Prompt
from gateway.judge.verdicts import Ruling, Verdict

NONE: Final = "none"
"""The reason code of a general text, where a schema demands one."""
_TEMPLATE: Final = re.compile(r"<(?=[|/A-Za-z_\uff5c])|\[(?=/?[A-Z_]{3,}\])")
"""What begins a control word of a chat template: ``<|im_end|>``, ``</s>``, ``<start_of_turn>``, ``[INST]``."""
_JSON_TOKENS: Final = 48
_PLAIN_TOKENS: Final = 8


class Form(Enum):
    """How much is asked of the server besides an answer. What one refuses, the next does without."""

    SCHEMA = "schema"
    LOGPROBS = "logprobs"
    BARE = "bare"


def question(prompt: Prompt, text: str, form: Form, *, mark: str | None = None) -> dict[str, Any]:
    """The body that asks about ``text``. ``mark``: for tests; otherwise drawn, and never one that the text holds."""
    quoted = unruly(text)
    while mark is None or mark in quoted:
        mark = secrets.token_hex(8)
    messages = [{"role": "system", "content": _system(prompt)}]
    for number, example in enumerate(prompt.examples):
        # Marks of examples do not change, so that servers can keep what they computed for the beginning.
        fixed = hashlib.sha256(f"{prompt.version} {number}".encode()).hexdigest()[:16]
        messages.append({"role": "user", "content": _ask(prompt, unruly(example.text), form, fixed)})
        messages.append({"role": "assistant", "content": _answer(example.verdict, form)})
    messages.append({"role": "user", "content": _ask(prompt, quoted, form, mark)})
    return {"messages": messages, "temperature": 0, **_limits(prompt, form)}


def unruly(text: str) -> str:
    """``text`` with a space in what a chat template could take for its own words."""
    return _TEMPLATE.sub(lambda found: f"{found[0]} ", text)


def _system(prompt: Prompt) -> str:
    codes = "\n".join(f"{code}: {meaning}" for code, meaning in prompt.reasons)
    return f"{prompt.system}\n\nReason codes:\n{codes}"


def _ask(prompt: Prompt, quoted: str, form: Form, mark: str) -> str:
    how = prompt.json_answer if form is Form.SCHEMA else prompt.plain_answer
    before = prompt.before.replace("{mark}", mark)
    return f"{before}\n\n[{mark}]\n{quoted}\n[{mark}]\n\n{prompt.after} {how}"


def _answer(verdict: Verdict, form: Form) -> str:
    if form is Form.SCHEMA:
        return orjson.dumps({"verdict": verdict.ruling, "reason": verdict.reason or NONE}).decode()
    return f"{verdict.ruling} {verdict.reason}".strip()


def _limits(prompt: Prompt, form: Form) -> dict[str, Any]:
    if form is not Form.SCHEMA:
        asked = {"logprobs": True, "top_logprobs": 5} if form is Form.LOGPROBS else {}
        return {"max_tokens": _PLAIN_TOKENS, **asked}
    schema = {
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": [str(one) for one in Ruling]},
            "reason": {"type": "string", "enum": [*(code for code, _ in prompt.reasons), NONE]},
        },
        "required": ["verdict", "reason"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": schema}}
    return {"max_tokens": _JSON_TOKENS, "response_format": wanted}
