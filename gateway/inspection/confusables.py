"""Letters of other scripts that look like Latin ones: the Latin column of Unicode's confusables table (UTS #39), for
the scripts in which look-alikes are met: Cyrillic, Greek, Armenian, Cherokee, Lisu, and Latin's own small capitals.

One character to one character, so that folding moves no offset.
"""

import re
from typing import Final

_PAIRS: Final = (
    # Cyrillic
    ("аеорсухіјѕһԁԛԝӏгпьѵкмтвнзёїѡҫҏӽүғԍ", "aeopcyxijshdqwlrnbvkmtbh3eiwcpxyfg"),
    ("АВЕКМНОРСТУХІЈЅԚԜҒЅЬѴҺӀЗԌЁЇҪҮ", "ABEKMHOPCTYXIJSQWFSbVhl3GEICY"),
    # Greek
    ("αβγεικνορστυχωηϲϳζ", "aByeikvopotuxwncjz"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϺ", "ABEZHIKMNOPTYXCM"),
    # Armenian
    ("օոսցհզքյաՏՍՕԼ", "onughqpjwSUOL"),
    # Cherokee and Lisu capitals
    ("ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᏒᏚᎢᏙᏔᏃ", "ABCDEGHiJKLMPRSTVWZ"),
    ("ꓮꓐꓑꓒꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓰꓲꓳꓴ", "ABPdDTGKJCZFMNLSRVHWXYEIOU"),
    # Latin letters that are drawn as others
    ("ıɑɡɩʏᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡᴢ", "iagiyabcdefghijklmnoprstuvwz"),
)

LATIN: Final = {ord(theirs): latin for pair in _PAIRS for theirs, latin in zip(*pair, strict=True)}
"""Code point to the Latin character that it looks like."""

_FOREIGN: Final = (
    "\u0370-\u058f\u13a0-\u13ff\u1c80-\u1c8f\u1f00-\u1fff\u2de0-\u2dff\ua4d0-\ua4ff\ua640-\ua69f\uab70-\uabbf"
)
_OTHER: Final = re.compile(rf"[{_FOREIGN}ıɑɡɩʏᴀ-ᴢꜰꜱ]")
_TOKEN: Final = re.compile(rf"[^\W_]*[{_FOREIGN}ıɑɡɩʏᴀ-ᴢꜰꜱ][^\W_]*")
_LATIN_LETTER: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LATIN_OR_DIGIT: Final = re.compile(r"[0-9A-Za-z\u00c0-\u024f]")
_MIXED_SCRIPT: Final = re.compile(r"[\u0400-\u058f\u13a0-\u13ff\u1c80-\u1c8f\ua4d0-\ua4ff\ua640-\ua69f\uab70-\uabbf]")


def to_latin(text: str) -> tuple[str, bool]:
    """``text`` with look-alikes replaced where they pose as Latin, of the same length; and whether a word still mixes
    Latin with letters that are no look-alikes.

    A word poses as Latin when it mixes scripts, or when it is made of look-alikes alone in a text that is mostly Latin.
    Words of genuine Russian, Greek or Armenian texts stay as they are. Greek letters in formulas never count as mixing.
    """
    if not _OTHER.search(text):
        return text, False
    latin = len(_LATIN_LETTER.findall(text))
    mostly_latin = latin > len(_OTHER.findall(text))
    mixed = False
    out: list[str] = []
    done = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        folded = token.translate(LATIN)
        leftover = _OTHER.search(folded) is not None
        mixes = _LATIN_OR_DIGIT.search(token) is not None
        if mixes or (mostly_latin and not leftover and len(token) > 1):
            mixed = mixed or (mixes and _MIXED_SCRIPT.search(folded) is not None)
            out += (text[done : match.start()], folded)
            done = match.end()
    out.append(text[done:])
    return "".join(out), mixed
