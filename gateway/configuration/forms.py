"""The forms of single values in gateway.yaml, and what its mappings have in common.

Unknown names are errors, values are frozen, and no error shows an input.
"""

from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

PATTERNS: Final = {
    "name": r"^[a-z][a-z0-9-]{0,47}$",
    "id": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
    "model": r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,255}$",
    "hash": r"^hmac-sha256:[0-9a-f]{64}$",
    "variable": r"^[A-Za-z_][A-Za-z0-9_]{0,127}$",
    "host": r"^[A-Za-z0-9_.:-]{1,253}$",
    "module": r"^[A-Za-z_][A-Za-z0-9_]{0,127}(\.[A-Za-z_][A-Za-z0-9_]{0,127})*$",
    "date": r"^\d{4}-\d{2}-\d{2}$",
}
"""The forms of text values, by what they hold. ``complaints.py`` says each in words."""


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")  # noqa: TRY004  pydantic collects ValueError alone
    return value


Name = Annotated[str, StringConstraints(pattern=PATTERNS["name"])]
KeyId = Annotated[str, StringConstraints(pattern=PATTERNS["id"])]
ModelName = Annotated[str, StringConstraints(pattern=PATTERNS["model"])]
Label = Annotated[str, StringConstraints(pattern=PATTERNS["id"])]
KeyHash = Annotated[str, StringConstraints(pattern=PATTERNS["hash"])]
Variable = Annotated[str, StringConstraints(pattern=PATTERNS["variable"])]
Host = Annotated[str, StringConstraints(pattern=PATTERNS["host"])]
ModuleName = Annotated[str, StringConstraints(pattern=PATTERNS["module"])]
Seconds = Annotated[float, BeforeValidator(_number), Field(gt=0, le=3600, allow_inf_nan=False)]
Whole = Annotated[int, BeforeValidator(_number)]
Count = Annotated[Whole, Field(ge=1, le=1_000_000_000)]


class Part(BaseModel):
    """One mapping of gateway.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
