"""What tells a credential in use from a placeholder, from code and from words."""

import base64

import pytest

from gateway.inspection.detectors import secrecy as s

KEY = "fXk2q9ZbT1vRw8LmNc4JpH7sYd0EgUaK"


@pytest.mark.parametrize(
    "text",
    [KEY, "9f86d081884c7d659a2feaa0c55ad015", "h2f!x9@k#q4z(w7-c_v8=b3n+m6*l5^j1", "oy2gk4n7xq0w3s9d5h8j1"],
)
def test_characters_in_no_order_are_a_key(text: str) -> None:
    """Base 62, hexadecimal, with signs, in small letters alone."""
    assert s.random_token(text)
    assert s.wordiness(text) < 0.3


@pytest.mark.parametrize(
    "text",
    [
        "settings.DAHLIA_API_KEY_V2", "projects/acme/secrets/db-password/versions/1", "getAuthTokenForUser2",
        "2023-06-01-preview",
        "your-api-key-0123456789abcdef", "application_default_credentials_2", "correct-horse-battery-staple-9",
        "1.2.3.4.5.6.7.8.9-beta",
    ],
)  # fmt: skip
def test_what_is_made_of_words_is_a_name(text: str) -> None:
    """Names of settings, paths, functions and versions."""
    assert not s.random_token(text)


@pytest.mark.parametrize(
    "text", ["Tr0ub4dor&3", "Sommer2019!", "basil65velvet", "amber-falcon-tulip-comet", "kI2MBk50qxEaYH", "774211904"]
)
def test_passwords_as_people_and_machines_make_them(text: str) -> None:
    """Words with digits or signs, four words in a row, random characters, long numbers."""
    assert s.password_like(text)


@pytest.mark.parametrize(
    "text",
    [
        "vergessen?",
        "case-sensitive.",
        "obligatoire.",
        "12",
        "8chars",
        "!vault",
        "/run/secrets/db2",
        "form.password_2",
        "hunter2",
        "getPass(1)",
    ],
)
def test_what_stands_where_a_password_could(text: str) -> None:
    """Words, counts, paths, references and examples."""
    assert not s.password_like(text)


def test_a_word_before_it_alone_asks_for_more() -> None:
    """'password manager' names a thing; standards and numbers are none either."""
    assert s.strong_password("Winter-Sonne77")
    assert not any(map(s.strong_password, ("manager", "PBKDF2", "ISO-27001", "short1", "http://acme.net/login2")))


def test_a_bot_of_discord_names_itself_in_base64() -> None:
    """The first part is the number of the bot."""
    head = base64.urlsafe_b64encode(b"792715454196088842").decode().rstrip("=")
    assert s.discord_token(f"{head}.abc.def")
    assert not s.discord_token("Mail.server.name")


def test_a_wallet_key_has_a_checksum() -> None:
    """One changed character makes it none."""
    assert s.wif("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ")
    assert not s.wif("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTK")
    assert not s.wif("5HueCGU8rMjxEXxiPuD0")


def test_the_login_of_documentation_opens_nothing() -> None:
    """Base64 of name:password, and passwords in addresses, when they are the words of examples."""
    assert s.basic_auth(base64.b64encode(b"ada:lovelace").decode())
    assert not s.basic_auth(base64.b64encode(b"ada").decode())
    assert s.url_password("s3cr3tpw")
    assert not s.url_password("pass")
    assert not s.url_password("********")
