"""Content parts become content blocks that say the same, or the request is refused."""

import base64
from typing import Any

import pytest

from gateway.egress.anthropic.parts import assistant_blocks, result_content, text_blocks, user_blocks
from gateway.errors import Untranslatable

AT = "messages.0.content"
PDF = base64.b64encode(b"%PDF-1.7 minutes").decode()


def image(url: Any, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def file(data: Any = None, **more: Any) -> dict[str, Any]:
    return {"type": "file", "file": {"file_data": data, **more}}


def refused(content: Any) -> Untranslatable:
    with pytest.raises(Untranslatable) as caught:
        user_blocks(content, AT)
    return caught.value


def test_a_string_is_one_text_block() -> None:
    """The short form and the long form say the same."""
    assert user_blocks("hello", AT) == user_blocks([{"type": "text", "text": "hello"}], AT)
    assert user_blocks("hello", AT) == [{"type": "text", "text": "hello"}]


@pytest.mark.parametrize("nothing", [None, "", " \n", [], [{"type": "text", "text": ""}]])
def test_text_that_says_nothing_is_left_out(nothing: Any) -> None:
    """The API answers 400 to a block without a visible character."""
    assert user_blocks(nothing, AT) == []


@pytest.mark.parametrize("media", ["image/png", "image/jpeg", "image/gif", "image/webp"])
def test_an_image_as_data_uri_is_a_base64_source(media: str) -> None:
    """``image_url`` with a data URI becomes ``source.base64`` with the same media type and the same data."""
    (block,) = user_blocks([image(f"data:{media};base64,aGk=", detail="low")], AT)
    assert block == {"type": "image", "source": {"type": "base64", "media_type": media, "data": "aGk="}}


@pytest.mark.parametrize("url", ["https://example.org/a.png", "HTTP://example.org/a.png"])
def test_an_image_url_stays_a_url(url: str) -> None:
    """The provider fetches it; that inspection cannot read it is inspection's finding."""
    (block,) = user_blocks([image(url)], AT)
    assert block["source"] == {"type": "url", "url": url}


@pytest.mark.parametrize(
    "url",
    [
        "data:image/svg+xml;base64,aGk=",
        "data:image/png,raw",
        "file:///etc/passwd",
        "ftp://x/y",
        "",
        7,
        None,
        "data:;base64,aA==",
    ],
)
def test_an_image_of_another_kind_is_refused(url: Any) -> None:
    """Only what the API documents is sent."""
    assert refused([image(url)]).param.startswith("messages.0.content.0.image_url")


def test_a_pdf_is_a_document_with_its_name_as_title() -> None:
    """``file.file_data`` becomes ``document.source.base64``, with or without the ``data:`` prefix."""
    with_prefix = user_blocks([file(f"data:application/pdf;base64,{PDF}", filename="minutes.pdf")], AT)
    bare = user_blocks([file(PDF, filename="minutes.pdf")], AT)
    source = {"type": "base64", "media_type": "application/pdf", "data": PDF}
    assert with_prefix == bare == [{"type": "document", "source": source, "title": "minutes.pdf"}]


def test_a_text_file_is_sent_as_text_so_that_it_can_be_read() -> None:
    """Base64 of a text file is decoded: the draft holds the words that inspection has to see."""
    data = base64.b64encode("Größe: 3".encode()).decode()
    (block,) = user_blocks([file(f"data:text/plain;charset=utf-8;base64,{data}")], AT)
    assert block["source"] == {"type": "text", "media_type": "text/plain", "data": "Größe: 3"}


@pytest.mark.parametrize(
    "part",
    [
        file("data:application/zip;base64,aGk="),
        file("data:text/plain;base64,%%%"),
        file("data:text/plain;base64,/w=="),
        file("no uri at all"),
        file(None),
        file(None, file_id="file-1"),
        file(PDF, filename=3),
        {"type": "file", "file": None},
        {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
        {"type": "video_url", "video_url": {"url": "https://example.org"}},
        {"type": "text", "text": 3},
        {"type": "text"},
        {"type": ["text"]},
        {},
        "a bare string",
        None,
    ],
)
def test_what_has_no_counterpart_is_refused(part: Any) -> None:
    """Audio, stored files, archives, unknown and malformed parts: a visible error instead of a lost part."""
    assert refused([{"type": "text", "text": "look"}, part]).param.startswith("messages.0.content.1")


def test_an_unknown_field_is_refused_without_repeating_its_name() -> None:
    """A field name is the client's text, and errors carry none of it (law 6)."""
    error = refused([{"type": "text", "text": "hi", "4111111111111111": 1}])
    assert error.param == "messages.0.content.0.*"
    assert "4111" not in error.message


def test_a_cache_marker_stays_with_its_part() -> None:
    """Anthropic's ``cache_control`` is carried on text, images and files; OpenAI's breakpoint becomes one."""
    marker = {"type": "ephemeral", "ttl": "1h"}
    parts = [
        {"type": "text", "text": "long", "cache_control": marker},
        image("https://example.org/a.png") | {"cache_control": marker},
        file(PDF) | {"prompt_cache_breakpoint": {"mode": "explicit"}},
    ]
    blocks = user_blocks(parts, AT)
    assert [block["cache_control"] for block in blocks] == [marker, marker, {"type": "ephemeral"}]


@pytest.mark.parametrize(
    "marker", [{"type": "forever"}, {"type": "ephemeral", "ttl": "2d"}, {"type": "ephemeral", "x": 1}, "yes"]
)
def test_a_cache_marker_of_another_form_is_refused(marker: Any) -> None:
    """Nothing unknown is carried, also not inside a marker."""
    assert refused([{"type": "text", "text": "x", "cache_control": marker}]).param.startswith(f"{AT}.0.cache_control")


def test_system_text_takes_no_images() -> None:
    """The API's system prompt is text alone."""
    with pytest.raises(Untranslatable):
        text_blocks([image("https://example.org/a.png")], AT)


def test_a_refusal_in_history_is_the_text_that_it_was() -> None:
    """The model said it, so the history keeps it."""
    assert assistant_blocks([{"type": "refusal", "refusal": "No."}], AT) == [{"type": "text", "text": "No."}]
    with pytest.raises(Untranslatable):
        assistant_blocks([image("https://example.org/a.png")], AT)


def test_a_tool_result_is_a_string_or_blocks() -> None:
    """A string stays one; images that a tool returns are carried."""
    assert result_content("22 °C", AT) == "22 °C"
    assert result_content("", AT) == []
    assert [
        block["type"] for block in result_content([{"type": "text", "text": "a"}, image("https://e.org/x")], AT)
    ] == [
        "text",
        "image",
    ]
