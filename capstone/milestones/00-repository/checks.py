import re
from typing import Any

from grader.checks import Lab, NotRun, check
from grader.checks.shapes import Ended

SECRETS = [
    r"AKIA[0-9A-Z]{16}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    r"(?i:(?:password|secret|token)\w*\s*[=:]\s*['\"]?[\w/+]{16,})",
]
KEPT_OUT = ["data/customers.csv", "data/april/customers.csv", "models/churn.joblib", "model.joblib", ".env", ".venv/pyvenv.cfg"]
LET_IN = [
    "src/churn_predictor/data.py",
    "src/churn_predictor/model.py",
    "tests/test_data.py",
    "params.yaml",
    "uv.lock",
    "README.md",
]
NEEDED = ["README.md", "pyproject.toml", "src/churn_predictor/__init__.py"]
ROWS_OR_MODEL = re.compile(r".*\.(csv|joblib|pkl|parquet)(\.gz)?$")
LARGE = 500_000
EMPTY_WORDS = {
    "wip",
    "update",
    "updates",
    "fix",
    "fixes",
    "changes",
    "stuff",
    "work",
    "final",
    "test",
    "commit",
    "some",
    "more",
}


def repository(lab: Lab) -> dict[str, Any]:
    """What the examiner found in the repository. Raises NotRun while there is no commit."""
    if "repository" not in lab.run.answers:
        lab.run.answers["repository"] = lab.examine("history", SECRETS, [*KEPT_OUT, *LET_IN])
    found: dict[str, Any] = lab.run.answers["repository"]
    if found["problem"]:
        raise NotRun(found["problem"], "a git repository with a commit on the branch main")
    return found


@check("first-commit")
def the_first_commit_says_what_it_is(lab: Lab) -> None:
    """The branch main has a commit with the README, the package and its project file, and every commit's message says
    what it does: three words or more, in at most 72 characters."""
    found = repository(lab)
    lab.expect("branch", found["branch"], ".git/HEAD").equals("main")
    missing = [path for path in NEEDED if path not in found["tracked"]]
    lab.expect("files that the last commit lacks", missing).equals([])

    def problem(commit: dict[str, Any]) -> str:
        subject = (commit["message"].splitlines() or [""])[0]
        words = [word for word in re.findall(r"[^\W\d_]{2,}", subject) if word.lower() not in EMPTY_WORDS]
        return "" if len(words) >= 3 and len(subject) <= 72 else f"{commit['id']} says {subject[:60]!r}"

    lab.each("commits", found["commits"], problem, "a message that says what the commit does")


@check("kept-out")
def rows_models_and_keys_stay_out(lab: Lab) -> None:
    """`.gitignore` keeps rows, models, environments and keys out and lets code in, and no commit holds any of them."""
    found = repository(lab)
    inside = [f"{path} ({size:,} bytes)" for path, size in found["files"] if size > LARGE or ROWS_OR_MODEL.match(path)]
    lab.expect("rows, models and large files in the history", inside[:5]).equals([])
    leaks = [f"{commit}: {where}" for commit, where in found["leaks"]]
    lab.expect("commits in the history with a key", leaks[:5]).equals([], why="a later commit doesn't take it back")
    through = [path for path in KEPT_OUT if not found["ignored"][path]]
    lab.expect("paths that .gitignore lets through", through, ".gitignore of the last commit").equals([])
    lost = [path for path in LET_IN if found["ignored"][path]]
    lab.expect("code that .gitignore keeps out", lost, ".gitignore of the last commit").equals([])


@check("fresh-clone")
def a_colleague_gets_what_works(lab: Lab) -> None:
    """What you hand in is what is committed, and in a fresh clone of it the tests pass."""
    uncommitted = [f"{path} is not as in the last commit" for path in repository(lab)["uncommitted"]]
    lab.expect("files", uncommitted[:5]).equals([], why="as in the last commit, all of them")
    code, said = lab.try_out("tests_of_a_clone", returns=Ended)
    if code != 0:
        lab.fail("pytest ends with 0 in a fresh clone", f"pytest ended with {code}: {said}")
