"""Which policy a name means. A profile is an operating point: the shipped policy of that name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from gateway.errors import ConfigError, Problem
from gateway.policy.loader import FILE_NAME
from gateway.policy.shipped import shipped
from gateway.policy.vocabulary import remedy

PROFILES: Final[Mapping[str, str]] = MappingProxyType(
    {"balanced": "default", "strict": "strict", "healthcare": "healthcare", "everything-local": "everything-local"}
)
"""Name of a profile to the folder of its policy."""
SYNONYMS: Final[Mapping[str, str]] = MappingProxyType({"default": "balanced"})
POINTS: Final = ("balanced", "strict", "healthcare")
"""Profiles at whose operating point the rules of another policy can be decided."""
OWN: Final = "policy"
"""What results of a policy that is no profile are called."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The policy to decide with."""

    name: str
    """Under which its results stand."""
    path: Path
    profile: str | None = None
    """The operating point of the classifier, where it is not the policy's own."""


def profiles() -> dict[str, Path]:
    """Every profile whose policy is there, with its folder."""
    return {name: shipped() / folder for name, folder in PROFILES.items() if (shipped() / folder / FILE_NAME).is_file()}


def chosen(profile: str | None, policy: str | None, configured: Path | None = None) -> Chosen:
    """The policy that is asked for, ``balanced`` when none is; both: the rules of one at the point of the other.

    ``policy``: the name of a shipped policy, a folder or a file. ``configured``: the policy of a gateway.yaml, used
    when no policy and no profile is given. Raises ConfigError for an unknown name.
    """
    if policy is not None:
        rules = _policy(policy)
        return rules if profile is None else _at(rules, _profile(profile))
    if profile is None and configured is not None:
        return _named(configured)
    name = _profile(profile or "balanced")
    return Chosen(name, profiles()[name])


def _profile(profile: str) -> str:
    known = profiles()
    name = SYNONYMS.get(profile, profile)
    if name not in known:
        raise ConfigError((Problem(f"unknown profile {name!r}", _remedy(name, known)),))
    return name


def _at(rules: Chosen, profile: str) -> Chosen:
    if profile not in POINTS:
        problem = f"{profile} has no operating point of its own to decide another policy at"
        raise ConfigError((Problem(problem, f"Beside --policy, --profile is one of: {', '.join(POINTS)}."),))
    return Chosen(f"{rules.path.stem} at {profile}", rules.path, profile)


def _policy(policy: str) -> Chosen:
    path = Path(policy)
    if path.exists():
        return _named(path)
    folder = shipped() / PROFILES.get(SYNONYMS.get(policy, policy), policy)
    if "/" in policy or not (folder / FILE_NAME).is_file():
        problem = f"there is no policy {policy!r}: neither a file or folder nor a shipped one"
        raise ConfigError((Problem(problem, _remedy(policy, profiles())),))
    return _named(folder)


def _named(path: Path) -> Chosen:
    resolved = path.resolve()
    return Chosen(next((name for name, folder in profiles().items() if resolved == folder.resolve()), OWN), path)


def _remedy(name: str, known: Mapping[str, Path]) -> str:
    listed = "Known: " + ", ".join(known) + "."
    hint = remedy(name, known)
    return f"{hint} {listed}" if hint.startswith("Did") else listed
