"""`mlops grade` and `mlops demo`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.app import AllJobs, BackendOption, app, console, course, home, leave, say, side_by_side, stack
from grader.cli.images import images_for, refuse_lacking

if TYPE_CHECKING:
    from grader.course.tree import Lab
    from grader.grading.submission import Submission
    from grader.result import Result


@app.command()
def grade(
    lab: Annotated[str, typer.Argument(help="The lab's id or number.")],
    paths: Annotated[list[Path], typer.Argument(help="Notebooks, bundles, or folders of them.")],
    backend: BackendOption = "local",
    jobs: AllJobs = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to keep the evidence; what is graded there already is not graded again.")
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Run other people's code without a real sandbox.")] = False,
    report: Annotated[
        list[str] | None, typer.Option("--report", metavar="KIND:FILE", help="Also write junit:FILE or ctrf:FILE.")
    ] = None,
) -> None:
    """Grade submissions of a lab."""
    from datetime import UTC, datetime

    from grader.errors import BadInput
    from grader.exchange.report import parse
    from grader.grading.inbox import find

    reports = [parse(asked) for asked in report or ()]
    chosen = course().lab(lab)
    submissions = [submission for path in paths for submission in find(chosen, path)]
    if backend == "local" and not trust and any(s.student is not None for s in submissions):
        raise BadInput(
            f"{paths[0]} holds other people's code, and the local backend is no real sandbox",
            "use --backend docker, or --trust if you have read what you are about to run",
        )
    refuse_lacking(chosen)
    results = _graded(chosen, submissions, backend, side_by_side(jobs), out, as_json)
    for one in reports:
        one.write([result for result in results if isinstance(result, _result())], datetime.now(UTC))
    leave(_exit_code(results))


@app.command()
def demo(lab: Annotated[str, typer.Argument(help="The lab's id or number.")] = "04", backend: BackendOption = "local") -> None:
    """Grade a lab's solution and starter on live services."""
    from grader.grading import samples

    chosen = course().lab(lab)
    say(f"lab {chosen.id}: grading the reference solution and the untouched starter on live services")
    submissions = [samples.solution(chosen)[0], samples.starter(chosen)[0]]
    results = _graded(chosen, submissions, backend, 2, None, as_json=False, explain=False)
    say("services stopped; nothing is left running")
    solved, untouched = results
    as_promised = isinstance(solved, _result()) and solved.full and isinstance(untouched, _result()) and not untouched.earned
    leave(0 if as_promised else 3)


def _graded(
    lab: Lab,
    submissions: Sequence[Submission],
    backend: str,
    jobs: int,
    out: Path | None,
    as_json: bool,
    explain: bool = True,
) -> list[Result | Exception]:
    """Grade, print each result as it comes (in the given order where it's a table), and return them in that order."""
    from grader.cli.progress import progress
    from grader.grading.batch import earlier, grade_all, refused
    from grader.grading.grade import Place

    services, kept = stack(backend), out or home() / "evidence" / lab.id
    done: list[tuple[Submission, Result | Exception]] = []
    done += refused(lab, submissions)
    if out is not None:
        done += earlier(lab, _without(submissions, done), services.course, kept)
    waiting = _without(submissions, done)
    with progress(len(submissions)) as announce:
        for submission, result in done:
            announce(submission, result)
            _stream(result, as_json)
        if waiting:
            with services.use(lab.spec.services) as running, images_for([lab], services) as images:
                place = Place(services.course, services.backend, services, running, kept, images)
                say(f"grading {len(waiting)} submission(s) on {backend}; evidence goes to {place.evidence}")
                for submission, result in grade_all(lab, waiting, place, min(jobs, len(waiting))):
                    done.append((submission, result))
                    announce(submission, result)
                    _stream(result, as_json)
    ordered = [next(result for s, result in done if s is submission) for submission in submissions]
    if not as_json:
        _print(lab, ordered, explain)
    return ordered


def _without(submissions: Sequence[Submission], done: Sequence[tuple[Submission, object]]) -> list[Submission]:
    settled = {id(submission) for submission, _ in done}
    return [submission for submission in submissions if id(submission) not in settled]


def _stream(result: Result | Exception, as_json: bool) -> None:
    if as_json and isinstance(result, _result()):
        sys.stdout.write(result.json_line() + "\n")
        sys.stdout.flush()


def _print(lab: Lab, results: Sequence[Result | Exception], explain: bool) -> None:
    from grader.cli import render

    for result in results:
        if isinstance(result, _result()):
            out = console()
            out.print()
            render.score(out, f"{lab.id} · {result.submission}", result)
            if explain:
                render.feedback(out, result)


def _exit_code(results: Sequence[Result | Exception]) -> int:
    graded = [r for r in results if isinstance(r, _result())]
    if any(r.ours for r in graded):
        return 3
    if len(graded) < len(results):
        return 2
    return 0 if all(r.full for r in graded) else 1


def _result() -> type[Result]:
    from grader.result import Result

    return Result
