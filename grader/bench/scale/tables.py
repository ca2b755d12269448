"""What the page says of a run: what was measured, what was the limit, and what a class comes to."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grader.bench.scale import capacity
from grader.bench.scale.load import MIB, quotient

STUDENTS = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
KINDS = (*capacity.DISPATCH, "kwok")
PHASES = ("lease", "run", "delete", "complete")
WHOLE = 10_000
OFTEN = 0.01
WIDTH = 128
KIB = 1024
Run = Mapping[str, Any]
"""`results.Results`, as JSON has it; a step of it is `step.Measured`."""


def made(run: Run) -> str:
    """All of it."""
    return "\n".join((_about(run), _steps(run), _limit(run), _costs(run), _calls(run["whole"]), _capacity(run)))


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _prose(*words: str) -> str:
    return textwrap.fill(" ".join(filter(None, words)), WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


QUIET = 0.1
"""The share of the machine that others may take in a run whose rates are its own."""


def _about(run: Run) -> str:
    whole, count = run["whole"], run["whole"]["size"]["submissions"]
    load, again = whole["load"], whole["again"]
    others = load["cpu"]["elsewhere"] / (load["cores"] * whole["wall"])
    said = _prose(
        f"Measured on {run['at'][:10]}: {run['nodes']:,} nodes, each with a lease that is renewed every",
        f"{run['lease'] / 4:g} s,",
        f"and in the last run {count:,} submissions: {len(whole['wrong'])} of them were lost or have more than one result,",
        f"{sum(again.values())} had to be leased again.",
        f"A run of {WHOLE:,} has not been watched yet." if count < WHOLE else "",
        f"All of it shared {load['cores']} cores; what had nothing to do with it took {others:.0%} of them in the last run.",
        "" if others <= QUIET else "So **the rates are what was left over, and no machine's best**.",
        "The CPU of a submission depends less than a rate on what else runs.",
        "Leased again for:" if again else "",
    )
    return said + "".join(f"\n    {times} x {words}\n" for words, times in again.items())


def _steps(run: Run) -> str:
    head = (
        "measured", "submissions", "workers x jobs", "taken in a second", "graded a second", "ms to lease (p50 / p99)",
        "ms until its pod runs", "ms to delete it", "ms to write the result", "MiB of a worker", "machine busy, with this",
    )  # fmt: skip
    named = [*(("queue alone", step) for step in run["alone"]), *(("with pods", step) for step in run["ladder"])]
    return _table(head, [_step(what, step) for what, step in [*named, ("last run", run["whole"])]])


def _step(what: str, step: Run) -> Sequence[object]:
    size, load = step["size"], step["load"]
    mine = (load["busy"] - load["cpu"]["elsewhere"]) / (load["cores"] * step["wall"])
    took = [" / ".join(f"{ms:.0f}" for ms in step["took"].get(name, ())) for name in PHASES]
    taken = f"{step['accepted']:g}" if step["accepted"] else ""
    busy = f"{_busy(step):.0%}, {mine:.0%}"
    return (
        what, f"{size['submissions']:,}", f"{size['workers']} x {size['jobs']}", taken, f"{step['rate']:g}", *took,
        f"{load['memory']['workers']:g}", busy,
    )  # fmt: skip


def _busy(step: Run) -> float:
    """The share of the machine that was at work: what is measured lasts a little longer than the step."""
    return min(1.0, float(step["load"]["busy"] / step["load"]["cores"] / step["wall"]))


def _limit(run: Run) -> str:
    """From where on more was hardly faster, and whose CPU most of it was."""
    knee = capacity.knee(run["ladder"])
    size, mine = knee["size"], {kind: used for kind, used in knee["load"]["cpu"].items() if kind != "elsewhere"}
    most = sorted(mine, key=lambda kind: mine[kind], reverse=True)[:3]
    return _prose(
        f"The knee is at {size['workers']} x {size['jobs']}: {knee['rate']:g} a second; more workers or jobs brought little or",
        f"less. The machine was {_busy(knee):.0%} busy then: what is lacking is CPU. Of what this used of it most went to",
        ", ".join(f"{kind} {mine[kind] / sum(mine.values()):.0%}" for kind in most) + ".",
    )


def _costs(run: Run) -> str:
    """A row a kind of process: the CPU of a submission in the last run, and how many a core of it would take."""
    load, count, idle = run["whole"]["load"], run["whole"]["size"]["submissions"], run["idle"]
    rows = []
    for kind in (kind for kind in KINDS if kind in load["cpu"]):
        each = load["cpu"][kind] * 1000 / count
        rest = idle["cpu"].get(kind, 0.0) * 1000 / idle["seconds"]
        most = f"{1000 / each:.0f}" if each else ""
        rows.append((kind, f"{each:.1f}", most, f"{load['memory'].get(kind, 0):g}", f"{rest:.0f}"))
    head = (
        "of the last run", "measured: CPU ms a submission", "extrapolated: submissions a second from one core of it",
        "measured: MiB at its end", "measured: CPU ms a second just after the nodes came up, without submissions",
    )  # fmt: skip
    return _table(head, rows)


def _calls(whole: Run) -> str:
    load, count = whole["load"], whole["size"]["submissions"]
    api, own = load["api"], whole["calls"]
    often = sorted(((number, name) for name, number in own.items() if number >= OFTEN), reverse=True)
    each = ", ".join(f"{number:.2f} {name}" for number, name in often)
    create, delete = (1000 * quotient(api, f"pod {what} seconds", f"pod {what}s") for what in ("create", "delete"))
    etcd = 1000 * quotient(api, "etcd seconds", "etcd requests")
    return _prose(
        f"A submission is {sum(own.values()):.2f} calls of the API by its worker ({each}); with a real pod there is one more,",
        f"`exec`. The API server answered {api['api requests'] / count:.1f} requests a submission, nodes, scheduler and",
        f"controllers included: {create:.0f} ms to create a pod, {delete:.0f} ms to delete one, {etcd:.0f} ms",
        "for a request to etcd,",
        f"which held {api['etcd bytes'] / MIB:.0f} MiB at the end. PostgreSQL:",
        f"{load['transactions'] / count:.1f} transactions and",
        f"{load['wal'] / KIB / count:.1f} KiB of write-ahead log a submission. Pods left over: {whole['left']}.",
    )


def _capacity(run: Run) -> str:
    whole = run["whole"]
    dispatch = capacity.dispatch_seconds(whole["load"]["cpu"], whole["size"]["submissions"])
    head = (
        "given: students in the hour before the deadline", "measured here: CPU s to dispatch one",
        "measured elsewhere: CPU s to grade one, at most", "extrapolated: gradings a second", "extrapolated: of the rate here",
        "extrapolated: pods at once", f"extrapolated: nodes of {capacity.NODE_CORES} cores, {capacity.NODE_MIB // KIB} GiB",
        "extrapolated: cores to dispatch", "extrapolated: dollars for 1,000 gradings",
    )  # fmt: skip
    return _table(head, [_class(students, whole["rate"], dispatch) for students in STUDENTS])


def _class(students: int, rate: float, dispatch: float) -> Sequence[object]:
    found = capacity.needs(students, rate, dispatch)
    return (
        f"{students:,}", f"{dispatch:.3f}", f"{capacity.GRADING_CORE_SECONDS:g}", f"{found.gradings:.2f}", f"{found.share:.0%}",
        f"{found.pods:,}", f"{found.nodes:,}", f"{found.dispatch_cores:.2f}", f"{capacity.dollars(dispatch):.2f}",
    )  # fmt: skip
