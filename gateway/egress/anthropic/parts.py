"""Content parts of Chat Completions as content blocks of Messages.

Law: every part becomes a block that says the same, or the request is Untranslatable; nothing is left out in silence.
Left out on purpose: empty text, which the Messages API refuses and which says nothing, and an image's ``detail``, a
hint about cost that has no counterpart.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.errors import Untranslatable
from gateway.model import Json, JsonObject

Block = dict[str, Any]

_DATA_URI = re.compile(r"data:(?P<media>[\w.+-]+/[\w.+-]+)(?:;[\w-]+=[\w.-]+)*;base64,", re.ASCII | re.IGNORECASE)
_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_PDF_START = "JVBERi"
"""The base64 of ``%PDF``: clients also send a PDF without the ``data:`` prefix."""


def only(given: JsonObject, known: Iterable[str], path: str) -> None:
    """Raise Untranslatable if ``given`` has a field outside ``known``; null counts as absent.

    The unknown name itself is the client's text, so the error writes ``*`` for it.
    """
    allowed = frozenset(known)
    if any(name not in allowed and value is not None for name, value in given.items()):
        raise Untranslatable(f"{path}.*", f"{path} has a field that the Messages API has no counterpart for.")


def wrong(path: str, expected: str) -> Untranslatable:
    """The error for a value of the wrong type or form. Names the place and what belongs there, never the value."""
    return Untranslatable(path, f"{path} must be {expected} to be sent in the Anthropic format.")


def text_block(text: str, cache: JsonObject | None = None) -> Block:
    """One text block; ``cache`` is a checked ``cache_control``."""
    block: Block = {"type": "text", "text": text}
    if cache is not None:
        block["cache_control"] = dict(cache)
    return block


def cache_control(given: JsonObject, path: str) -> JsonObject | None:
    """The cache marker of a part, a message or a tool: Anthropic's own, or OpenAI's ``prompt_cache_breakpoint``."""
    if (marker := given.get("cache_control")) is not None:
        if not isinstance(marker, Mapping) or marker.get("type") != "ephemeral":
            raise wrong(f"{path}.cache_control", 'an object of type "ephemeral"')
        only(marker, ("type", "ttl"), f"{path}.cache_control")
        if marker.get("ttl") not in {None, "5m", "1h"}:
            raise wrong(f"{path}.cache_control.ttl", '"5m" or "1h"')
        return {name: value for name, value in marker.items() if value is not None}
    # Lifetimes differ between the vendors (30 minutes and 12 hours against 5 minutes and 1 hour): the default is used.
    return {"type": "ephemeral"} if given.get("prompt_cache_breakpoint") is not None else None


def text_blocks(content: Json, path: str) -> list[Block]:
    """A string or a list of text parts as text blocks; empty ones are left out."""
    blocks: list[Block] = []
    for part, at in _parts(content, path):
        if part.get("type") != "text":
            raise wrong(f"{at}.type", '"text"')
        blocks += _text(part, at)
    return blocks


def user_blocks(content: Json, path: str) -> list[Block]:
    """The content of a user message: text, images and documents."""
    blocks: list[Block] = []
    for part, at in _parts(content, path):
        blocks += _user_block(part, at)
    return blocks


def result_content(content: Json, path: str) -> str | list[Block]:
    """The content of a tool message: a string stays one, parts become blocks. Empty content is an empty list."""
    if isinstance(content, str):
        return content or []
    return user_blocks(content, path)


def assistant_blocks(content: Json, path: str) -> list[Block]:
    """The content of an assistant message in history: text, and refusals as the text that they were."""
    blocks: list[Block] = []
    for part, at in _parts(content, path):
        if part.get("type") == "refusal":
            only(part, ("type", "refusal"), at)
            blocks += _text({"text": part.get("refusal")}, at)
        elif part.get("type") == "text":
            blocks += _text(part, at)
        else:
            raise wrong(f"{at}.type", '"text" or "refusal"')
    return blocks


def _parts(content: Json, path: str) -> list[tuple[JsonObject, str]]:
    """Every part with its path. A string is one text part; null is none."""
    if content is None:
        return []
    if isinstance(content, str):
        return [({"type": "text", "text": content}, path)]
    if not isinstance(content, list):
        raise wrong(path, "a string or a list of parts")
    parts = [(part, f"{path}.{number}") for number, part in enumerate(content)]
    for part, at in parts:
        if not isinstance(part, Mapping):
            raise wrong(at, "an object")
    return parts


def _text(part: JsonObject, at: str) -> list[Block]:
    only(part, ("type", "text", "cache_control", "prompt_cache_breakpoint"), at)
    text = part.get("text")
    if not isinstance(text, str):
        raise wrong(f"{at}.text", "a string")
    # The API answers 400 to a block without a visible character.
    return [text_block(text, cache_control(part, at))] if text.strip() else []


def _user_block(part: JsonObject, at: str) -> list[Block]:
    match part.get("type"):
        case "text":
            return _text(part, at)
        case "image_url":
            return [_marked(_image(part, at), part, at)]
        case "file":
            return [_marked(_file(part, at), part, at)]
        case "input_audio":
            raise Untranslatable(f"{at}.input_audio", "The Messages API takes no audio.")
        case _:
            raise Untranslatable(f"{at}.type", f"{at} is of a type that the Messages API has no counterpart for.")


def _marked(block: Block, part: JsonObject, at: str) -> Block:
    cache = cache_control(part, at)
    return block if cache is None else block | {"cache_control": cache}


def _image(part: JsonObject, at: str) -> Block:
    only(part, ("type", "image_url", "cache_control", "prompt_cache_breakpoint"), at)
    image = part.get("image_url")
    if not isinstance(image, Mapping) or not isinstance(url := image.get("url"), str):
        raise wrong(f"{at}.image_url", "an object with a url")
    only(image, ("url", "detail"), f"{at}.image_url")
    if url[:8].lower().startswith(("https://", "http://")):
        return {"type": "image", "source": {"type": "url", "url": url}}
    media, data = _data_uri(url, f"{at}.image_url.url")
    if media not in _IMAGES:
        raise wrong(f"{at}.image_url.url", "a JPEG, PNG, GIF or WebP image")
    return {"type": "image", "source": {"type": "base64", "media_type": media, "data": data}}


def _file(part: JsonObject, at: str) -> Block:
    only(part, ("type", "file", "cache_control", "prompt_cache_breakpoint"), at)
    file = part.get("file")
    if not isinstance(file, Mapping):
        raise wrong(f"{at}.file", "an object")
    only(file, ("file_data", "filename", "file_id"), f"{at}.file")
    if file.get("file_id") is not None:
        raise Untranslatable(f"{at}.file.file_id", "A file stored at another vendor cannot be read by this one.")
    data, name = file.get("file_data"), file.get("filename")
    if not isinstance(data, str):
        raise wrong(f"{at}.file.file_data", "a data URI")
    block: Block = {"type": "document", "source": _document(data, f"{at}.file.file_data")}
    if isinstance(name, str) and name.strip():
        block["title"] = name
    elif name is not None and name != "":
        raise wrong(f"{at}.file.filename", "a string")
    return block


def _document(data: str, at: str) -> Block:
    media, encoded = ("application/pdf", data) if data.startswith(_PDF_START) else _data_uri(data, at)
    if media == "application/pdf":
        return {"type": "base64", "media_type": media, "data": encoded}
    if media not in {"text/plain", "text/markdown", "text/csv"}:
        raise wrong(at, "a PDF or plain text")
    # Decoded here, so that inspection reads the text itself.
    if (text := _decoded(encoded)) is None:
        raise wrong(at, "UTF-8 text in base64")
    return {"type": "text", "media_type": "text/plain", "data": text}


def _decoded(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return None


def _data_uri(uri: str, at: str) -> tuple[str, str]:
    """Media type and base64 data. The data itself is judged by the vendor, and by inspection before that."""
    found = _DATA_URI.match(uri)
    if found is None:
        raise wrong(at, "a base64 data URI or an http(s) URL")
    return found["media"].lower(), uri[found.end() :]
