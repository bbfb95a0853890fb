"""A process that decides rows: ``python -m gateway.evaluation.worker``. One JSON value per line, in and out.

First a recipe comes in and ``{"ready": ...}`` or ``{"problems": [...]}`` goes out; then a row in, an outcome out. What
fails is told by the name of its exception alone: a traceback could quote a row.
"""

import asyncio
import logging
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import ConfigError, Problem
from gateway.evaluation.decider import Decider, Recipe
from gateway.evaluation.judging import JudgeAt, Judging, judging
from gateway.evaluation.presidio import PresidioSide
from gateway.evaluation.rows import Row


def recipe_line(recipe: Recipe) -> bytes:
    """A recipe as the first line."""
    policies = {name: str(path) for name, path in recipe.policies.items()}
    return _line(
        {
            "policies": policies,
            "config": str(recipe.config) if recipe.config else None,
            "compare": recipe.compare,
            "profile": recipe.profile,
            "judge": asdict(recipe.judge) if recipe.judge else None,
        }
    )


def recipe_of(value: Mapping[str, Any]) -> Recipe:
    """What ``recipe_line`` wrote."""
    judge = value["judge"]
    return Recipe(
        {name: Path(path) for name, path in value["policies"].items()},
        Path(value["config"]) if value["config"] else None,
        value["compare"],
        value["profile"],
        JudgeAt(judge["url"], judge["model"], tuple(judge["listed_hosts"])) if judge else None,
    )


def row_line(row: Row) -> bytes:
    """A row as one of the lines that follow. Only what decides about it: the verdict on it stays outside."""
    return _line({"text": row.text, "spans": row.spans})


def problems_of(answer: Mapping[str, Any]) -> tuple[Problem, ...]:
    """The problems that a process answered with; none: it is ready, or has decided."""
    return tuple(
        Problem(one["message"], one["remedy"], Path(one["file"]) if one["file"] else None, one["line"])
        for one in answer.get("problems", ())
    )


def main() -> None:
    """Serve until the input ends."""
    logging.disable(logging.CRITICAL)  # libraries log what they read
    try:
        with asyncio.Runner() as runner:
            runner.run(_serve())
    except ConfigError as error:
        problems = [
            {"message": one.message, "remedy": one.remedy, "file": one.file and str(one.file), "line": one.line}
            for one in error.problems
        ]
        _say({"problems": problems})
    except Exception as error:  # noqa: BLE001 - its type is told, its text could be a row's
        problem = f"deciding a row failed with {type(error).__name__}"
        _say({"problems": [{"message": problem, "remedy": "This is a defect.", "file": None, "line": None}]})


async def _serve() -> None:
    recipe = recipe_of(orjson.loads(sys.stdin.buffer.readline()))
    async with nullcontext() if recipe.judge is None else judging(recipe.judge) as judge:
        await _decide(recipe, judge)


async def _decide(recipe: Recipe, judge: Judging | None) -> None:
    decider = Decider(recipe)
    try:
        presidio = PresidioSide() if recipe.compare else None
        await decider.decide(Row("", _WARM, None, ""))  # what loads on first use is no row's cost
        if presidio is not None:
            presidio.compare(_WARM)
        _say({"ready": {name: _ready(decider, judge, name) for name in decider.policies}})
        for line in sys.stdin.buffer:
            asked = orjson.loads(line)
            row = Row("", asked["text"], None, "", spans=tuple((a, b, kind) for a, b, kind in asked["spans"]))
            outcome = (await decider.decide(row, judge)).as_json()
            compared = presidio.compare(row.text) if presidio is not None else None
            outcome["compared"] = compared and {"flagged": compared.flagged, "cpu_ms": compared.cpu_ms}
            _say(outcome)
    finally:
        decider.close()


def _ready(decider: Decider, judge: Judging | None, name: str) -> dict[str, Any]:
    policy = decider.policies[name]
    used = judge.used(policy).as_json() if judge is not None and decider.releases(name) else None
    return {"name": policy.name, "revision": policy.revision, "judge": used}


_WARM = "Please tell Jane Roe, 12 Example Street, that card 4111 1111 1111 1111 was charged."


def _say(value: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(_line(value))
    sys.stdout.buffer.flush()


def _line(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    main()
