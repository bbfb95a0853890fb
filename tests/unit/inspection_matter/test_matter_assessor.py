"""What the shipped classifier makes of whole texts. These are examples; the figures stand in docs/detection.md."""

import pytest

from gateway.inspection.detectors.base import Match
from gateway.inspection.matter.assessor import ENTITY_TYPE, PIECE, PRIVATE_PERSON, MatterAssessor, load_matter, pieces
from gateway.inspection.matter.known_names import PUBLIC_FIGURE, KnownNames

FILLER = "The river carries sand to the sea and the wind carries it back over the dunes of the island. "


def score(text: str, *matches: Match) -> float:
    found = load_matter().assess(text, matches)
    return max((match.score for match in found if match.entity_type == ENTITY_TYPE), default=0.0)


@pytest.mark.parametrize(
    "text",
    [
        "my husband hit me again last night and i don't know how to tell my sister, we have two kids",
        "Please make this more polite: we have not got the revised quotation for our Leeds site, the client is angry",
        "Mein Chef hat mir gestern gekündigt, weil ich seit März krankgeschrieben bin. Was soll ich ihm schreiben?",
        "j'ai été licenciée la semaine dernière et mon patron refuse de me payer mes congés",
    ],
)
def test_a_private_matter_scores_high_though_nobody_is_named(text: str) -> None:
    assert score(text) >= load_matter().model.profiles["balanced"]


@pytest.mark.parametrize(
    "text",
    [
        "What is the difference between a list and a tuple in Python?",
        "Write a short poem about autumn in the mountains.",
        "Erkläre mir den Unterschied zwischen Aktien und Anleihen.",
        "Explain how photosynthesis works to a ten year old.",
    ],
)
def test_a_general_request_scores_low(text: str) -> None:
    assert score(text) < load_matter().model.profiles["balanced"]


def test_a_private_page_in_a_long_document_decides() -> None:
    page = "my doctor told me yesterday that my biopsy is positive and i have not told my wife, i lost my job. " * 25
    long = FILLER * 60 + "\n" + page + "\n" + FILLER * 60
    assert score(long) >= 0.5 > score(FILLER * 60)


@pytest.mark.parametrize(
    "text", ["12 + 30 = 42", "user", "gpt-4o-mini", "get_weather", " \n", "https://example.com/a/b"]
)
def test_single_words_and_figures_are_not_judged(text: str) -> None:
    assert load_matter().assess(text, ()) == ()


def test_pieces_cover_the_text_and_carry_their_matches() -> None:
    text = FILLER * 100
    matches = [Match(at, at + 3, "PERSON", 0.9) for at in range(0, len(text) - 3, 500)]
    found = list(pieces(text, matches))
    assert "".join(text[start:end] for start, end, _ in found) == text
    assert all(end - start <= PIECE for start, end, _ in found)
    assert sum(len(part) for _, _, part in found) == len(matches)


def test_the_version_changes_with_the_file() -> None:
    assessor = load_matter()
    assert isinstance(assessor, MatterAssessor)
    assert assessor.version.startswith(assessor.model.version + "+")
    assert MatterAssessor(assessor.model, KnownNames(["Frodo Baggins"])).version != assessor.version


def test_whom_nobody_knows_is_told_from_whom_everybody_knows() -> None:
    """An entity is not a secret: the same question about two people, of whom one is in every school book."""
    for name, entity_type in (("Albert Einstein", PUBLIC_FIGURE), ("Odalys Brinkhaus", PRIVATE_PERSON)):
        found = load_matter().assess(f"When was {name} born?", [Match(9, 9 + len(name), "FULL_NAME", 0.9)])
        assert Match(9, 9 + len(name), entity_type, 1.0 if entity_type == PUBLIC_FIGURE else 0.9) in found


@pytest.mark.parametrize(
    "text",
    [
        "我妈妈上周被诊断出糖尿病，她很害怕，我该怎么跟她说",
        "помоги написать заявление, муж бьёт меня и детей, мы живём в Самаре у его матери",
        "母が先週うつ病と診断されました。父にはまだ話していません。どうすればいいですか",
    ],
)
def test_a_private_matter_in_another_script_scores_above_what_leaves(text: str) -> None:
    """The default policy keeps such a text from .06 on (rule unread-names)."""
    assert score(text) >= 0.06
