"""A policy of one's own begins as one that works."""

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.policy.lint import lint
from gateway.policy.loader import load_policy
from gateway.policy.preset import new_policy, presets
from gateway.policy.probe_file import load_probes
from gateway.policy.shipped import shipped
from gateway.policy.vocabulary import Vocabulary

CATALOGUE = load_catalogue()
KNOWN = Vocabulary(CATALOGUE.entity_types, CATALOGUE.groups)


@pytest.mark.parametrize("preset", presets())
def test_it_says_what_the_preset_says_under_its_own_name(tmp_path: Path, preset: str) -> None:
    """The same rules and probes, comments included, and no warning that the preset has not."""
    files = new_policy("hospital", preset, tmp_path / "new")
    made, old = load_policy(tmp_path / "new", KNOWN), load_policy(shipped() / preset, KNOWN)
    assert made.name == "hospital"
    assert (made.labels, made.classify, made.refuse, made.route) == (old.labels, old.classify, old.refuse, old.route)
    assert len(files) == 2
    assert load_probes(files[1]).probes == load_probes(shipped() / preset / "probes.yaml").probes
    comments = [line for line in (shipped() / preset / "policy.yaml").read_text().splitlines() if line.startswith("#")]
    assert set(comments) <= set(files[0].read_text().splitlines())
    levels = [one.level for one in lint(tmp_path / "new", made, KNOWN)]
    assert levels == [one.level for one in lint(shipped() / preset, old, KNOWN)]


@pytest.mark.parametrize("file", ["policy.yaml", "probes.yaml"])
def test_nothing_is_overwritten(tmp_path: Path, file: str) -> None:
    """Nor is half of it written."""
    (tmp_path / file).write_text("mine")
    with pytest.raises(ConfigError, match="already"):
        new_policy("hospital", "default", tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [file]
    assert (tmp_path / file).read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "preset", "said"),
    [
        ("Hospital", "default", "is not a name"),
        ("../x", "default", "is not a name"),
        ("hospital", "defualt", "Did you mean `default`"),
        ("hospital", "../default", "there is no preset"),
    ],
)
def test_wrong_names_are_refused(tmp_path: Path, name: str, preset: str, said: str) -> None:
    """With what to write instead."""
    with pytest.raises(ConfigError, match=said):
        new_policy(name, preset, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file stands in its place."""
    (tmp_path / "new").write_text("")
    with pytest.raises(ConfigError, match="cannot write"):
        new_policy("hospital", "default", tmp_path / "new")
