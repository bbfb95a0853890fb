"""A text as the classifier sees it."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.detectors.base import Match
from gateway.inspection.matter.tokens import tokenize


def test_a_name_becomes_a_mark_and_words_small_letters() -> None:
    text = "My friend Jane Roe CALLED."
    assert tokenize(text, [Match(10, 18, "FULL_NAME", 0.9)]) == ["my", "friend", "<full-name>", "called"]


def test_a_number_is_known_by_its_length_alone() -> None:
    assert tokenize("7 and 12345678", []) == ["<1 digits>", "and", "<4 digits>"]


def test_of_overlapping_matches_the_surer_kind_leaves_its_mark() -> None:
    matches = [Match(0, 8, "PERSON", 0.9), Match(0, 20, "EMAIL_ADDRESS", 1.0)]
    assert tokenize("jane.roe@example.com", matches) == ["<email>"]


def test_words_of_a_vocabulary_stay_words() -> None:
    assert tokenize("my salary", [Match(3, 9, "FINANCIAL_TERM", 0.6)]) == ["my", "salary"]


def test_a_doubtful_match_leaves_no_mark() -> None:
    assert tokenize("Mark it", [Match(0, 4, "PERSON", 0.2)]) == ["mark", "it"]


def test_lines_and_paragraphs_are_told_apart() -> None:
    assert tokenize("a\nb\n\nc", []) == ["a", "<line>", "b", "<paragraph>", "c"]


@given(st.text(max_size=200), st.lists(st.tuples(st.integers(0, 200), st.integers(1, 50)), max_size=20))
def test_any_matches_in_any_text_give_tokens(text: str, places: list[tuple[int, int]]) -> None:
    matches = [Match(s, min(len(text), s + n), "PERSON", 0.9) for s, n in places if s < len(text)]
    tokens = tokenize(text, matches)
    assert all(tokens)
    assert ("<name>" in tokens) == bool(matches)


def test_where_no_spaces_divide_words_each_pair_of_letters_is_one() -> None:
    assert tokenize("用Python写程序。", []) == ["用", "python", "写程", "程序"]


def test_vowel_signs_belong_to_their_word() -> None:
    assert tokenize("हिन्दी में", []) == ["हिन्दी", "में"]


def test_a_public_name_and_an_inner_machine_leave_marks_of_their_own() -> None:
    text = "Einstein pings 10.0.0.1 and 8.8.8.8"
    matches = [
        Match(0, 8, "PERSON", 0.9),
        Match(0, 8, "PUBLIC_FIGURE", 1.0),
        Match(15, 23, "IP_ADDRESS", 0.6),
        Match(28, 35, "IP_ADDRESS", 0.6),
    ]
    assert tokenize(text, matches) == ["<public>", "pings", "<inner-machine>", "and", "<machine>"]
