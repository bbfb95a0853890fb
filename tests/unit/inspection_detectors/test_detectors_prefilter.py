"""The prefilter never says no where an exact pattern matches: with it and without it, the same is found."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
import regex
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.inspection.detectors.base import Detector, Match
from gateway.inspection.detectors.catalogue import detector_files
from gateway.inspection.detectors.pattern_tree import Unreadable
from gateway.inspection.detectors.phones import PhoneDetector
from gateway.inspection.detectors.prefilter import Prefilter, Wanted
from gateway.inspection.detectors.presidio import load_presidio
from gateway.inspection.detectors.rules import fill, load_rules
from gateway.inspection.detectors.scan import FOLDING, hyperscan
from gateway.inspection.detectors.together import Finder, Seatable, seated
from gateway.inspection.detectors.weaken import weaken

FOLDER = detector_files()
RULES = ("secrets", "identifiers", "national", "addresses", "letters", "clinical")
DATA = Path(__file__).parents[4] / "shared" / "data"
WITHOUT: tuple[Detector, ...] = (
    *(load_rules(FOLDER / f"{name}.yaml", name) for name in RULES if (FOLDER / f"{name}.yaml").is_file()),
    load_presidio(FOLDER / "presidio.yaml"),
    PhoneDetector(),
)
WITH = {engine: seated(WITHOUT, with_hyperscan=engine == "hyperscan") for engine in ("hyperscan", "re2")}
if hyperscan is None:
    del WITH["hyperscan"]


def examples() -> list[str]:
    """Every example of every rule, and a known number for some of Presidio's."""
    found = [
        fill(example)
        for name in RULES
        if (FOLDER / f"{name}.yaml").is_file()
        for rule in yaml.safe_load((FOLDER / f"{name}.yaml").read_text())["rules"]
        for example in (*rule["match"], *rule["no_match"])
    ]
    return [
        *found, "NINO AB 12 34 56 C", "NHS number 943 476 5919", "codice fiscale RSSMRA85T10A562S", "DNI 12345678Z",
        "personnummer 811218-9876", "hetu 131052-308T", "Aadhaar 2341 2341 2346", "PAN ABCPE1234F", "ssh 10.17.22.102",
        "wallet 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "2001:db8:85a3::8a2e:370:7334", "00:1B:44:11:3A:B7",
        "passport 123456789", "routing number 021000021", "MBI 1EG4-TE5-MK73",
        "Kennzeichen B-AB 1234", "+44 20 7946 0958",
        "ruf an: 030 1234567", "call (415) 555-2671 ext. 12",
    ]  # fmt: skip


EXAMPLES = examples()


def found(detectors: Iterable[Detector], text: str) -> dict[str, set[Match]]:
    """What each detector finds, as a reading asks them: one scan for all."""
    finder = Finder(text)
    return {detector.name: set(finder.find(detector)) for detector in detectors}


def wanted(detectors: Sequence[Detector] = WITHOUT) -> list[Wanted]:
    """Every pattern of the catalogue."""
    return [one for detector in detectors if isinstance(detector, Seatable) for one in detector.wanted]


@pytest.mark.parametrize("engine", WITH)
def test_every_example_gives_the_same_with_and_without(engine: str) -> None:
    """Alone, in prose, against letters, with other scripts around it, in capitals, in other digits."""
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    for example in EXAMPLES:
        for text in (
            example,
            f"Bitte prüfen: «{example}», danke – {example}.",
            f"é{example}ü",
            example.upper(),
            example.translate(arabic),
            example.replace(" ", "\u00a0").replace("-", "\u2011"),
        ):
            assert found(WITH[engine], text) == found(WITHOUT, text), repr(text)


@pytest.mark.parametrize("engine", WITH)
def test_every_development_text_gives_the_same_with_and_without(engine: str) -> None:
    """A part of each file of development data, where it is at hand."""
    for file in sorted(DATA.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines()[::7]:
            text = json.loads(line)["text"]
            assert found(WITH[engine], text) == found(WITHOUT, text), json.loads(line)["id"]


PIECES = st.one_of(
    st.sampled_from(EXAMPLES),
    st.text(max_size=12),
    st.text("0123456789 -./:ABCXYZabc", max_size=20),
    st.sampled_from([*FOLDING, "ſsn ", "paſſport ", "\x1f", "\x85", "\u2028", "９", "²", "\ud800", "?", "\0"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=5).map("".join))
def test_made_up_text_gives_the_same_with_and_without(text: str) -> None:
    """Pieces of examples, of any text, of what the engines may see differently."""
    plain = found(WITHOUT, text)
    for detectors in WITH.values():
        assert found(detectors, text) == plain


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(wanted()), st.data())
def test_text_made_from_a_pattern_is_never_refused(one: Wanted, data: st.DataObject) -> None:
    """Text that a pattern matches, drawn from the pattern itself; where it begins is never overestimated."""
    text = data.draw(st.from_regex(_plain(one), alphabet=st.characters(exclude_categories=["Cs"])), label="text")
    hit = regex.compile(one.source, one.flags | regex.VERSION0).search(text)
    if hit is None:
        return
    for with_hyperscan in (True, False):
        hints = Prefilter([Wanted(one.source, one.flags)], with_hyperscan=with_hyperscan).scan(text)
        assert hints.get(0, len(text) + 1) <= hit.start()


def _plain(one: Wanted) -> "re.Pattern[str]":
    """The pattern as Python's own ``re`` reads it: possessive and property syntax apart, the languages are the same."""
    source = re.sub(r"\\p\{[^}]+\}", r"[A-Za-zÀ-ÿ]", one.source.replace(r"[\p{L}", "[A-Za-zÀ-ÿ"))
    try:
        return re.compile(source, re.RegexFlag(one.flags & int(re.IGNORECASE | re.MULTILINE | re.DOTALL)))
    except re.error:
        return re.compile("[0-9 -]{9,20}")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"(?i)\bmaß\b", "ein MASS ist kein maß"),
        (r"(?<!\w)a{3}(?!\w)", "xaaa aaa"),
        (r"(?=(\d{4} \d{4}))", "12 1234 5678"),
        (r"(['\"])x\1", '\'x" "x"'),
        (r"(?i:k)elvin", "\u212aelvin"),
        (r"(?i)[a-z]{4}", "\u017f\u017f\u017f\u017f"),
        (r"[^\W\d_]{3}", "äöü"),
        (r"\S{3}", "a\x1cb"),
        (r"a\sb", "a\u2003b"),
        (r"\d{3}", "٣٤٥"),
        (r"x{0,2}y(?:a|)z", "yz"),
        (r"^ab$", "ab\n"),
        (r"(?s)a.b", "a\nb"),
        (r"[]x]y", "]y"),
        (r"a(?#note)b", "ab"),
        (r"(?P<q>a)b(?P=q)", "aba"),
        (r"a++b", "aab"),
        (r"[\x41-\x43]\u00e9", "Bé"),
    ],
)
def test_each_kind_of_syntax_is_read_weaker_and_never_stronger(source: str, text: str) -> None:
    """What the pattern matches, both engines let through, from a place that is not too late."""
    hit = regex.search(source, text)
    assert hit is not None
    for with_hyperscan in (True, False):
        hints = Prefilter([Wanted(source)], with_hyperscan=with_hyperscan).scan(text)
        assert hints.get(0, len(text) + 1) <= hit.start()


@pytest.mark.parametrize(
    "source", ["(?x)a b", r"(?|a|b)", r"(a)?(?(1)b|c)", r"\Xa", "(?:ab){e<=1}", "a*", r"[[:alpha:]]b"]
)
def test_what_is_not_read_goes_without_a_prefilter(source: str) -> None:
    """Unknown syntax, and patterns that match nothing at all, are "maybe" in every text."""
    with pytest.raises(Unreadable):
        weaken(source)
    assert Prefilter([Wanted(source)]).scan("whatever") == {0: 0}


def test_the_characters_that_fold_to_ascii_are_all_known() -> None:
    """Asked of both engines, for every letter and every character there is."""
    beyond = "".join(map(chr, [*range(128, 0xD800), *range(0xE000, 0x20000)]))
    for engine in (re, regex):
        for letter in "abcdefghijklmnopqrstuvwxyz":
            assert set(engine.findall(letter, beyond, engine.IGNORECASE)) <= set(FOLDING)  # type: ignore[attr-defined]


def test_every_pattern_of_the_catalogue_is_prefiltered() -> None:
    """None is tried on every text."""
    for one in wanted():
        weaken(one.source, one.flags)


def test_ordinary_prose_asks_for_almost_nothing() -> None:
    """What makes patterns cheap: a paragraph without numbers opens at most a few of them."""
    prose = (
        "The committee met in the old town hall and talked about trees, benches and the colour of the new bus stop. "
        * 9
    )
    assert len(WITH["re2"][0].seat.prefilter.scan(prose)) <= 3  # type: ignore[attr-defined]
