"""What is said of letters in which no names are read."""

import pytest

from gateway.inspection.readings import read
from gateway.inspection.scripts import UNREAD_NAMES, UNREAD_WORDS, is_foreign, script_reason

RUSSIAN = "Позвоните Ивану Петрову сегодня"


@pytest.mark.parametrize("text", ["Call me", "Ångström, naïve, Łódź, İstanbul", "the letter π and the word да", "中文"])
def test_latin_letters_and_a_few_others_are_nothing_to_say(text: str) -> None:
    """Benign control."""
    assert script_reason(text) is None


@pytest.mark.parametrize(
    "text", [RUSSIAN, "王小明患有糖尿病", "محمد علي مريض جدا", "μου είπε ο γιατρός", "김철수는 아프다"]
)
def test_scripts_that_the_classifier_reads_lack_their_names_alone(text: str) -> None:
    assert script_reason(text) == UNREAD_NAMES


@pytest.mark.parametrize("text", ["กรุณาติดต่อคุณสมชาย", "আমার মায়ের অসুখ", "என் அம்மா", f"{RUSSIAN}: กรุณาติดต่อคุณสมชาย"])
def test_scripts_that_nothing_reads_are_said_to_be_unread(text: str) -> None:
    assert script_reason(text) == UNREAD_WORDS


def test_an_order_to_translate_is_no_name() -> None:
    assert not is_foreign("请把下面的内容翻译成英文: the weather is fine")


class Judge:
    """An assessor that finds nothing."""

    name, version, entity_types = "matter", "1", frozenset({"PRIVATE_MATTER"})

    def assess(self, text: str, matches: object) -> tuple[()]:
        return ()


def test_where_no_assessor_judges_a_text_its_words_are_unread() -> None:
    """A policy that accepts unread names trusts the classifier. Without one there is nothing to trust."""
    judged = read(RUSSIAN, (), (Judge(),), joined=False, abandoned=lambda: False)
    alone = read(RUSSIAN, (), (), joined=False, abandoned=lambda: False)
    assert judged.reasons == (UNREAD_NAMES,)
    assert UNREAD_WORDS in alone.reasons
