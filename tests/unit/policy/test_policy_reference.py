"""The reference page says every word of the language."""

from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.policy.reference import reference
from gateway.policy.schema import PolicyFile
from gateway.policy.vocabulary import FAULTS, UNREAD, Vocabulary
from gateway.policy.when import When

CATALOGUE = load_catalogue()
PAGE = "".join(reference(Vocabulary(CATALOGUE.entity_types, CATALOGUE.groups), CATALOGUE.about))


def test_every_key_stands_in_a_table() -> None:
    """With what may stand there, its default and what it does."""
    for block in (PolicyFile, When):
        for name, field in block.model_fields.items():
            assert f"| `{field.alias or name}` |" in PAGE


def test_every_group_type_and_reason_is_listed() -> None:
    """Closed vocabularies are written out."""
    for name in (*CATALOGUE.groups, *CATALOGUE.entity_types, *FAULTS, *UNREAD):
        assert f"`{name}`" in PAGE


def test_no_cell_of_a_table_breaks_it() -> None:
    """As many cells in each row as in its head."""
    width = 0
    for line in PAGE.splitlines():
        if line.startswith("|---"):
            width = line.count("|")
        elif line.startswith("| ") and "| key |" not in line and "| group |" not in line and "| reason |" not in line:
            assert line.count("|") == width, line
