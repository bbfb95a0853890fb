"""Which policy a name means. A profile is an operating point: the shipped policy of that name."""

from collections.abc import Mapping
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
OWN: Final = "policy"
"""What results of a policy that is no profile are called."""


def profiles() -> dict[str, Path]:
    """Every profile whose policy is there, with its folder."""
    return {name: shipped() / folder for name, folder in PROFILES.items() if (shipped() / folder / FILE_NAME).is_file()}


def chosen(profile: str | None, policy: str | None, configured: Path | None = None) -> tuple[str, Path]:
    """The name under which results stand and the policy to decide with; ``balanced`` when nothing is asked for.

    ``policy``: the name of a shipped policy, a folder or a file. ``configured``: the policy of a gateway.yaml, used
    when neither of the others is given. Raises ConfigError for an unknown name, and for both at once.
    """
    if profile is not None and policy is not None:
        raise ConfigError((_both(),))
    if policy is not None:
        return _policy(policy)
    if profile is None and configured is not None:
        return _named(configured)
    known = profiles()
    name = SYNONYMS.get(profile or "balanced", profile or "balanced")
    if name not in known:
        raise ConfigError((Problem(f"unknown profile {name!r}", _remedy(name, known)),))
    return name, known[name]


def _both() -> Problem:
    """Rules of one policy at the operating point of another profile: not until a policy can say its profile."""
    return Problem(
        "--profile and --policy cannot be given together", "A profile is a shipped policy: give one of the two."
    )


def _policy(policy: str) -> tuple[str, Path]:
    known = profiles()
    path = Path(policy)
    if path.exists():
        return _named(path)
    folder = shipped() / PROFILES.get(SYNONYMS.get(policy, policy), policy)
    if "/" in policy or not (folder / FILE_NAME).is_file():
        problem = f"there is no policy {policy!r}: neither a file or folder nor a shipped one"
        raise ConfigError((Problem(problem, _remedy(policy, known)),))
    return _named(folder)


def _named(path: Path) -> tuple[str, Path]:
    resolved = path.resolve()
    return next((name for name, folder in profiles().items() if resolved == folder.resolve()), OWN), path


def _remedy(name: str, known: Mapping[str, Path]) -> str:
    listed = "Known: " + ", ".join(known) + "."
    hint = remedy(name, known)
    return f"{hint} {listed}" if hint.startswith("Did") else listed
