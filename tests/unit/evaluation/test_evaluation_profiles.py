"""Names of profiles and policies."""

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.evaluation.profiles import OWN, PROFILES, Chosen, chosen, profiles
from gateway.policy.shipped import shipped


def test_balanced_is_what_is_meant_by_nothing() -> None:
    """And by default."""
    assert chosen(None, None) == chosen("balanced", None) == chosen("default", None)
    assert chosen(None, None) == Chosen("balanced", shipped() / "default")


def test_every_profile_is_a_shipped_policy() -> None:
    """Each can be chosen by both of its names."""
    assert set(profiles()) <= set(PROFILES)
    for name, folder in profiles().items():
        assert chosen(name, None) == chosen(None, folder.name) == Chosen(name, folder)


def test_a_policy_of_ones_own_has_no_profile(tmp_path: Path) -> None:
    """By its folder; that of a configuration counts when nothing is asked for."""
    assert chosen(None, str(tmp_path)) == Chosen(OWN, tmp_path)
    assert chosen(None, None, tmp_path) == Chosen(OWN, tmp_path)
    assert chosen(None, str(shipped() / "strict")).name == "strict"


@pytest.mark.parametrize(
    ("profile", "policy", "nearest"), [("strikt", None, "strict"), (None, "stict", "strict"), (None, "a/b", "balanced")]
)
def test_an_unknown_name_is_answered_with_the_nearest(profile: str | None, policy: str | None, nearest: str) -> None:
    """Or with those that are known."""
    with pytest.raises(ConfigError) as caught:
        chosen(profile, policy)
    assert nearest in str(caught.value.problems[0])


def test_rules_of_one_are_decided_at_the_point_of_another(tmp_path: Path) -> None:
    """Under a name that is nobody else's; a policy that keeps everything has no such point."""
    assert chosen("strict", "default") == Chosen("default at strict", shipped() / "default", "strict")
    assert chosen("default", str(tmp_path)).profile == "balanced"
    with pytest.raises(ConfigError, match="no operating point"):
        chosen("everything-local", "default")
