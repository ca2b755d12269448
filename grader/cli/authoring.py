"""`mlops build`, `verify`, `lint` and `schema`: what authors of content use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.app import AllJobs, BackendOption, app, console, course, home, leave, say, side_by_side, stack
from grader.cli.images import images_for

Labs = Annotated[list[str] | None, typer.Argument(help="Ids or numbers; all when none is given.")]


@app.command()
def build(
    labs: Labs = None,
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")] = Path("dist"),
    tables: Annotated[bool, typer.Option("--tables", help="Only renew the pages that are made from content.")] = False,
) -> None:
    """Authors: write starter and solution notebooks."""
    from grader.grading.inventory import page
    from grader.learner.bundle import write

    tree = course()
    if tables:
        file = tree.root / "modules" / "README.md"
        file.write_text(page(tree), encoding="utf-8")
        say(f"wrote {file}")
        return
    for lab in [tree.lab(name) for name in labs] if labs else tree.labs():
        for kind in ("starter", "solution"):
            folder = out / lab.id / kind
            write(tree, lab, kind, folder)
            say(f"wrote {folder}")


@app.command()
def lint() -> None:
    """Authors: hold the rules of the content tree."""
    from grader.lint.lint import lint as problems_of

    problems = problems_of(course())
    for problem in problems:
        typer.echo(problem)
    say(f"{len(problems)} problem(s)" if problems else "content is clean")
    leave(1 if problems else 0)


@app.command()
def verify(
    labs: Labs = None,
    backend: BackendOption = "local",
    jobs: AllJobs = None,
    twice: Annotated[bool, typer.Option("--twice", help="Grade every sample twice and compare.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--sample", help="Beside solution and starter only these; no lessons. Repeatable.")
    ] = None,
) -> None:
    """Authors: prove that every sample gets its declared verdict."""
    from grader.cli import render
    from grader.grading import verify as proof
    from grader.grading.grade import Place
    from grader.grading.lessons import run_lessons
    from grader.quiz import outputs

    tree = course()
    chosen = [tree.lab(name) for name in labs] if labs else [*tree.labs(), *tree.milestones()]
    named = proof.named(chosen, only) if only else {}
    chosen = [lab for lab in chosen if not only or lab.id in named]
    services = stack(backend)
    needed = {service: None for lab in chosen for service in lab.spec.services}
    rows: list[proof.Row] = []
    with services.use(list(needed)) as running, images_for(chosen, services) as images:
        place = Place(tree, services.backend, services, running, home() / "evidence" / "verify", images)
        for lab in chosen:
            for row in proof.verify(lab, place, side_by_side(jobs), twice, named.get(lab.id)):
                rows.append(row)
                say(f"  {lab.id} {row.sample}: {row.earned:g} {row.outcome} {'DIFFERS' if row.problems else 'as declared'}")
            rows += [proof.Row(lab.id, check, 0, "no sample fails it", ("add one",)) for check in proof.unkilled(lab)]
        if backend == "local" and not only:
            for lab in (lab for lab in chosen if not lab.begins_with):  # a milestone's module comes with its lab
                module = tree.module(lab.spec.module)
                for row in run_lessons(module, place):
                    rows.append(row)
                    say(f"  {row.lab} {row.sample}: {row.outcome}")
                if module.spec.quiz:
                    for question, problem in outputs.prove(tree.quiz(module.spec.quiz), module, place):
                        problems = (problem,) if problem else ()
                        rows.append(proof.Row(module.spec.id, question, 0, "output refreshed", problems))
    render.verdicts(console(), rows)
    leave(1 if any(row.problems for row in rows) else 0)


@app.command()
def schema(
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")] = Path("grader/spec/schemas"),
) -> None:
    """Authors: write the JSON Schemas of content files."""
    from grader.spec.schemas import export

    for file in export(out):
        say(f"wrote {file}")
