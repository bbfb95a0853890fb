"""``mode:`` of a classify or refuse rule: ``enforce``, ``shadow`` or ``{canary: 5%}``."""

import re
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from gateway.policy.block import Block, wrong
from gateway.policy.vocabulary import nearest

_SHARE: Final = re.compile(r"(?:0*[1-9][0-9]?|0*[1-9]?[0-9]\.[0-9]{1,4})%")
_WORDS: Final = ("enforce", "shadow")
_HOW: Final = "Write `enforce`, `shadow`, or `{canary: 5%}`."


class CanaryBlock(Block):
    """``{canary: 5%}``: enforced for this share of requests, watched for the others."""

    canary: str = Field(description="The share of requests for which the rule is enforced, such as `5%`.")

    @property
    def share(self) -> float:
        """From 0 to 1, neither included."""
        return float(self.canary.removesuffix("%")) / 100


def _mode(value: Any) -> Any:
    if isinstance(value, str):
        if value in _WORDS:
            return value
        close = nearest(value, (*_WORDS, "canary"))
        raise wrong(f"unknown mode {value!r}", f"Did you mean `{close}`? {_HOW}" if close else _HOW)
    if not isinstance(value, dict) or value.keys() != {"canary"}:
        raise wrong("not a mode", _HOW)
    share = value["canary"]
    if not isinstance(share, str) or not _SHARE.fullmatch(share) or float(share[:-1]) == 0:
        raise wrong("the share of a canary is not between 0% and 100%", "Write a percentage such as `{canary: 5%}`.")
    return value


RuleMode: TypeAlias = Annotated[Literal["enforce", "shadow"] | CanaryBlock, BeforeValidator(_mode)]
