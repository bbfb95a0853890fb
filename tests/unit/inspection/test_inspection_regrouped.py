"""Encoded text in groups: what is put together, and what is left alone."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.all_views import all_views
from gateway.inspection.regrouped import regrouped

SAID = "my card is 4111 1111 1111 1111"
BASE64 = base64.b64encode(SAID.encode()).decode()


def _cut(text: str, length: int, gap: str) -> str:
    return gap.join(text[at : at + length] for at in range(0, len(text), length))


@given(length=st.integers(2, 14), gap=st.sampled_from([" ", "\n", "-", ".", '" + "', ", ", "\r\n"]))
def test_groups_of_any_length_are_put_together(length: int, gap: str) -> None:
    """Evasion C1: base64 in groups too short to be taken for base64, between any one gap."""
    found = {groups.text for groups in regrouped(f"say: {_cut(BASE64, length, gap)} ok?")}
    assert any(BASE64.rstrip("=") in text for text in found)


@pytest.mark.parametrize(
    "written",
    [
        _cut(BASE64, 4, " "),
        f"four more {_cut(BASE64, 4, ' ')} ends here",
        _cut(BASE64, 16, "\n"),
        _cut(SAID.encode().hex(), 4, " "),
        _cut(SAID.encode().hex(), 8, " "),
        SAID.encode().hex("\n"),
        "\n".join(map(str, SAID.encode())),
        "+".join(f"chr({code})" for code in SAID.encode()),
        " ".join(map(oct, SAID.encode())),
        " ".join(map(bin, SAID.encode())),
        "\n".join(f"{code:08b}" for code in SAID.encode()),
        base64.b64encode(SAID.encode("utf-16-be")).decode(),
        base64.b64encode(SAID.encode("utf-32-le")).decode(),
    ],
)
def test_what_dumps_and_programs_write_is_read(written: str) -> None:
    """Evasions C1 and S4: byte dumps, concatenations of characters, wide encodings."""
    views, _ = all_views(f"Look at this: {written}")
    assert any("4111 1111 1111 1111" in view.text for view in views)


@pytest.mark.parametrize(
    "text",
    ["The cat sat and the dog ran far", "2019 2020 2021 2022 2023", "12:30 13:45 14:50 15:55", "aB3 cD4", "10 20 30"],
)
def test_ordinary_text_decodes_to_nothing(text: str) -> None:
    """Benign control: words, years, times and short rows make no further view of decoded text."""
    views, reasons = all_views(text)
    assert [view.name for view in views if "decoded" in view.name] == []
    assert reasons == []
