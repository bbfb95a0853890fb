"""The tables of ``gateway eval``, made from its JSON document: what a person reads is what a program gets."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.cli.output import Output

_COLUMNS: Final = ("rows", "sensitive", "general", "recall", "over-routing", "precision")
_MOST_TYPES: Final = 25


def show(document: Mapping[str, Any], output: Output) -> None:
    """Print everything, the answer first."""
    scored, confidence = document["scored"], document["confidence"]
    output.say(f"profile       {document['profile']}   policy {document['policy']} {document['revision']}")
    output.say(
        f"rows          {document['rows']:,}: {scored['sensitive']:,} sensitive, {scored['general']:,} general, "
        f"{scored['unscored']:,} not scored"
    )
    output.say(f"recall        {share(document['recall'], confidence['recall'])}   sensitive rows kept local")
    output.say(f"over-routing  {share(document['over_routing'], confidence['over_routing'])}   general rows kept local")
    output.say(
        f"precision     {share(document['precision'], confidence['precision'])}   kept rows that are sensitive\n"
    )
    if len(document["profiles"]) > 1:
        _groups("profile", document["profiles"], output)
    _groups("source", document["by_source"], output)
    _groups("language", document["by_language"], output)
    _judge(document["judge"], output)
    _types(document, output)
    _rules(document, output)
    _latency(document["latency"], output)
    _confusion("Missed: sensitive and yet not kept", document["confusion"]["missed"], output)
    _confusion("Needlessly kept: general and yet kept", document["confusion"]["needlessly_kept"], output)
    if "compare" in document:
        _compared(document, output)


def share(value: float | None, bounds: Sequence[float] | None = None) -> str:
    """``.866 (.776-.924)``: a share with its 95 % interval; a dash where there are no rows."""
    if value is None:
        return "-"
    return f"{_short(value)} ({_short(bounds[0])}–{_short(bounds[1])})" if bounds else _short(value)


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    confidence = one["confidence"]
    precision = share(one["precision"]) if one["sensitive"] and one["general"] else "-"
    kept = f" [{share(one['unscored_kept'])} of {one['unscored']:,} unscored kept]" if one["unscored"] else ""
    return (
        f"{one['rows']:,}{kept}",
        f"{one['sensitive']:,}",
        f"{one['general']:,}",
        share(one["recall"], confidence["recall"]),
        share(one["over_routing"], confidence["over_routing"]),
        precision,
    )


def _groups(what: str, groups: Mapping[str, Any], output: Output) -> None:
    if groups:
        output.table((what, *_COLUMNS), ((name, *_cells(one)) for name, one in groups.items()))
        output.say()


def _judge(judge: Mapping[str, Any] | None, output: Output) -> None:
    """Recall and over-routing without the judge and with it, of all rows and of each source."""
    if judge is None:
        output.say("judge         none was given: --judge URL[#MODEL] decides with one as well\n")
        return
    verdicts = ", ".join(f"{verdict} {count:,}" for verdict, count in judge["questions"].items())
    took = f"   {judge['question_ms']['mean']:,.0f} ms each (mean)" if judge["question_ms"] else ""
    output.say(f"judge         {judge['model']}   questions: {verdicts or 'none'}{took}")
    if judge["questions"] and not took:
        output.say("              no verdict counts: nobody answered, or the model judged the controls wrongly")
    rows = []
    for name, one in judge["profiles"].items():
        without, judged = one["off"], one[one["mode"]]
        doubt = f"{_short(one['band'][0])}–{_short(one['band'][1])}"
        said = f"{doubt}; rows asked about: {one['rows_asked']:,}"
        if one["rows_without_verdict"]:
            said += f", without verdict: {one['rows_without_verdict']:,}"
        rows.append((f"{name} ({said})", *_beside(without, judged)))
        rows += [
            (f"  {source}", *_beside(group, judged["by_source"][source]))
            for source, group in without["by_source"].items()
        ]
    modes = "/".join(dict.fromkeys(one["mode"] for one in judge["profiles"].values()))
    columns = ("rows", "recall: off", modes, "over-routing: off", modes)
    output.table(("profile (doubt between)", *columns), rows)
    output.say()


def _beside(without: Mapping[str, Any], judged: Mapping[str, Any]) -> tuple[str, ...]:
    shares = (one[key] for key in ("recall", "over_routing") for one in (without, judged))
    return f"{without['rows']:,}", *map(share, shares)


def _types(document: Mapping[str, Any], output: Output) -> None:
    found = list(document["by_entity_type"].items())
    rows = (
        (kind, str(one["rows"]), str(one["kept"]), _of(one, "sensitive"), _of(one, "general"))
        for kind, one in found[:_MOST_TYPES]
    )
    output.table(("found", "in rows", "of these kept", "sensitive kept", "general kept"), rows)
    if len(found) > _MOST_TYPES:
        output.say(f"and {len(found) - _MOST_TYPES} further types (--json)")
    output.say()
    if document["by_annotated_type"]:
        output.table(
            ("annotated", "sensitive rows", "recall", "places", "places found"),
            (
                (kind, str(one["rows"]), share(one["recall"]), str(one["places"]), share(one["places_found"]))
                for kind, one in document["by_annotated_type"].items()
            ),
        )
        output.say()


def _of(one: Mapping[str, Any], verdict: str) -> str:
    return f"{one[f'{verdict}_kept']} of {one[verdict]}"


def _rules(document: Mapping[str, Any], output: Output) -> None:
    output.table(
        ("rule", "sensitive rows kept", "general rows kept", "it alone: sensitive", "it alone: general"),
        (
            (
                rule,
                str(one["sensitive"]),
                str(one["general"]),
                str(one["alone"]["sensitive"]),
                str(one["alone"]["general"]),
            )
            for rule, one in document["by_rule"].items()
        ),
    )
    coverage = document["coverage"]
    reasons = ", ".join(f"{reason} {count}" for reason, count in coverage["reasons"].items())
    output.say(
        f"\nnot read completely: {coverage['incomplete']} rows, {coverage['only']} of them kept for that alone"
        + (f" ({reasons})" if reasons else "")
        + "\n"
    )


def _latency(latency: Mapping[str, Any], output: Output) -> None:
    output.table(
        ("inspection and decision of new text", "p50 ms", "p90 ms", "p99 ms", "mean ms"),
        ((name, *_times(latency[key])) for name, key in (("processor", "cpu_ms"), ("waiting", "wall_ms"))),
    )
    output.say()


def _times(one: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(f"{one[name]:.2f}" for name in ("p50", "p90", "p99", "mean"))


def _confusion(title: str, mistakes: Iterable[Mapping[str, Any]], output: Output) -> None:
    rows = [
        (
            one["id"],
            one["source"],
            "-" if one["score"] is None else _short(one["score"]),
            ", ".join(one["rules"]) or "-",
            ", ".join(f"{kind} {_short(score)}" for kind, score in one["found"].items()) or "nothing",
        )
        for one in mistakes
    ]
    if rows:
        output.say(title)
        output.table(("id", "source", "score", "rules", "found"), rows)
        output.say()


def _compared(document: Mapping[str, Any], output: Output) -> None:
    compared = document["compare"]
    ours = {"recall": document["recall"], "over_routing": document["over_routing"]}
    names = ("gateway", *compared["settings"])
    output.say("Beside Presidio with spaCy's small English model, on the same rows: recall / over-routing")
    output.table(
        ("rows", f"gateway, {document['profile']}", *(f"Presidio, {name}" for name in compared["settings"])),
        [
            ("all", _both(ours), *(_both(one) for one in compared["settings"].values())),
            *((source, *(_both(one[name]) for name in names)) for source, one in compared["by_source"].items()),
        ],
    )
    output.table(
        ("processor time per row", "p50 ms", "p90 ms", "p99 ms", "mean ms"),
        ((name, *_times(one)) for name, one in compared["cpu_ms"].items()),
    )
    output.say(f"Presidio takes {compared['cpu_ratio'] or 0:.1f} times the processor time of the gateway (means).")


def _both(one: Mapping[str, Any]) -> str:
    return f"{share(one['recall'])} / {share(one['over_routing'])}"
