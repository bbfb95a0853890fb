"""Scripts in which names are not read. The name detector knows Latin letters alone; the classifier knows some more."""

import re
from typing import Final

UNREAD_NAMES: Final = "script:names"
UNREAD_WORDS: Final = "script:words"
_CJK: Final = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
_LATIN_AND_GREEK_SYMBOLS: Final = (
    r"\u0000-\u02ff\u1d00-\u1dbf\u1e00-\u1eff\u2100-\u218f\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab6f\uff00-\uff5e"
)
_WITH_SIGNS: Final = "\u0900-\u109f\u1780-\u17ff"
"""Scripts of South and South-East Asia: their vowel signs are no letters to Python, and stand within words."""
_FOREIGN_WORD: Final = re.compile(rf"(?:[^\W\d_{_LATIN_AND_GREEK_SYMBOLS}]|[{_WITH_SIGNS}]){{3,}}")
_READ_BY_THE_CLASSIFIER: Final = (
    r"\u0370-\u052f\u0590-\u06ff\u0900-\u097f\u1f00-\u1fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
)
"""Greek, Cyrillic, Hebrew, Arabic, Devanagari, kana, Han, Hangul: scripts whose words its training rows hold."""
_UNREAD_WORD: Final = re.compile(
    rf"(?:[^\W\d_{_LATIN_AND_GREEK_SYMBOLS}{_READ_BY_THE_CLASSIFIER}]|[\u0980-\u109f\u1780-\u17ff]){{3,}}"
)
_ORDER: Final = re.compile(
    "翻译|翻譯|中译英|英译中|译成|譯成|译为|中文|英文|英语|英語|日语|润色|改写|改寫|总结|概括|解释|这段话|这段|此段|下面|以下|"
    "文字|句子|内容|代码|一下|请|請|将|把|用|的|为|成|переведи(?:те)?|перепиши(?:те)?|русск(?:ий|ом)|английск(?:ий|ом)|язык(?:е)?|"
    "объясни|исправь|번역해|번역|한국어로|영어로|翻訳して|翻訳|日本語|日本語に|ترجم|بالعربية",
    re.IGNORECASE,
)
"""Words with which people ask for a translation or a summary of a text that is written in another script than they are.
They name nobody, so they do not count as letters that nobody can read; a name among them does."""
_FEWEST_CJK: Final = 4
_FEWEST_FOREIGN: Final = 8


def script_reason(text: str) -> str | None:
    """Why nobody can vouch for ``text``: nothing but patterns reads its words, or the classifier does but names are
    not read. None: it holds few letters of other scripts, or none."""
    if not is_foreign(text):
        return None
    unread = sum(len(match[0]) for match in _UNREAD_WORD.finditer(text)) >= _FEWEST_FOREIGN
    return UNREAD_WORDS if unread else UNREAD_NAMES


def is_foreign(text: str) -> bool:
    """More than a few letters of a script in which the name detector reads no names."""
    if text.isascii() or (len(_CJK.findall(text)) < _FEWEST_CJK and not _FOREIGN_WORD.search(text)):
        return False
    text = _ORDER.sub(" ", text)
    if len(_CJK.findall(text)) >= _FEWEST_CJK:
        return True
    return sum(len(match[0]) for match in _FOREIGN_WORD.finditer(text)) >= _FEWEST_FOREIGN
