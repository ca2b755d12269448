"""Two branches ran the pipeline; git merged their parameters and could not merge their dvc.lock."""

import random

from grader.drills import Drill, check

PARAMS = "prepare:\n  min_tenure: 6\n\ntrain:\n  buckets: 12\n"


def inject(drill: Drill) -> None:
    """A branch that changes one parameter, a main branch that changes another, and the merge that stops."""
    repo = drill.folder / "repo"
    draw = random.Random(3)
    rows = [(n, tenure, int(draw.random() < 0.6 - tenure / 140)) for n in range(2_000) for tenure in [draw.randint(1, 72)]]
    table = "".join(f"c{n:05},{tenure},{churn}\n" for n, tenure, churn in rows)
    drill.write("repo/customers.csv", f"customer_id,tenure,churn\n{table}")
    drill.must_run("git init -q && dvc init -q && dvc repro -q && git add -A && git commit -qm 'Churn rates by tenure'", repo)
    for branch, old, new in (("min-tenure", "min_tenure: 1", "min_tenure: 6"), ("main", "buckets: 4", "buckets: 12")):
        drill.must_run(f"git checkout -q {'-b ' if branch != 'main' else ''}{branch} && dvc checkout -q", repo)
        drill.write("repo/params.yaml", drill.read("repo/params.yaml").replace(old, new))
        drill.must_run(f"dvc repro -q && git commit -qam 'Set {new}'", repo)
    drill.facts["theirs"] = drill.must_run("git rev-parse min-tenure", repo).strip()
    drill.run("git merge min-tenure", repo)


@check("lock-agrees")
def the_lock_agrees_with_the_files(drill: Drill) -> None:
    """`dvc status` finds nothing to do: the lock can be read and fits parameters, code and data."""
    done = drill.run("dvc status", drill.folder / "repo")
    if done.code or "up to date" not in done.text:
        drill.fail("`dvc status` says that everything is up to date", done.text.strip()[:300])


@check("metric-is-real")
def the_metric_is_what_the_pipeline_gives(drill: Drill) -> None:
    """The committed metric is the one that the committed code gives with the committed parameters (run just now)."""
    committed = drill.run("git show HEAD:metrics.json", drill.folder / "repo").text
    with drill.copy("repo") as repo:
        done = drill.run("python prepare.py && python train.py", repo)
        if done.code:
            drill.fail("both stages run", done.last)
        computed = (repo / "metrics.json").read_text()
    drill.expect("committed metrics.json", committed).equals(computed, why="recomputed", next_step="Did the pipeline run?")


@check("both-changes")
def both_changes_are_merged(drill: Drill) -> None:
    """Main is one merge commit further, holds both parameters, and nothing is left uncommitted."""
    repo = drill.folder / "repo"
    parents = drill.run("git rev-list --parents -n 1 main", repo).text.split()[1:]
    drill.expect("the branch is merged", drill.facts["theirs"] in parents, f"{len(parents)} parent(s)").is_true(
        "a merge commit"
    )
    drill.expect("params.yaml on main", drill.run("git show main:params.yaml", repo).text).equals(PARAMS)
    open_ends = drill.run("git status --porcelain --untracked-files=no", repo).text
    drill.expect("uncommitted changes", open_ends).equals("")
