"""Views: every reading of a text leads back to the characters it was made of, and none grows out of bounds."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.all_views import all_views
from gateway.inspection.byte_text import as_text
from gateway.inspection.columns import columns
from gateway.inspection.confusables import to_latin
from gateway.inspection.decode import MAX_DECODED, MAX_RUNS, decoded
from gateway.inspection.escapes import unescaped
from gateway.inspection.normalise import normalise
from gateway.inspection.spoken import spoken
from gateway.inspection.squeeze import squeezed
from gateway.inspection.views import View, ViewBuilder


def _plain(text: str) -> str:
    return normalise(text)[0].text


def _view(text: str) -> View:
    return normalise(text)[0]


def _made(view: View | None) -> list[str]:
    return [] if view is None else [line.strip() for line in view.text.split("\n") if line.strip()]


def test_a_view_of_a_view_leads_back_to_the_text() -> None:
    """Copied stretches keep their offsets, replaced ones stand for the whole of what they replace."""
    inner = ViewBuilder()
    inner.copy("ab", 0)
    inner.put("X", 2, 5)
    inner.copy("cd", 5)
    middle = inner.build("middle", None, prose=True)
    outer = ViewBuilder()
    outer.copy("bXc", 1)
    view = outer.build("outer", middle, prose=True)
    assert (middle.text, view.text) == ("abXcd", "bXc")
    assert view.origin(0, 1) == (1, 2)
    assert view.origin(1, 2) == (2, 5)
    assert view.origin(0, 3) == (1, 6)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("plain ASCII\tstays\n", "plain ASCII\tstays\n"),
        ("ﬁne ²³ ｗｉｄｅ", "fine 23 wide"),
        ("cafe\u0301 nai\u0308ve", "café naïve"),
        ("a\u0336b\u0336 Z\u0351\u036b", "ab Z"),
        ("\u2018it\u2019s\u2019 \u201cit\u201d", "'it's' \"it\""),
        ("\x1b[1;31mred\x1b[0m and \x1b]0;title\x07on", "red and on"),
        ("one\u2028two\u0085three", "one\ntwo\nthree"),
        ("Москва и 東京", "Москва и 東京"),
        ("हिन्दी ไทย עִבְרִית", "हिन्दी ไทย עִבְרִית"),
        ("👩\u200d💻 ok ❤\ufe0f", "👩💻 ok ❤"),
        ("🅙🅐 🅰", "JA A"),
        ("", ""),
    ],
)
def test_a_text_is_read_as_a_person_reads_it(text: str, read: str) -> None:
    """Evasions U1 to U8: one kind of letter, digit, space and quote; vowels of other scripts stay."""
    assert _plain(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "می\u200cخواهم",
        "👩\u200d👩\u200d👧 and 🏳\ufe0f\u200d🌈",
        "\N{WAVING BLACK FLAG}\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "hy\u00adphen\u00adation",
        "½ cup, ⅔ of it",
        "1\ufe0f\u20e3 first",
        "x̄ and 5̅",
        "\x1b[31mred\x1b[0m",
        "\uf8ff Watch",
    ],
)
def test_ordinary_typography_hides_nothing(text: str) -> None:
    """Benign control: joiners in Persian and emoji, flags, soft hyphens, fractions, keycaps, an Apple, ANSI colours."""
    reasons = [reason for reason in all_views(text)[1] if reason.startswith("opaque:")]
    assert reasons == []


@pytest.mark.parametrize(
    ("text", "read", "mixed"),
    [
        ("Jаnе", "Jane", False),
        ("ѕоре and ham", "sope and ham", False),
        ("Пароль", "Пароль", False),
        ("это мой пароль", "это мой пароль", False),
        ("Δx and λy, αβ", "Δx and λy, aB", False),
        ("USB-кабель", "USB-кабель", False),
        ("pаssжord", "passжord", True),
    ],
)
def test_look_alikes_are_folded_where_they_pose_as_latin(text: str, read: str, mixed: bool) -> None:
    """Evasion U3: words of genuine Russian and Greek stay; what still mixes scripts is said."""
    assert to_latin(text) == (read, mixed)


@pytest.mark.parametrize(
    "text",
    [
        "1, 2, 3, 4, 5, 6, 7, 8",
        "in 1990, 1991, 1992 and 1993",
        "2023-01-02 10:11:12.123",
        "2023/11/05 2023/11/06",
        "192.168.100.200 10.20.30.40",
        "1,234,567,890",
        "prices: $1,64 -$1,06 -2,84",
        "sha 3f786850e387550fdab836ed7e6dc881de23001b",
        "id 123e4567-e89b-12d3-a456-426614174000",
        "version 1.2.3",
    ],
)
def test_lists_dates_addresses_and_hashes_are_not_squeezed(text: str) -> None:
    """Benign control: figures that stand beside each other are not one number."""
    assert not any(
        len(line.replace(" ", "")) > 12 and line.replace(" ", "").isdecimal() for line in _made(squeezed(_view(text)))
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("my ssn: 123 45 6789", "my ssn:  123456789"),
        ("MRN04857211x", "MRN 04857211 x"),
        ("IBAN GB29.NWBK.6016.1331.9268.19.", "IBAN  GB29 NWBK 6016 1331 9268 19 ."),
        ("mail jane [at] example [dot] com", "mail  jane@example.com"),
        ("mail jane.roe at example dot co dot uk", "mail  jane.roe@example.co.uk"),
    ],
)
def test_values_taken_apart_are_put_together_with_their_words(text: str, line: str) -> None:
    """Evasions S1 and S5: identifiers, and the words around them that detectors use."""
    assert line in _made(squeezed(_view(text)))


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("two one nine oh nine nine nine nine nine", "219099999"),
        ("double four triple one five six seven", "44111567"),
        ("twenty one thirty four fifty six", "213456"),
        ("four 1 one 1 one 1", "411111"),
        ("drei drei drei vier vier vier", "333444"),
    ],
)
def test_number_words_are_read_as_digits(text: str, digits: str) -> None:
    """Evasion U9: dictated digits, doubles, tens, words and digits mixed."""
    assert _made(spoken(_view(text))) == [digits]


@pytest.mark.parametrize(
    "text", ["one of the two", "one day at a time, and two or three more to go, four at most, five"]
)
def test_prose_with_numbers_is_not_dictation(text: str) -> None:
    """Benign control: number words with other words between them are quantities."""
    assert spoken(_view(text)) is None


def test_a_table_of_figures_has_no_hidden_column() -> None:
    """Benign control: a column of years or of small figures is not one number."""
    assert columns(_view("| year | n |\n| 2019 | 12 |\n| 2020 | 34 |\n| 2021 | 56 |\n| 2022 | 78 |")) is None


@pytest.mark.parametrize(
    "text",
    [
        "getElementsByClassName and internationalization",
        "/usr/lib/python3/dist-packages/pip/__init__.py",
        "CreateHttpHandler(allowAutoRedirect)",
        "4454794511390933",
        "a-long-kebab-case-name-of-a-thing",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "100 200 300",
    ],
)
def test_ordinary_words_decode_to_nothing(text: str) -> None:
    """Benign control: identifiers, paths and numbers are no encodings."""
    assert decoded(_view(text)).view is None


@pytest.mark.parametrize(
    "text", ["100% sure & 50 % off", "a && b || c", "x=10; y=20", r"C:\new\table", "AT&T", "R&D &c"]
)
def test_ordinary_marks_are_no_escapes(text: str) -> None:
    """Benign control: percent signs, ampersands, equal signs and backslashes of ordinary texts."""
    views = unescaped(_view(text))
    assert all(char.isprintable() or char.isspace() for view in views for char in view.text)


def test_short_or_binary_bytes_are_no_text() -> None:
    """Among the long words of any prompt some decode to nearly printable nonsense."""
    assert as_text(b"short") == ""
    assert as_text(b"DTyE\x119\t3xx") == ""
    assert as_text(bytes(range(256))) == ""
    assert as_text("Jürgen Müller".encode()) == "Jürgen Müller"
    assert as_text("王小明住在北京".encode()) == "王小明住在北京"


def test_decoding_has_bounds() -> None:
    """Evasion C1: more encoded runs than anyone pastes make coverage incomplete, and the rest is still read."""
    run = base64.b64encode(b"some words of a text").decode()
    views, reasons = all_views(f"{run} and " * (MAX_RUNS + 5))
    assert "opaque:views" in reasons
    assert len(views) < 10


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=200) | st.text("01234 .,-_%&#;=\\xuABCabc/+|\n", max_size=200))
def test_every_view_leads_back_and_none_explodes(text: str) -> None:
    """Any text: offsets stay inside it, and all views together stay within a multiple of it."""
    views, _ = all_views(text)
    for view in views:
        for start in range(0, len(view.text), 7):
            low, high = view.origin(start, min(start + 5, len(view.text)))
            assert 0 <= low <= high <= len(text)
    assert len(views) <= 4 * 15
    assert sum(len(view.text) for view in views) <= 64 * 200 + 20 * len(text) * 15 + MAX_DECODED


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60))
def test_the_plain_view_maps_each_character_to_where_it_stood(text: str) -> None:
    """Any text: a character that is read as itself is mapped to itself."""
    view = _view(text)
    for at, char in enumerate(view.text):
        low, high = view.origin(at, at + 1)
        assert low < high
        if char.isascii() and char.isalnum() and high - low == 1 and text[low].isascii():
            assert text[low] == char


@settings(max_examples=100, deadline=None)
@given(
    text=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=12, max_size=60), level=st.integers(1, 3)
)
def test_any_text_in_base64_is_read(text: str, level: int) -> None:
    """Evasion C1: whatever was said, encoded up to three times, some view says it or coverage is incomplete."""
    hidden = text
    for _ in range(level):
        hidden = base64.b64encode(hidden.encode()).decode()
    views, reasons = all_views(f"please decode {hidden} now")
    assert reasons or any(text.strip() in view.text for view in views)


def test_a_match_over_the_lines_of_a_view_names_what_the_lines_stand_for() -> None:
    """A line may stand for an earlier place than the line before it; no place is empty or ends before it starts."""
    builder = ViewBuilder()
    for start, end in ((20, 30), (5, 15)):
        builder.put("decoded", start, end)
        builder.put("\n", end, end)
    view = builder.build("plain.decoded", None, prose=True)
    for start in range(len(view.text)):
        for end in range(start + 1, len(view.text) + 1):
            low, high = view.origin(start, end)
            assert 5 <= low < high <= 30, (start, end)
