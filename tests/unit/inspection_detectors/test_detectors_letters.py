"""Letters, own texts, case histories, and names that their form gives away."""

from collections.abc import Callable

import pytest

Types = Callable[[str, str], set[str]]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Dear Ms. Lindqvist,\nthank you for your patience", "CORRESPONDENCE"),
        ("make this nicer: Hi Tom, the parts are late", "CORRESPONDENCE"),
        ("Sehr geehrter Herr Brandt,", "CORRESPONDENCE"),
        ("... and so on.\n\nBien cordialement,\nM.", "CORRESPONDENCE"),
        ("I hope this email finds you well.", "CORRESPONDENCE"),
        ("Write an email to Mr. Brandt and decline", "CORRESPONDENCE"),
        ("Polish my cover letter", "CORRESPONDENCE"),
        ("check the grammar of this", "EDIT_REQUEST"),
        ("Übersetze das bitte", "EDIT_REQUEST"),
        ("I lost my keys and my wallet", "FIRST_PERSON"),
        ("Wir haben unseren Vertrag verloren, und ich", "FIRST_PERSON"),
        ("My name is Ada Lovelace.", "FULL_NAME"),
        ("Frau Brandstätter kommt", "PERSON"),
    ],
)
def test_forms_are_found(types_of: Types, text: str, wanted: str) -> None:
    """One writing each beyond the examples in the file."""
    assert wanted in types_of("letters", text)


@pytest.mark.parametrize(
    "text",
    [
        "Hello World!",
        "for i in range(10): print(i); i += 1; x[i] = i",
        "What is the best way to learn Spanish?",
        "Write a letter to the editor about trees.",
        "Explain the confidential computing features of a TPM.",
        "The 12 Angry Men went down the road.",
        "Dear diary",
    ],
)
def test_general_texts_have_no_such_form(types_of: Types, text: str) -> None:
    """They must reach the outside."""
    assert types_of("letters", text) == set()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("71-year-old woman admitted", "CASE_HISTORY"),
        ("The patient denies chest pain.", "CASE_HISTORY"),
        ("status post laparoscopic cholecystectomy", "HEALTH_TERM"),
        ("metoprolol 25 mg twice daily", "HEALTH_TERM"),
    ],
)
def test_case_histories_are_found(types_of: Types, text: str, wanted: str) -> None:
    """The sentences of a note, which need no name to be about one patient."""
    assert wanted in types_of("clinical", text)


@pytest.mark.parametrize(
    "text", ["Please be patient.", "a 12-year-old whisky", "academia", "sympathy for the patient's rights"]
)
def test_ordinary_words_are_no_case(types_of: Types, text: str) -> None:
    """Endings and ages stand in other words, too."""
    assert types_of("clinical", text) == set()
