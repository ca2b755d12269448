"""A module called `calendar` came into the job's folder, and `datetime.strptime` finds it there."""

import sys

from grader.drills import Drill, check


def inject(drill: Drill) -> None:
    """A repository whose last commit brought `calendar.py`."""
    repo = drill.folder / "repo"
    today = drill.read("repo/features.py")
    before = today.replace("import calendar\n\n\n", "\n").replace(', "holiday": calendar.is_holiday(day)', "")
    drill.write("repo/features.py", before)
    drill.must_run(
        "git init -q && git add nightly.py features.py calls.csv && git commit -qm 'Features: weekday, weekend'", repo
    )
    drill.write("repo/features.py", today)
    drill.must_run("git add -A && git commit -qm 'Features: know the public holidays'", repo)


@check("job-runs")
def the_job_runs(drill: Drill) -> None:
    """The nightly job runs to its end in its own folder."""
    done = drill.run("python nightly.py", drill.folder / "repo")
    if done.code:
        drill.fail("`python nightly.py` ends with 0", f"{done.code}: {done.last}")


@check("holidays-count")
def the_feature_is_still_there(drill: Drill) -> None:
    """A day that is a public holiday still counts as one: 2 of the 6 days in calls.csv."""
    ask = "import csv, features; print(sum(features.of(row['day'])['holiday'] for row in csv.DictReader(open('calls.csv'))))"
    with drill.copy("repo") as repo:
        (repo / "calls.csv").write_text("day\n2026-12-25\n2026-12-24\n2026-05-01\n2026-05-04\n2026-10-05\n2026-07-14\n")
        done = drill.run(f'python -c "{ask}"', repo)
    drill.expect("holidays among six days", done.last).equals("2", next_step="The module with the holidays may move, not go.")


@check("no-shadow")
def no_module_shadows_another(drill: Drill) -> None:
    """No module in the job's folder has the name of one in the standard library."""
    names = {path.stem for path in (drill.folder / "repo").glob("*.py")}
    drill.expect("modules that shadow the standard library", sorted(names & sys.stdlib_module_names)).equals([])
