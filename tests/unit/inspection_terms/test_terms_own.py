"""The detectors that gateway.yaml's own lists make."""

from pathlib import Path

import pytest
from terms_support import KEY, OTHER, build

from gateway.errors import ConfigError
from gateway.inspection.terms.own import ExactFile, list_detectors

PROJECTS = {"id": "projects", "entity_type": "PROJECT_NAME", "terms": ["Blue Fox"]}


def test_no_list_no_detector() -> None:
    """Most installations have none."""
    assert list_detectors() == ()


def test_files_and_written_out_lists_make_one_detector_each_kind(tmp_path: Path) -> None:
    """Names are those that records show."""
    (tmp_path / "clients.yaml").write_text("{id: clients, entity_type: CLIENT_NAME, terms: [Northwind]}\n")
    build(tmp_path / "a", ["Maria Rossi"])
    build(tmp_path / "b", ["Otto Kraus"], key=OTHER)
    both = [ExactFile(tmp_path / "a", KEY), ExactFile(tmp_path / "b", OTHER)]
    terms, exact = list_detectors([tmp_path / "clients.yaml"], [PROJECTS], both)
    assert (terms.name, terms.entity_types) == ("terms", {"PROJECT_NAME", "CLIENT_NAME"})
    assert (exact.name, exact.entity_types) == ("exact", {"CUSTOMER"})
    assert len(terms.find("Northwind's Blue Fox")) == 2
    assert len(exact.find("Maria Rossi, Otto Kraus")) == 2
    assert "ExactFile(path=" in repr(both[0])
    assert "key" not in repr(both[0])


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    """Of all files."""
    with pytest.raises(ConfigError) as caught:
        list_detectors([tmp_path / "none.yaml"], [PROJECTS | {"id": "A B"}], [ExactFile(tmp_path / "none", KEY)])
    assert len(caught.value.problems) == 3
