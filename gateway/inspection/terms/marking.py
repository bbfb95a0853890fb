"""Where a marking stands: as a marking of the text, in a statement, or in a question about the word.

``CONFIDENTIAL`` alone on a line says something about the text; ``What does confidential mean?`` says nothing. The place
decides: a line of its own, brackets, a field such as ``Classification:``, the tag of a subject line, a line that begins
with it and a dash. Everything here looks at one line or one sentence, at most 400 characters to each side.
"""

import re
from typing import Final

_REACH: Final = 400
_OPEN: Final = re.compile(r"(?:[\[({<|]|\*\*|__|//|#|--|==)[\s*_]*\Z")
_CLOSE: Final = re.compile(r"[\s*_]*(?:[\])}>|]|\*\*|__|//|#|--|==)")
_FILLING: Final = (
    r"page|seite|pagina|página|p|of|von|de|di|van|sur|draft|entwurf|copy|version|v|rev|do not|and|und|et|y|e|en|"
    r"document|dokument|notice|privileged|proprietary|information|memorandum|memo|company|inc|gmbh|ltd|llc|sa|"
    r"ag|bv|corp|only|use|not for distribution|nicht weitergeben|nur"
)
"""What else may stand on the line of a marking: the words of headers and footers."""
_FIELDS: Final = (
    r"classification|classified|sensitivity|confidentiality|marking|handling|distribution|protective marking|"
    r"security level|einstufung|klassifi(?:zierung|kation)|vertraulichkeit(?:sstufe)?|schutzklasse|"
    r"geheimhaltungsgrad|verschlusssache|confidentialit[ée]|niveau de (?:confidentialit[ée]|protection)|"
    r"diffusion|mention|clasificaci[óo]n|confidencialidad|nivel|difusi[óo]n|classifica(?:zione)?|riservatezza|"
    r"diffusione|classifica[çc][ãa]o|sigilo|confidencialidade|rubricering|classificatie|vertrouwelijkheid|"
    r"subject|betreff|betr\.?|objet|asunto|oggetto|assunto|onderwerp|re|aw|wg|fwd?|tlp|status|label"
)
"""Fields whose value is a marking."""
_QUESTIONS: Final = (
    r"what(?:['’]s| is| are| does| do| counts| kind)|which (?:documents?|labels?|one|levels?)|who (?:can|may)|"
    r"meanings?|means?|defin\w+|explain\w*|differen\w+|stands? for|"
    r"how (?:do|does|did|is|are|should|can|to|would)(?! (?:we|our)\b)|"
    r"when (?:do|does|is|are|should|can)(?! (?:we|our)\b)|why (?:do|does|is|are)(?! (?:we|our)\b)|examples? of|"
    r"tell me about|an? (?:essay|article|poem|overview|introduction|story|guide|blog)|concept of|history of|"
    r"synonyms?|the (?:word|term|phrase|label|expression)|is it (?:legal|ok|allowed)|template|"
    r"was (?:ist|sind|bedeute\w*|heißt|heisst|meint)|bedeut\w+|erklär\w*|unterschied\w*|definier\w*|"
    r"wann (?:ist|gilt|wird)|wofür steht|der begriff|qu['’]est-ce|que (?:signifi\w+|veut dire)|signifi\w+|"
    r"expliqu\w+|définir|définition|différence\w*|qué (?:es|son|significa\w*|quiere)|significado|explica\w*|"
    r"definici\w+|diferencia\w*|che (?:cos\w+|significa)|cosa (?:è|sono|significa|vuol)|significato|spiega\w*|"
    r"differenza|o que (?:é|são|significa\w*)|explique|definição|diferença\w*|wat (?:is|zijn|betekent|houdt)|"
    r"betekenis|betekent|leg uit|uitleg\w*|verschil\w*|definitie"
)
"""What says that a sentence asks for a word, defines it or writes about it."""

_BARE: Final = re.compile(rf"[\W\d_]*(?:(?:{_FILLING})\b[\W\d_]*)*", re.IGNORECASE)
_LEADS: Final = re.compile(r"[\W_]*\Z")
_LED: Final = re.compile(r"[\s*_\])]*(?:[-–—:|/;]+(?:\s|\Z)|[!.,](?:\s|\Z))")
_TRAILS: Final = re.compile(r"[-–—|:/(\[][\s*_]*\Z")
_ENDS: Final = re.compile(r"[\W_]*\Z")
_REPLY: Final = r"(?:(?:re|aw|wg|fwd?):\s{0,2})?"
_FIELD: Final = re.compile(
    rf"(?:{_FIELDS})[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"'\[(*]{{0,3}}\s{{0,2}}{_REPLY}[\[(]?\Z", re.IGNORECASE
)
_SENTENCE: Final = re.compile(r"[.!?;]\s|\n")
_ASKED: Final = re.compile(rf"\b(?:{_QUESTIONS})\b", re.IGNORECASE)


def is_marking(text: str, start: int, end: int) -> bool:
    """Does ``text[start:end]`` stand where a marking of the text stands?"""
    line = max(text.rfind("\n", max(0, start - _REACH), start) + 1, start - _REACH, 0)
    stop = text.find("\n", end, end + _REACH)
    before, after = text[line:start], text[end : stop if stop >= 0 else end + _REACH]
    if _OPEN.search(before[-8:]) and _CLOSE.match(after):
        return True
    if _LEADS.fullmatch(before) and _LED.match(after):
        return True
    if _FIELD.search(before[-80:]):
        return True
    capitals = text[start:end].isupper()
    if capitals and _TRAILS.search(before[-8:]) and _ENDS.fullmatch(after):
        return True
    return len(before) + len(after) <= 120 and bool(_BARE.fullmatch(before) and _BARE.fullmatch(after))


def is_asked_about(text: str, start: int, end: int) -> bool:
    """Does the sentence around ``text[start:end]`` ask for, define or discuss the word?"""
    before, after = text[max(0, start - _REACH) : start], text[end : end + _REACH]
    begin = max((hit.end() for hit in _SENTENCE.finditer(before)), default=0)
    stop = _SENTENCE.search(after)
    sentence = f"{before[begin:]} {after[: stop.start() + 1 if stop else _REACH]}"
    return _ASKED.search(sentence) is not None
