"""Opaque text: what nobody can read is said, what developers paste every day is not."""

import base64
import hashlib
import random
import uuid

import pytest

from gateway.inspection.all_views import all_views
from gateway.inspection.opaque import is_random

_RANDOM = random.Random(20)


def _bytes(count: int) -> bytes:
    return _RANDOM.randbytes(count)


def _reasons(text: str) -> list[str]:
    return all_views(text)[1]


ORDINARY = {
    "MD5": hashlib.md5(b"x").hexdigest(),
    "SHA-1": hashlib.sha1(b"x").hexdigest(),
    "SHA-256": hashlib.sha256(b"x").hexdigest(),
    "integrity": "sha512-" + base64.b64encode(hashlib.sha512(b"x").digest()).decode(),
    "UUID": str(uuid.UUID(bytes=hashlib.md5(b"x").digest())),
    "commit": "https://github.com/a/b/commit/3f786850e387550fdab836ed7e6dc881de23001b",
    "camel case": "ConcurrentModificationExceptionHandlerFactoryBean2",
    "snake case": "test_a_further_turn_reads_only_what_is_new_20",
    "path": "/usr/local/lib/python3.11/site-packages/numpy/core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so",
    "URL": "https://www.example.com/news/2023/11/05/the-title-of-an-article-12345?utm_source=newsletter&utm_medium=email",
    "minified": "!function(e,t){return e.a=t.b||{},t.push(function(n,r){for(var i=0;i<n.length;)r(n[i])}),e}(window);",
    "CSS": ".a{margin:0;padding:0}.b:hover{color:#ff00aa;background:url(/img/x.png)no-repeat}",
    "LaTeX": r"\frac{\partial^2u}{\partial{x}^2}+\sum_{i=0}^{n-1}\alpha_i\cdot{x_i}^{2}=\mathcal{O}(n^2)",
    "regex": r"^(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,63}(?::\d{1,5})?(?:/[^\s]*)?$",
    "table rule": "|---|:---:|---:|--------------------------|",
    "rule": "------------------------------------------------------------",
    "dots": "- . - . - and ... --- ...",
    "DNA": "ATGGCCATTGTAATGGGCCGCTGAAAGGGTGCCCGATAG",
    "number": "3.14159265358979323846264338327950288",
    "greek": "the α-helix and the β-sheet, Δ = b² − 4ac, 5 μm, λx.x",
}


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY.keys())
def test_ordinary_text_is_readable(text: str) -> None:
    """Benign control: hashes, identifiers, paths, code, formulas and rules leave coverage complete."""
    assert _reasons(text) == []
    assert _reasons(f"What does this mean? {text} Thanks!") == []


@pytest.mark.parametrize(
    ("make", "share"),
    [
        (lambda: base64.b64encode(_bytes(30)).decode(), 0.97),
        (lambda: base64.urlsafe_b64encode(_bytes(48)).decode(), 0.97),
        (lambda: base64.b64encode(_bytes(18)).decode(), 0.9),
        (lambda: base64.b85encode(_bytes(60)).decode(), 0.85),
        (lambda: _bytes(70).hex(), 1.0),
        (lambda: "H4sI" + base64.b64encode(_bytes(24)).decode(), 1.0),
    ],
    ids=["base64", "URL-safe base64", "short base64", "base85", "long hexadecimal", "gzip"],
)
def test_random_text_is_said(make: object, share: float) -> None:
    """Evasion C2: of ciphertext and compressed data nearly all is recognised; the shares are the known limits."""
    assert callable(make)
    seen = sum("opaque:entropy" in _reasons(f"look at {make()} please") for _ in range(100))
    assert seen >= 100 * share


def test_a_hidden_text_behind_a_hash_prefix_is_still_read() -> None:
    """A prefix that excuses a hash excuses no text: what decodes is read before entropy is asked."""
    hidden = "sha256-" + base64.b64encode(b"the card is 4111111111111111 yes").decode()
    assert any("4111111111111111" in view.text for view in all_views(hidden)[0])


def test_text_behind_a_long_prefix_is_read_and_the_rest_is_said() -> None:
    """Evasion C1: base64 that starts anywhere; the bytes before it are not excused."""
    hidden = "kJ9x2LqW7vTz4RmB8cYp3NdFqX" + base64.b64encode(b"card 4111111111111111 yes").decode()
    views, reasons = all_views(hidden)
    assert any("4111111111111111" in view.text for view in views)
    assert "opaque:entropy" in reasons


def test_a_word_is_judged_by_its_parts() -> None:
    """A random key in a query string is random, whatever readable words surround it."""
    assert is_random("client_secret=kJ9x2LqW7vTz4RmB8cYp3NdF")
    assert not is_random("client_secret=the_name_of_the_secret_here")


@pytest.mark.parametrize("text", ["What does 你好 mean?", "Say спасибо!", "naïve café, Łódź, Ørsted, Škoda, İstanbul"])
def test_a_few_foreign_letters_are_no_foreign_text(text: str) -> None:
    """Benign control: a word of another script, and every letter of Latin ones."""
    assert _reasons(text) == []


@pytest.mark.parametrize(
    "text",
    ["Мария Иванова болеет", "王小明患有糖尿病", "محمد علي مريض جدا", "Ο Γιώργος είναι άρρωστος", "김철수는 아프다"],
)
def test_other_scripts_are_said(text: str) -> None:
    """Reported problem 52: names of scripts that the name detector cannot read make coverage incomplete."""
    assert _reasons(text) == ["script:names"]
