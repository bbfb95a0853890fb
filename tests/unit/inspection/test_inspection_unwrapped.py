"""Values that a line break parts in the middle of a word are read in one piece, and mapped back to where they stand."""

import pytest

from gateway.inspection.normalise import normalise
from gateway.inspection.unwrapped import LONGEST_WORD, unwrapped


def said(text: str) -> str:
    """The unwrapped view of ``text``; empty without one."""
    view = unwrapped(normalise(text)[0])
    return view.text if view is not None else ""


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n    ", "\n> ", " \n"])
def test_a_word_over_two_lines_is_one_word(newline: str) -> None:
    """As terminals, mail programs and indented blocks break it; the words around it stay."""
    assert "key AKIA2OGYBAH6STMMNXNN ok" in said(f"key AKIA2OGYBAH6{newline}STMMNXNN ok")


def test_a_word_over_many_lines_is_one_word_too() -> None:
    """A signed token does not end on the second line."""
    token = "eyJh1" * 40
    lines = "\n".join(token[at : at + 40] for at in range(0, len(token), 40))
    assert token in said(f"the token\n{lines}\nends here")


@pytest.mark.parametrize("text", ["ada.lovelace\n@gmx.de", "ada.lovelace@gm\nx.de"])
def test_an_address_over_two_lines_is_one_address(text: str) -> None:
    """Without a digit, too."""
    assert "ada.lovelace@gmx.de" in said(f"write to {text} soon")


@pytest.mark.parametrize(
    "text",
    [
        "the quick brown\nfox jumps",  # prose
        "x = 1\ny = 2",  # short
        "4111 1111\n1111 1111",  # digits alone are squeezed
        "mail ada@gmx.de\nand grace@navy.mil",  # whole addresses
        "A1" * LONGEST_WORD + "\n",  # nothing follows
        "one line A1B2C3D4E5",
    ],
)
def test_what_could_be_no_value_has_no_such_view(text: str) -> None:
    """Ordinary lines cost nothing."""
    assert said(text) == ""


def test_the_way_back_leads_to_both_lines() -> None:
    """A match over the break names the characters of the original, the break included."""
    text = "key AKIA2OGYBAH6\r\n  STMMNXNN ok"
    view = unwrapped(normalise(text)[0])
    assert view is not None
    start = view.text.index("AKIA")
    assert view.origin(start, start + 20) == (text.index("AKIA"), text.index(" ok"))
