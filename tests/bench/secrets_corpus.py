"""Texts that hold one made-up credential each: every kind of ``secrets_kinds`` in the places where people paste it.

Carriers marked ``held`` are for the figures only: whoever changes a rule looks at the misses of the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.bench.secrets_kinds import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Sample:
    """One text. ``secret`` is the value in it, empty where there is none."""

    kind: str
    carrier: str
    held: bool
    text: str
    secret: str


# {v} the value; the label as snake_case {s}, UPPER_CASE {u}, camelCase {c}, kebab-case {k} and in words {w}.
LABELLED = {
    "env": "# staging\nNODE_ENV=production\n{u}={v}\nPORT=8080",
    "python": 'import client\n\n{s} = "{v}"\nclient.connect({s})',
    "javascript": "const {c} = '{v}';\nexport default {c};",
    "json": '{{"region": "eu", "{c}": "{v}", "retries": 3}}',
    "yaml": "service:\n  name: orders\n  {s}: {v}\n  replicas: 2",
    "export": "export {u}='{v}'\n./run.sh",
    "flag": "deployer push --{k} {v} --region eu-west-1",
    "flag-equals": "deployer push --{k}={v} --verbose",
    "header": "curl -s -H 'X-{k}: {v}' https://api.corp.lan/v2/items",
    "log": "2026-03-02T10:11:12Z ERROR auth refused {s}={v} status=401 in 33ms",
    "prose": "Hi, the {w} for staging is {v} and it stopped working yesterday. Any idea?",
    "prose-colon": "Here is our {w}: {v}",
    "query": "GET https://api.corp.lan/v1/items?page=2&{s}={v}&sort=asc",
}
HELD_LABELLED = {
    "java": 'public class Config {{\n    private static final String {u} = "{v}";\n}}',
    "go": 'func main() {{\n\t{c} := "{v}"\n\tuse({c})\n}}',
    "php": "<?php\n$config['{s}'] = '{v}';",
    "ruby": "config.{s} = '{v}'",
    "csharp": 'var settings = new Settings {{ {c} = "{v}" }};',
    "toml": '[auth]\n{s} = "{v}"\ntimeout = 30',
    "ini": "[default]\n{s} = {v}\noutput = json",
    "dockerfile": "FROM alpine\nENV {u} {v}\nCMD run",
    "compose": "    environment:\n      - {u}={v}\n      - TZ=UTC",
    "xml": '<appSettings><add key="{c}" value="{v}" /></appSettings>',
    "properties": "spring.client.{k}={v}",
    "table": "| setting | value |\n|---|---|\n| {w} | {v} |",
    "traceback": "KeyError: 'id'\nlocals: {{'self': <Client>, '{s}': '{v}', 'retries': 3}}",
    "german": "Unser {w} lautet {v}, damit kommt aber ein 401 zurück.",
    "french": "Bonjour, la {w} est {v} mais l'appel échoue.",
    "spanish": "La {w} es {v}, ¿por qué falla?",
    "powershell": '$env:{u} = "{v}"',
    "fish": "set -x {u} {v}",
    "terraform": 'provider "x" {{\n  {s} = "{v}"\n}}',
    "call": "client = Client(region='eu', {s}='{v}', timeout=3)",
}
BARE = {
    "alone": "{v}",
    "question": "Is this still valid?\n\n{v}\n\nI get a 403.",
    "bearer": "curl https://api.corp.lan/v1/me -H 'Authorization: Bearer {v}'",
    "argument": "await connect('{v}', {{ retries: 2 }})",
}
HELD_BARE = {
    "list": "- host: a.corp.lan\n- {v}\n- eu-west-1",
    "sentence": "Bitte prüfe, ob {v} abgelaufen ist.",
    "quoted": "> On Monday Li wrote:\n> use {v} for now\n\nShould I rotate it?",
    "csv": "id,owner,value\n7,ada,{v}",
    "backticks": "What does `{v}` give access to?",
}
BLOCKS = {"alone": "{v}", "asked": "Why does this not work?\n\n{v}", "fenced": "Please review:\n```\n{v}\n```\nThanks!"}
HELD_BLOCKS = {
    "quoted": "From the ticket:\n\n    {v}\n\nAny idea what is wrong?",
    "after": "{v}\n\nThis is what I have so far. What next?",
}


def samples(seed: int = 1, each: int = 3) -> Iterator[Sample]:
    """``each`` values of every kind in every carrier that suits it. The same ones for the same seed."""
    for kind in KINDS:
        rng = Random(f"{seed}/{kind.name}")
        for held, carrier, form in _carriers(kind):
            for _ in range(each):
                value = kind.make(rng)
                yield Sample(kind.name, carrier, held, _filled(form, kind.label, value), value)


def _carriers(kind: Kind) -> Iterator[tuple[bool, str, str]]:
    if kind.block:
        groups = [(False, BLOCKS), (True, HELD_BLOCKS)]
    else:
        groups = [(False, LABELLED), (True, HELD_LABELLED)]
        groups += [(False, BARE), (True, HELD_BARE)] if kind.bare else []
    for held, forms in groups:
        for name, form in forms.items():
            yield held, name, form


def _filled(form: str, label: str, value: str) -> str:
    words = label.split() or ["value"]
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    return form.format(
        v=value, s="_".join(words), u="_".join(words).upper(), c=camel, k="-".join(words), w=" ".join(words)
    )
