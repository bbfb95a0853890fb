"""Names of profiles and policies."""

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.evaluation.profiles import OWN, PROFILES, chosen, profiles
from gateway.policy.shipped import shipped


def test_balanced_is_what_is_meant_by_nothing() -> None:
    """And by default."""
    assert chosen(None, None) == chosen("balanced", None) == chosen("default", None)
    assert chosen(None, None) == ("balanced", shipped() / "default")


def test_every_profile_is_a_shipped_policy() -> None:
    """Each can be chosen by both of its names."""
    assert set(profiles()) <= set(PROFILES)
    for name, folder in profiles().items():
        assert chosen(name, None) == chosen(None, folder.name) == (name, folder)


def test_a_policy_of_ones_own_has_no_profile(tmp_path: Path) -> None:
    """By its folder; that of a configuration counts when nothing is asked for."""
    assert chosen(None, str(tmp_path)) == (OWN, tmp_path)
    assert chosen(None, None, tmp_path) == (OWN, tmp_path)
    assert chosen(None, str(shipped() / "strict"))[0] == "strict"


@pytest.mark.parametrize(
    ("profile", "policy", "nearest"), [("strikt", None, "strict"), (None, "stict", "strict"), (None, "a/b", "balanced")]
)
def test_an_unknown_name_is_answered_with_the_nearest(profile: str | None, policy: str | None, nearest: str) -> None:
    """Or with those that are known."""
    with pytest.raises(ConfigError) as caught:
        chosen(profile, policy)
    assert nearest in str(caught.value.problems[0])
