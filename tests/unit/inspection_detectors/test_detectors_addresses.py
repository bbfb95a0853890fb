"""Postal addresses by their form, in many countries' writing, and what only looks like one."""

from collections.abc import Callable

import pytest

Types = Callable[[str, str], set[str]]


@pytest.mark.parametrize(
    "text",
    [
        "Meet me at 48 Harrow Lane.",
        "The parcel went to 123 Main St, Springfield, IL 62704",
        "my address is 77 harbour street",
        "Musterstraße 12a, 10115 Berlin",
        "Wir treffen uns Am Alten Markt 3? Nein, Berliner Allee 12",
        "12 rue de la Paix, 75002 Paris",
        "5 bis, chemin des Lilas",
        "Calle Mayor 5, 3º B",
        "C/ Serrano 14",
        "Via Giuseppe Garibaldi 12",
        "Rua Augusta, 1508",
        "Kerkstraat 10",
        "Prinsengracht 263, Amsterdam",
        "Drottninggatan 71",
        "ul. Marszałkowska 104/122",
        "PO Box 1234",
        "Postfach 10 06 13",
        "Unit 5022 Box 1225\nDPO AE 44085",
        "10 Downing Apt 4, London",
        "Jane Roe\nOldfield 12\n8001 Zurich",
        "on the corner of Elm and Fourth",
    ],
)
def test_an_address_is_found_in_the_writing_of_its_country(types_of: Types, text: str) -> None:
    """Street with number, unit, block of lines, box."""
    assert "STREET_ADDRESS" in types_of("addresses", text)


def test_towns_and_codes_have_types_of_their_own(types_of: Types) -> None:
    """A line of a town is a place; a code that is called one is part of an address."""
    assert types_of("addresses", "Springfield, IL 62704") == {"LOCATION"}
    assert types_of("addresses", "ZIP: 394 13") == {"POSTAL_CODE"}


@pytest.mark.parametrize(
    "text",
    [
        "The 12 Angry Men went down the road.",
        "In 1929 Wall Street fell.",
        "Meet me at Gate 12 at 5 PM",
        "NVMe Gen 4 Internal Solid State Hard Drive",
        "Spring 2024 and Regel 5 of the Monitoring 7",
        "The server has the IP address: 10.2.3.4",
        "Chapter 5\nThe Return\n1984 Orwell",
        "Boxing Day 26, Windows 11, Unit 3 of the course",
        "Free Software Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston",
        "He lives in Berlin. She lives on 3 dollars a day.",
        "the corner of the room and the hall",
        "20 minutes down the road",
    ],
)
def test_numbers_beside_words_are_no_address(types_of: Types, text: str) -> None:
    """Years, gates, versions, lists."""
    assert "STREET_ADDRESS" not in types_of("addresses", text)
