"""A closed gate is a proof: the views of a text are the same whether gates are asked or all are taken for open."""

import base64
import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.all_views import all_views
from gateway.inspection.gates import ALL, Gate, Gates
from gateway.inspection.gating import open_gates

DATA = Path(__file__).parents[4] / "shared" / "data"
SAID = "my card is 4111 1111 1111 1111, call Jane"
HIDDEN = [
    base64.b64encode(SAID.encode()).decode(),
    base64.b32encode(SAID.encode()).decode(),
    base64.b32encode(SAID.encode()).decode().lower(),
    base64.b85encode(SAID.encode()).decode(),
    SAID.encode().hex(),
    SAID.encode().hex(" "),
    " ".join(str(byte) for byte in SAID.encode()),
    " ".join(f"{byte:08b}" for byte in SAID.encode()),
    "".join(f"%{byte:02X}" for byte in SAID.encode()),
    "".join(f"&#{byte};" for byte in SAID.encode()),
    "".join(f"\\u{byte:04x}" for byte in SAID.encode()),
    "four one one one eins drei sieben two two ten",
    "四一一一一一一一一一",
    "a | 4111\nb | 1111\nc | 1111\nd | 1111",
    "4111\t1\n1111\t2\n1111\t3\n1111\t4",
    "4111.1111-1111_1111",
    "<b>4111</b> <i>1111</i> 1111 1111",
    "DE89_3704_0044_0532_0130_00",
    "jane at example dot com",
    "jane[@]firma[.]de",
    "card4111111111111111x",
    "alpha bravo charlie delta echo foxtrot golf hotel india",
    ".... . .-.. .-.. --- / .-- --- .-. .-.. -..",
    "4\u200b1\u200b1\u200b1\u200b1111\x00\x07",
    "information=",
    "paſſword ſeven ſix",
    "x=41=42=43 &eacute; =\n",
    "chr(52) + chr(49) + chr(49) + chr(49) + chr(49) + chr(49) + chr(49) + chr(49)",
    "Ａ４１１１",
    "bXkg Y2Fy ZCBp cyA0 MTEx",
]


def opened(_text: str) -> Gates:
    """As if nothing could be ruled out."""
    return ALL


def assert_same(text: str) -> None:
    """The same views with the same ways back, and the same reasons."""
    views, reasons = all_views(text)
    wanted, why = all_views(text, opened)
    assert [(view.name, view.text, view.prose, view.origin(0, len(view.text))) for view in views] == [
        (view.name, view.text, view.prose, view.origin(0, len(view.text))) for view in wanted
    ]
    assert reasons == why


def test_what_is_hidden_in_each_way_opens_its_gate() -> None:
    """Alone, in prose, on a line of its own, and inside a word."""
    for hidden in HIDDEN:
        for text in (hidden, f"Please read: {hidden}, thanks.", f"é\n{hidden}\nü", f"ab{hidden}"):
            assert_same(text)


def test_development_texts_have_the_same_views() -> None:
    """A part of each file of development data, where it is at hand."""
    for file in sorted(DATA.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines()[::5]:
            assert_same(json.loads(line)["text"])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from(HIDDEN), st.text(max_size=20), st.text("aB1-_/+= \n.,|;\t@%\\&<>", max_size=40)),
        max_size=4,
    ).map("".join)
)
def test_made_up_texts_have_the_same_views(text: str) -> None:
    """Pieces of what is hidden, of any text, and of what encodings are made of."""
    assert_same(text)


def test_ordinary_prose_opens_no_gate() -> None:
    """So that a paragraph costs one scan. Numbers, quotes and a few capitals are prose, too."""
    prose = 'In 2019 the committee met in Old Town Hall (second floor) and said: "12 benches, not 13." It took 2 hours!'
    assert open_gates(prose) == set()
    assert open_gates("é" * 3) == set()
    assert Gate.CJK in open_gates("四一一一一一一一一一")
