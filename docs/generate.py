"""Writes the reference pages that are facts of the code: settings, metrics, commands, errors. ``make docs`` runs it.

A test holds that the pages in the tree are what this would write, so that they cannot drift from the product.
"""

import inspect
import json
import typing
from collections.abc import Iterator
from pathlib import Path

import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway import errors
from gateway.cli import app
from gateway.configuration.shape import Settings
from gateway.inspection.detectors.catalogue import load_catalogue
from gateway.policy.reference import reference
from gateway.policy.vocabulary import Vocabulary
from gateway.telemetry.metrics import METRICS

DOCS = Path(__file__).parent
HEADER = "<!-- Written by `make docs` from the code. Do not edit. -->\n\n"


def pages() -> dict[str, str]:
    """File name to content."""
    return {
        "configuration.md": HEADER + "".join(_configuration()),
        "metrics.md": HEADER + "".join(_metrics()),
        "cli.md": HEADER + "".join(_commands()),
        "errors.md": HEADER + "".join(_errors()),
        "policies-reference.md": HEADER + "".join(_policies()),
    }


def _configuration() -> Iterator[str]:
    yield (
        "# Configuration\n\n"
        "`gateway.yaml`, found as `--config`, `GATEWAY_CONFIG` or `./gateway.yaml`. Every value can be overridden by a\n"
        "variable: its path in capitals, joined by two underscores, after `GATEWAY_`, such as `GATEWAY_SERVER__PORT`;\n"
        "a backend is addressed by its name: `GATEWAY_BACKENDS__MY_GPT__BASE_URL` for `my-gpt`; lists and mappings are\n"
        "JSON. Secrets come from variables or files only: one written into the file ends the start. So does a name that is\n"
        "not listed here. Complete examples are in `deploy/examples/`.\n\n"
        "| setting | default | what it is |\n|---|---|---|\n"
    )
    for path, field in _settings(Settings, ""):
        default = "required" if field.is_required() else f"`{_default(field)}`"
        yield f"| `{path}` | {default} | {field.description} |\n"


def _settings(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is None:
            yield prefix + name, field
            continue
        many = typing.get_origin(field.annotation) is tuple
        yield from _settings(inner, f"{prefix}{name}{'[]' if many else ''}.")


def _model_in(annotation: object) -> type[BaseModel] | None:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in typing.get_args(annotation) if (found := _model_in(part))), None)


def _default(field: FieldInfo) -> str:
    """As one would write it in YAML."""
    value = field.default
    if value is None:
        return "unset"
    return json.dumps(value) if isinstance(value, bool | dict | tuple) else str(value)


def _metrics() -> Iterator[str]:
    yield "# Metrics\n\n`GET /metrics`, Prometheus text format. Labels come from closed sets; no value is a client's.\n\n"
    yield "| metric | type | labels | what it counts |\n|---|---|---|---|\n"
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels) or "–"
        yield f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |\n"


def _policies() -> Iterator[str]:
    catalogue = load_catalogue()
    yield from reference(Vocabulary(catalogue.entity_types, catalogue.groups), catalogue.about)


def _commands() -> Iterator[str]:
    yield (
        "# Commands\n\nTables by default, `--json` for programs. Exit codes: 0 done; 1 done, and the answer is no (a probe failed,\n"
        "not ready, something leaked); 2 wrong usage or configuration that must not be started with.\n"
    )
    yield from _command_pages(typer.main.get_command(app), "gateway")


def _command_pages(command: object, name: str) -> Iterator[str]:
    for child_name, child in getattr(command, "commands", {}).items():
        full = f"{name} {child_name}"
        if hasattr(child, "commands"):
            yield from _command_pages(child, full)
            continue
        yield f"\n## `{full}`\n\n{inspect.cleandoc(child.help or '')}\n"
        rows = [row for parameter in child.params if (row := _parameter(parameter))]
        if rows:
            yield "\n| option | what it does |\n|---|---|\n" + "".join(rows)


def _parameter(parameter: object) -> str:
    names = [*getattr(parameter, "opts", ()), *getattr(parameter, "secondary_opts", ())]
    shown = (
        ", ".join(f"`{name}`" for name in names if name.startswith("-"))
        or f"`{getattr(parameter, 'name', '').upper()}`"
    )
    text = getattr(parameter, "help", None) or ""
    return "" if "--help" in names else f"| {shown} | {text} |\n"


def _errors() -> Iterator[str]:
    yield (
        '# Errors\n\nEvery error has OpenAI\'s shape: `{"error": {"message", "type", "param", "code"}}`, and the headers\n'
        "`x-request-id` and `x-should-retry`. The message says what happened, where and what to do; nothing of the request is\n"
        'repeated in it. An error after a stream has begun comes as an event `data: {"error": …}`, and no `[DONE]` follows.\n\n'
        "| status | type | code | when |\n|---|---|---|---|\n"
    )
    for error in _family(errors.GatewayError):
        first = (error.__doc__ or "").split("\n\n")[0].replace("\n    ", " ")
        status = "4xx" if error is errors.UpstreamRejected else int(error.status)
        yield f"| {status} | `{error.type}` | `{error.code}` | {first} |\n"
    yield "".join(
        f"| {status} | `{type_}` | `{code}` | {when} |\n" for status, type_, code, when in errors.FURTHER_CODES
    )


def _family(error: type[errors.GatewayError]) -> Iterator[type[errors.GatewayError]]:
    for child in error.__subclasses__():
        if child is not errors.ClientError:
            yield child
        yield from _family(child)


if __name__ == "__main__":
    for file, content in pages().items():
        (DOCS / file).write_text(content, encoding="utf-8")
        print(f"wrote docs/{file}")
