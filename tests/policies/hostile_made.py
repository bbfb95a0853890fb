"""Policy files that nobody should be able to start with, made from tables: ``made()`` is name to bytes.

Files that are better read as files stand in ``hostile/``. To see one of these:
``python tests/policies/hostile_made.py NAME``.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Final

HEAD: Final = "version: 1\nname: mine\nlabels: [public, internal, restricted]\n"
RULE: Final = "classify:\n  - {id: cards, when: {entities: {any_of: [CREDIT_CARD]}}, label: restricted}\n"
OPEN: Final = HEAD + RULE
"""A whole policy that lets a clean request out: what a hostile file must not be read as."""


def _asking(condition: str) -> str:
    return f"{HEAD}classify:\n  - {{id: it, when: {{{condition}}}, label: restricted}}\n"


VALUES: Final = {
    "null": "null",
    "true": "true",
    "seven": "7",
    "negative": "-1",
    "fraction": "1.5",
    "words": "some words!",
    "list": "[1]",
    "nested-list": "[[[]]]",
    "mapping": "{a: 1}",
    "nan": ".nan",
    "infinite": "1e999",
    "date": "2023-06-01",
    "huge": "9" * 4000,
}
"""What is written where something else belongs."""

PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "version": (f"version: @\nname: mine\nlabels: [a, b]\n{RULE}", ""),
    "name": (f"version: 1\nname: @\nlabels: [public, restricted]\n{RULE}", ""),
    "labels": (f"version: 1\nname: mine\nlabels: @\n{RULE}", ""),
    "a-label": (f"version: 1\nname: mine\nlabels: [public, @, restricted]\n{RULE}", ""),
    "profile": (f"{OPEN}profile: @\n", ""),
    "coverage": (f"{OPEN}coverage: @\n", "null"),
    "accept": (f"{OPEN}coverage: {{accept: @}}\n", ""),
    "judge": (f"{OPEN}judge: @\n", "null"),
    "band": (f"{OPEN}judge: {{mode: always, band: @}}\n", "null"),
    "questions": (f"{OPEN}judge: {{mode: always, questions: @}}\n", "seven"),
    "timeout": (f"{OPEN}judge: {{mode: always, timeout_ms: @}}\n", ""),
    "classify": (f"{HEAD}classify: @\n", "null"),
    "a-rule": (f"{HEAD}classify: [@]\n", ""),
    "id": (f"{HEAD}classify: [{{id: @, when: always, label: public}}]\n", ""),
    "label": (f"{HEAD}classify: [{{id: it, when: always, label: @}}]\n", ""),
    "when": (f"{HEAD}classify: [{{id: it, when: @, label: public}}]\n", ""),
    "entities": (f"{HEAD}classify: [{{id: it, when: {{entities: @}}, label: restricted}}]\n", ""),
    "any-of": (f"{HEAD}classify: [{{id: it, when: {{entities: {{any_of: @}}}}, label: restricted}}]\n", ""),
    "min-score": (
        f"{HEAD}classify: [{{id: it, when: {{entities: {{any_of: CREDIT_CARD, min_score: @}}}}, label: restricted}}]\n",
        "",
    ),
    "min-count": (
        f"{HEAD}classify: [{{id: it, when: {{entities: {{any_of: CREDIT_CARD, min_count: @}}}}, label: restricted}}]\n",
        "seven",
    ),
    "not": (f"{HEAD}classify: [{{id: it, when: {{not: @}}, label: restricted}}]\n", ""),
    "all": (f"{HEAD}classify: [{{id: it, when: {{all: @}}, label: restricted}}]\n", ""),
    "stream": (f"{HEAD}classify: [{{id: it, when: {{stream: @}}, label: restricted}}]\n", "true"),
    "tokens": (f"{HEAD}classify: [{{id: it, when: {{tokens: {{over: @}}}}, label: restricted}}]\n", "seven"),
    "refuse": (f"{OPEN}refuse: @\n", "null"),
    "message": (f"{OPEN}refuse: [{{id: no, when: always, message: @}}]\n", "words nan infinite date"),
    "code": (f"{OPEN}refuse: [{{id: no, when: always, message: No., code: @}}]\n", ""),
    "route": (f"{OPEN}route: @\n", "null"),
    "to": (f"{OPEN}route: [{{to: @}}]\n", "date infinite"),
    "switch": (f"{OPEN}route: [{{to: local, on_unavailable: @}}]\n", ""),
}
"""Where each of the values is written, and which of them may stand there (or be empty): those are left out."""

WRITTEN: Final[Mapping[str, str]] = {
    "only-comment-then-junk": "# nothing\n}{\n",
    "a-list": "- version: 1\n- name: mine\n",
    "a-word": "everything\n",
    "a-number": "1\n",
    "a-boolean": "true\n",
    "null": "null\n",
    "tilde": "~\n",
    "empty-mapping": "{}\n",
    "tab-indented": f"{HEAD}classify:\n\t- id: a\n",
    "tab-in-flow-rule": f"{HEAD}classify:\n  - id: a\n\twhen: always\n",
    "same-key-twice": f"{OPEN}classify: []\n",
    "same-key-in-a-rule": f"{HEAD}classify: [{{id: a, when: always, label: restricted, label: public}}]\n",
    "same-label-twice": "version: 1\nname: mine\nlabels: [a, b, a]\n" + RULE,
    "same-id-twice": f"{OPEN}  - {{id: cards, when: always, label: public}}\n",
    "same-key-quoted": f'{OPEN}"classify": []\n',
    "two-documents": f"{OPEN}---\n{HEAD}",
    "two-documents-the-first-empty": f"---\n---\n{OPEN}",
    "three-documents": "---\n" * 3 + OPEN,
    "document-end-and-more": f"{OPEN}...\nclassify: []\n",
    "yaml-directive-2": f"%YAML 2.0\n---\n{OPEN}",
    "tag-directive": f"%TAG ! tag:example.org,2026:\n---\n{HEAD}classify: !rules []\n",
    "python-object": f"{OPEN}about: !!python/object/apply:os.system ['true']\n",
    "python-name": f"{OPEN}about: !!python/name:os.system\n",
    "python-module": f"{OPEN}about: !!python/module:os\n",
    "python-tuple": f"version: 1\nname: mine\nlabels: !!python/tuple [public, restricted]\n{RULE}",
    "ruby-object": f"{OPEN}about: !ruby/object:Gem::Installer {{}}\n",
    "java-object": f"{OPEN}about: !!javax.script.ScriptEngineManager []\n",
    "binary-tag": f"{OPEN}about: !!binary aGVsbG8=\n",
    "set-tag": f"{HEAD}classify: !!set {{a, b}}\n",
    "omap-tag": f"{HEAD}classify: !!omap [a: 1]\n",
    "str-tag": f"version: !!int 1\nname: mine\nlabels: [a, b]\n{RULE}",
    "include-tag": f"{HEAD}classify: !include policy.yaml\n",
    "include-key": f"include: policy.yaml\n{OPEN}",
    "extends-itself": f"extends: mine\n{OPEN}",
    "env-tag": f"{HEAD}classify: !env CLASSIFY\n",
    "merge-key": f"{HEAD}classify:\n  - <<: {{id: a, when: always}}\n    label: public\n",
    "merge-of-an-anchor": f"base: &b {{id: a, when: always}}\n{HEAD}classify:\n  - <<: *b\n    label: public\n",
    "anchor-unused": f"version: 1\nname: &n mine\nlabels: [public, restricted]\n{RULE}",
    "anchor-and-alias": f"version: 1\nname: mine\nlabels: &l [public, restricted]\nabout: *l\n{RULE}",
    "alias-of-nothing": f"{HEAD}classify: *rules\n",
    "alias-of-itself": f"{HEAD}classify: &c [*c]\n",
    "alias-of-itself-in-a-mapping": f"{HEAD}classify: &c {{a: *c}}\n",
    "alias-as-a-key": f"&k name: mine\n*k : other\nversion: 1\nlabels: [a, b]\n{RULE}",
    "list-as-a-key": f"? [a, b]\n: 1\n{OPEN}",
    "mapping-as-a-key": f"? {{a: b}}\n: 1\n{OPEN}",
    "number-as-a-key": f"1: x\n{OPEN}",
    "boolean-as-a-key": f"true: x\n{OPEN}",
    "null-as-a-key": f"null: x\n{OPEN}",
    "empty-key": f": x\n{OPEN}",
    "on-as-a-key": f"on: x\n{OPEN}",
    "key-with-a-space-behind": f'"labels ": [a]\n{OPEN}',
    "key-in-other-letters": f"\u0441lassify: []\n{HEAD}",
    "key-in-capitals": f"{HEAD}CLASSIFY: []\n",
    "key-with-a-zero-width-space": f"classify\u200b: []\n{HEAD}",
    "key-with-an-escape": f'"\\e[31mclassify": []\n{OPEN}',
    "key-with-a-line-break": f'"class\\nify": []\n{OPEN}',
    "key-with-a-nul": f'"class\\0ify": []\n{OPEN}',
    "label-with-a-nul": f'version: 1\nname: mine\nlabels: ["a\\0", b]\n{RULE}',
    "label-with-an-escape": f'version: 1\nname: mine\nlabels: ["\\e[2J", b]\n{RULE}',
    "label-with-a-bidi-mark": f"version: 1\nname: mine\nlabels: [\u202epublic, restricted]\n{RULE}",
    "labels-that-are-numbers": f"version: 1\nname: mine\nlabels: [1, 2, 3]\n{RULE}",
    "labels-that-are-booleans": f"version: 1\nname: mine\nlabels: [true, false]\n{RULE}",
    "labels-that-are-dates": f"version: 1\nname: mine\nlabels: [2023-06-01, 2024-06-01]\n{RULE}",
    "labels-in-one-word": f"version: 1\nname: mine\nlabels: public\n{RULE}",
    "label-of-no-policy": f"{HEAD}classify: [{{id: a, when: always, label: secret}}]\n",
    "label-in-capitals": f"{HEAD}classify: [{{id: a, when: always, label: Restricted}}]\n",
    "version-as-text": OPEN.replace("version: 1", 'version: "1"'),
    "version-as-a-fraction": OPEN.replace("version: 1", "version: 1.0"),
    "version-as-true": OPEN.replace("version: 1", "version: true"),
    "version-octal": OPEN.replace("version: 1", "version: 0o1"),
    "version-hexadecimal": OPEN.replace("version: 1", "version: 0x1"),
    "version-in-base-60": OPEN.replace("version: 1", "version: 0:0:1"),
    "stream-as-yes": f"{HEAD}classify: [{{id: a, when: {{stream: yes}}, label: restricted}}]\n",
    "tools-as-off": f"{HEAD}classify: [{{id: a, when: {{tools: off}}, label: restricted}}]\n",
    "score-as-text": _asking('entities: {any_of: CREDIT_CARD, min_score: "0"}'),
    "score-of-a-comma": _asking("entities: {any_of: CREDIT_CARD, min_score: 0,4}"),
    "negated-finding": _asking("not: {entities: {any_of: [CREDIT_CARD]}}"),
    "twice-negated-finding": _asking("not: {not: {coverage: incomplete}}"),
    "accepts-an-error": f"{OPEN}coverage: {{accept: [detector_error]}}\n",
    "accepts-everything": f"{OPEN}coverage: {{accept: ['*']}}\n",
    "route-by-finding": f"{OPEN}route: [{{when: {{entities: {{any_of: [CREDIT_CARD]}}}}, to: [external]}}]\n",
    "own-id-like-a-builtin": f"{HEAD}classify: [{{id: builtin-no-rules, when: always, label: public}}]\n",
    "clearance-in-the-policy": f"{OPEN}backends: {{gpt: {{clearance: restricted}}}}\n",
    "default-label": f"{OPEN}default: public\n",
    "lowering-rule": f"{HEAD}classify: [{{id: a, when: always, label: public, lower: true}}]\n",
    "code-in-a-condition": f"{HEAD}classify: [{{id: a, when: {{python: 'True'}}, label: public}}]\n",
    "template": f"{HEAD}classify:\n{{{{ rules }}}}\n",
    "unclosed-list": f"{HEAD}classify: [\n",
    "unclosed-mapping": f"{HEAD}classify: [{{id: a\n",
    "unclosed-quote": f'{OPEN}about: "no end\n',
    "unclosed-single-quote": f"{OPEN}about: 'no end\n",
    "closed-too-often": f"{HEAD}classify: []]\n",
    "bad-escape": f'{OPEN}about: "\\q"\n',
    "bad-indent": f"{HEAD}classify:\n   - id: a\n  - id: b\n",
    "colon-in-a-word": f"{OPEN}about: this: that\n",
    "at-sign": f"{OPEN}about: @here\n",
    "backtick": f"{OPEN}about: `here`\n",
    "percent": f"{OPEN}%about: here\n",
    "block-scalar-indent": f"{OPEN}about: |99\n  x\n",
    "only-a-bracket": "[",
    "only-a-brace": "{",
    "only-a-quote": '"',
    "only-a-tab": "\t",
    "only-a-dash": "-",
    "only-a-question-mark": "?",
    "only-a-star": "*",
    "only-an-ampersand": "&",
    "only-an-exclamation-mark": "!",
    "only-a-percent": "%",
    "only-a-pipe": "|",
    "json-with-a-comment": '{"version": 1, // no\n"name": "mine"}',
    "toml": 'version = 1\nname = "mine"\n',
    "html": "<!doctype html>\n<html><body>Not found</body></html>\n",
    "git-conflict": f"<<<<<<< HEAD\n{OPEN}=======\n{HEAD}>>>>>>> other\n",
    "diff": f"+{HEAD}-classify: []\n",
    "shell": "#!/bin/sh\nrm -rf /\n",
}

SMALL: Final[Mapping[str, bytes]] = {
    "nul": b"\0",
    "nul-behind": OPEN.encode() + b"\0",
    "nul-within": OPEN.replace("cards", "ca\0rds").encode(),
    "bell": b"about: \x07\n" + OPEN.encode(),
    "delete": b"about: \x7f\n" + OPEN.encode(),
    "c1-control": "about: \x9b31m\n".encode() + OPEN.encode(),
    "latin-1": OPEN.encode() + b"about: caf\xe9\n",
    "cut-utf-8": OPEN.encode() + b"about: \xe2\x82",
    "overlong-utf-8": OPEN.encode() + b"about: \xc0\xaf\n",
    "surrogate": OPEN.encode() + b"about: \xed\xa0\x80\n",
    "utf-16": OPEN.encode("utf-16"),
    "utf-16-le": OPEN.encode("utf-16-le"),
    "utf-16-be": OPEN.encode("utf-16-be"),
    "utf-32": OPEN.encode("utf-32"),
    "ebcdic": OPEN.encode("cp500"),
    "half-a-mark": b"\xef\xbb" + OPEN.encode(),
    "marks-within": OPEN.replace("classify", "\ufeffclassify").encode(),
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0" + bytes(range(256)),
    "elf": b"\x7fELF\x02\x01\x01" + b"\0" * 64,
    "random": bytes((n * 131 + 7) % 256 for n in range(5000)),
    "only-a-mark": b"\xef\xbb\xbf",
    "only-spaces": b"   \n  \n",
    "only-line-breaks": b"\r\n" * 20,
    "only-dashes": b"---\n",
    "only-an-end": b"...\n",
    "empty": b"",
}


def _bomb(levels: int, width: int) -> str:
    rows = ["a0: &a0 [" + ",".join("x" * width) + "]"]
    rows += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(rows) + "\n" + OPEN


def _rules(one: str, count: int) -> str:
    return HEAD + "classify:\n" + "".join(one.replace("#", str(n)) for n in range(count))


def large() -> Iterator[tuple[str, str]]:
    """What is large, deep or multiplies itself."""
    yield "bomb-of-aliases", _bomb(9, 9)
    yield "bomb-of-many-levels", _bomb(60, 2)
    yield "aliases-in-a-row", f"a: &a x\nabout: [{','.join(['*a'] * 50_000)}]\n{OPEN}"
    yield "anchors-in-a-row", HEAD + "".join(f"a{n}: &n{n} 1\n" for n in range(20_000))
    yield "tags-in-a-row", HEAD + "".join(f"a{n}: !t{n} 1\n" for n in range(20_000))
    yield "documents-in-a-row", OPEN + "---\n" * 500_000
    for name, opening in (
        ("lists", "["),
        ("mappings", "{a: "),
        ("dashes", "- "),
        ("questions", "? "),
        ("keys", "[a: "),
    ):
        yield f"deep-{name}", f"{HEAD}classify: " + opening * 100_000
    yield "deep-blocks", HEAD + "".join(" " * n + "a:\n" for n in range(1500))
    yield (
        "deep-all",
        f"{HEAD}classify: [{{id: a, label: public, when: " + "{all: [" * 500 + "always" + "]}" * 500 + "}]",
    )
    yield "deep-not", f"{HEAD}classify: [{{id: a, label: public, when: " + "{not: " * 500 + "always" + "}" * 500 + "}]"
    for name, letters in (
        ("word", "x"),
        ("digits", "9"),
        ("stars", "*"),
        ("tabs", "\t"),
        ("colons", ":"),
        ("dots", "."),
    ):
        yield f"huge-{name}", f"{OPEN}profile: {letters * 3_000_000}\n"
    yield "huge-quoted", f'{OPEN}profile: "{"x" * 3_000_000}"\n'
    yield "huge-escaped", f'{OPEN}profile: "{chr(92) + "n" * 1}{(chr(92) + "x41") * 700_000}"\n'
    yield "huge-folded", f"{OPEN}profile: >\n" + "  x\n" * 700_000
    yield "huge-key", f"{OPEN}{'k' * 1000}: 1\n"
    yield "huge-key-quoted", f'{OPEN}? "{"k" * 2_000_000}"\n: 1\n'
    yield "huge-name", f"version: 1\nname: {'n' * 2_000_000}\nlabels: [a, b]\n{RULE}"
    yield "huge-label", f"{HEAD}classify: [{{id: a, when: always, label: {'l' * 2_000_000}}}]\n"
    yield (
        "huge-entity",
        f"{HEAD}classify: [{{id: a, when: {{entities: {{any_of: {'E' * 2_000_000}}}}}, label: public}}]\n",
    )
    yield "huge-backend", f"{OPEN}route: [{{to: {'b' * 2_000_000}}}]\n"
    yield "huge-pattern", f"{HEAD}classify: [{{id: a, when: {{model: '{'*a' * 500_000}'}}, label: public}}]\n"
    yield "too-many-bytes", OPEN + "#" * 5_000_000
    yield "many-labels", f"version: 1\nname: mine\nlabels: [{','.join(f'l{n}' for n in range(50_000))}]\n"
    yield "many-keys", HEAD + "".join(f"key{n}: 1\n" for n in range(29_000))
    yield "many-equal-keys", HEAD + "about: x\n" * 29_000
    yield "many-values", HEAD + f"about: [{','.join('1' * 150_000)}]\n"
    yield "many-rules", _rules("- {id: a#, when: always, label: public}\n", 7000)
    yield "many-equal-rules", _rules("- {id: a, when: always, label: public}\n", 4900)
    yield "many-unknown-labels", _rules("- {id: a#, when: always, label: l#}\n", 4900)
    yield "many-empty-rules", _rules("- {}\n", 4900)
    yield "many-null-rules", _rules("-\n", 4900)
    yield "many-numbers-as-rules", _rules("- 1\n", 50_000)
    names = ",".join(f"TYPE_{n}" for n in range(950))
    yield "many-unknown-types", _rules(f"- {{id: a#, when: {{entities: {{any_of: [{names}]}}}}, label: public}}\n", 60)
    yield (
        "one-long-list-of-types",
        _rules(f"- {{id: a, when: {{entities: {{any_of: [{','.join(['X'] * 50_000)}]}}}}}}\n", 1),
    )
    yield "one-long-list-of-conditions", _rules(f"- {{id: a, when: {{any: [{','.join(['{}'] * 50_000)}]}}}}\n", 1)
    yield "many-routes", OPEN + "route:\n" + "- {to: local}\n" * 9000


def made() -> dict[str, bytes]:
    """Every file of the tables, by name."""
    files: dict[str, bytes] = {}
    for place, (text, allowed) in PLACES.items():
        for value, written in VALUES.items():
            if value not in allowed.split():
                files[f"{place}-is-{value}"] = text.replace("@", written).encode()
    files |= {f"written-{name}": text.encode() for name, text in WRITTEN.items()}
    files |= {f"bytes-{name}": raw for name, raw in SMALL.items()}
    files |= {f"large-{name}": text.encode() for name, text in large()}
    return files


if __name__ == "__main__":
    sys.stdout.buffer.write(made()[sys.argv[1]])
