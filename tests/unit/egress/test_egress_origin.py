"""Where a backend is: a narrow grammar, read alike by both URL libraries on the way."""

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.egress.origin import Origin, parsed


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        ("https://api.openai.com/v1", Origin("https", "api.openai.com", 443)),
        ("http://127.0.0.1:8000/v1/", Origin("http", "127.0.0.1", 8000)),
        ("http://[::1]:8000", Origin("http", "::1", 8000)),
        ("https://openrouter.example/api/v1beta/openai", Origin("https", "openrouter.example", 443)),
        ("http://GPU_1.lan:80", Origin("http", "gpu_1.lan", 80)),
        ("unix:///run/vllm.sock", Origin("unix", "", 0, "/run/vllm.sock")),
        ("unix:///run/vllm.sock/v1", Origin("unix", "", 0, "/run/vllm.sock")),
        ("unix:///run/llama:/v1", Origin("unix", "", 0, "/run/llama")),
        ("unix:///run/llama", Origin("unix", "", 0, "/run/llama")),
    ],
)
def test_a_base_url_names_an_origin(base_url: str, origin: Origin) -> None:
    """Hosts, ports, IPv6 literals and unix sockets, with and without a base path."""
    assert Origin.of(base_url) == origin


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.openai.com/v1",
        "ftp://host/",
        "https://user:pass@host/v1",
        "https://user@host/v1",
        "https://host/v1?key=1",
        "https://host/v1#part",
        "https://host\\@evil.example/",
        "https://host:0/",
        "https://host:65536/",
        "https://host:8 0/",
        "https://ho st/",
        "https://host/../admin",
        "https://héllo.example/",
        "https://host/\r\nx: y",
        "https:///v1",
        "unix://relative.sock",
        "unix:///run/../etc/x.sock",
        "unix:///run/x.sock?x",
    ],
)
def test_anything_else_is_refused_with_a_fixed_message(base_url: str) -> None:
    """User names, queries, control characters and odd hosts are where URL parsers disagree: evasion F4, R7."""
    with pytest.raises(ValueError, match=r"^base_url must be http"):
        Origin.of(base_url)


@pytest.mark.parametrize(
    ("base_url", "dialled"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
        ("http://[::1]:8000", "http://[::1]:8000/chat/completions"),
        ("unix:///run/vllm.sock/v1", "http://localhost/v1/chat/completions"),
        ("unix:///run/llama:/v1", "http://localhost/v1/chat/completions"),
    ],
)
def test_the_target_is_what_the_base_url_says(base_url: str, dialled: str) -> None:
    """The path of a unix URL starts where its socket ends; the socket itself is dialled by the connector."""
    origin = Origin.of(base_url)
    url = parsed(base_url + "/chat/completions")
    assert origin.owns(url)
    assert str(origin.target(str(url))) == dialled


@pytest.mark.parametrize(
    ("base_url", "other"),
    [
        ("https://api.openai.com/v1", "http://api.openai.com/v1/x"),
        ("https://api.openai.com/v1", "https://api.openai.com:444/v1/x"),
        ("https://api.openai.com/v1", "https://api.openai.com.evil.example/v1/x"),
        ("https://api.openai.com/v1", "https://me@api.openai.com/v1/x"),
        ("http://127.0.0.1:8000", "http://127.0.0.2:8000/x"),
        ("http://127.0.0.1:8000", "unix:///run/x.sock/x"),
        ("unix:///run/x.sock", "http://localhost/x"),
        ("unix:///run/x.sock", "unix:///run/x.sock2/x"),
        ("unix:///run/x.sock", "unix:///run/y.sock/x"),
    ],
)
def test_another_origin_is_neither_owned_nor_dialled(base_url: str, other: str) -> None:
    """Scheme, host, port, user and socket all count."""
    origin = Origin.of(base_url)
    assert not origin.owns(httpx2.URL(other))
    with pytest.raises(ValueError, match="lies at another"):
        origin.target(other)


@given(
    scheme=st.sampled_from(["http", "https"]),
    host=st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?(\.[A-Za-z0-9]{1,5}){0,2}", fullmatch=True)
    | st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map(lambda ip: f"[{ip}]"),
    port=st.none() | st.integers(1, 65535),
    path=st.from_regex(r"(/[A-Za-z0-9._~-]{1,5}){0,3}", fullmatch=True),
)
def test_both_url_libraries_read_alike_what_the_grammar_admits(
    scheme: str, host: str, port: int | None, path: str
) -> None:
    """No parser differential between the check and the dial: whatever is admitted is owned and has a target."""
    base_url = f"{scheme}://{host}{'' if port is None else f':{port}'}{path}"
    try:
        origin = Origin.of(base_url)
    except ValueError:
        return
    try:
        url = httpx2.URL(base_url + "/x")
        target = origin.target(str(url))
    except (httpx2.InvalidURL, ValueError):
        return  # refused by one of them: nothing is sent
    assert origin.owns(url)
    assert (target.scheme, target.host, target.port) == (origin.scheme, origin.host, origin.port)
    assert url.netloc.decode() == origin.netloc
