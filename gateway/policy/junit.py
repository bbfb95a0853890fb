"""Results of probes as JUnit XML, which build servers show as tests. Names and labels of a policy, never a prompt."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring  # only written here, so nothing hostile is parsed

from gateway.policy.probes import ProbeRun

_FORBIDDEN: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(runs: Iterable[tuple[Path, ProbeRun]]) -> bytes:
    """One test suite for each policy and one test case for each probe; problems of a whole file are test cases, too."""
    top = Element("testsuites", name="gateway policy test")
    for folder, run in runs:
        suite = SubElement(top, "testsuite", name=f"{run.policy.name} {run.policy.revision}", errors="0", skipped="0")
        for one in run.results:
            file = folder / "probes.yaml"
            _case(suite, run.policy.name, one.name, f"{file}:{one.line}" if one.line else str(file), one.failures)
        for problem in run.problems:
            _case(suite, run.policy.name, problem.message, str(problem.file), (f"{problem.message} {problem.remedy}",))
        if not len(suite):
            _case(suite, run.policy.name, "there are no probes", str(folder), ("No probe was run.",))
        _count(suite, suite)
    _count(top, top)
    return bytes(tostring(top, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: Element, policy: str, name: str, file: str, failures: tuple[str, ...]) -> None:
    case = SubElement(suite, "testcase", classname=f"policy.{policy}", name=_clean(name), file=_clean(file))
    if failures:
        said = _clean("; ".join(failures))
        SubElement(case, "failure", message=said, type="probe").text = said


def _count(element: Element, into: Element) -> None:
    into.set("tests", str(sum(1 for _ in element.iter("testcase"))))
    into.set("failures", str(sum(1 for _ in element.iter("failure"))))


def _clean(text: str) -> str:
    """Without characters that XML cannot hold."""
    return _FORBIDDEN.sub("?", text)
