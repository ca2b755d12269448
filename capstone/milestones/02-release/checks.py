import ast
import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from grader.checks import Fail, Lab, NotRun, check
from grader.checks.shapes import Ended, Pair
from grader.checks.tables import array, below, tables
from grader.course.data import csv_text
from grader.run.questions import Csv

NAMES = {"sklearn": "scikit-learn", "yaml": "pyyaml", "dvc": "dvc", "git": "gitpython"}
"""Packages whose module has another name."""
OWN = "churn_predictor"
LONGEST_PATTERN = 200
"""Characters of a line in .dockerignore: a longer one could keep us busy for ever."""
KEPT_OUT, LET_IN = ["data/customers.csv", ".env", ".git/HEAD", ".venv/pyvenv.cfg"], ["src/churn_predictor/data.py", "uv.lock"]
AROUND = """

import sys as _sys


def _put(name, make):
    old = globals()[name]
    new = make(old)
    for key in [key for key in _sys.modules if key.partition(".")[0] == __name__]:
        if vars(_sys.modules[key]).get(name) is old:
            setattr(_sys.modules[key], name, new)
"""
"""Put below the package's own `__init__.py`: replaces one of its functions in every module that has it; whoever
imports later gets the new one."""
SAME = "".join(f'_put("{name}", lambda old: lambda *a, **k: old(*a, **k))\n' for name in ("load", "split", "train", "evaluate"))
MUTANTS = {
    "a customer's rows fall on both sides": """
def _mixed(old):
    def split(rows, config):
        judged, mixed = len(old(rows, config)[1]), rows.sample(frac=1, random_state=config["seed"])
        return mixed.iloc[judged:], mixed.iloc[:judged]
    return split
_put("split", _mixed)
""",
    "rows with a blank are dropped": '_put("load", lambda old: lambda config: old(config).dropna())\n',
    "the seed of the configuration is ignored": """
_put("split", lambda old: lambda rows, config: old(rows, {**config, "seed": 99}))
""",
    "the two prices are swapped": """
def _swapped(old):
    def evaluate(model, rows, config):
        prices = config["prices"]
        return old(model, rows, {**config, "prices": {"missed": prices["wasted"], "wasted": prices["missed"]}})
    return evaluate
_put("evaluate", _swapped)
""",
    "columns that nobody declared are used": """
def _greedy(old):
    def train(rows, config):
        features = config["features"]
        more = [c for c in rows.select_dtypes(["number", "bool"]) if c not in features["numbers"] and c != "churn"]
        return old(rows, {**config, "features": {**features, "numbers": [*features["numbers"], *more]}})
    return train
_put("train", _greedy)
""",
}


def modules(lab: Lab) -> dict[str, str]:
    """The package's modules as they were handed in, by path. Raises NotRun when there are none."""
    prefix = f"src/{OWN}/"
    found = {path: lab.submitted(path) for path in lab.run.submitted if path.startswith(prefix) and path.endswith(".py")}
    if f"{prefix}__init__.py" not in found:
        raise NotRun(f"no file {prefix}__init__.py was handed in", "the package of milestone 1")
    return found


def imported(source: str) -> Iterator[str]:
    """The top names of what a module imports from elsewhere."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def undeclared(lab: Lab) -> list[str]:
    """Packages that the code imports and that `dependencies` doesn't name."""
    declared = array(below(lab.toml("pyproject.toml"), "project"), "dependencies")
    names = {re.split(r"[^\w.-]", str(entry).strip())[0].lower().replace("_", "-") for entry in declared}
    try:
        tops = {top for source in modules(lab).values() for top in imported(source)}
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Fail("Python that can be parsed", str(error)) from None
    wanted = {NAMES.get(top, top) for top in tops if top not in sys.stdlib_module_names and top not in (OWN, "numpy", "")}
    return sorted(wanted - names)


@check("locked")
def the_lock_fits_what_is_declared(lab: Lab) -> None:
    """What the package imports is declared in `pyproject.toml`, `uv.lock` was made from it as it stands, and every locked
    package has the hash of its files."""
    packages = tables(lab.toml("uv.lock"), "package")
    missing = [f"{name} is imported, and not declared" for name in undeclared(lab)]
    lab.expect("dependencies", missing).equals([])
    names = {str(package.get("name")) for package in packages}
    lab.expect("pytest in the lock", "pytest" in names, f"{len(names)} packages").is_true("locked, too, in a group of its own")
    bare = [
        str(package.get("name"))
        for package in packages
        if "registry" in below(package, "source")
        and not all(re.fullmatch(r"sha256:[0-9a-f]{64}", str(file.get("hash"))) for file in tables(package, "wheels") or [{}])
    ]
    lab.expect("locked packages without a hash", bare).equals([])
    code, said = lab.examine("lock_checked", returns=Ended)
    if code != 0:
        lab.fail("`uv lock --check` has nothing to say", f"the lock needs to be updated: {said}")


@check("wheel")
def it_works_far_from_its_source(lab: Lab) -> None:
    """The wheel builds, and installed elsewhere `python -m churn_predictor <params>` prints, as JSON on its last line, the
    confusion and the cost that your own functions give for the same rows."""
    modules(lab)
    drawn = lab.unseen("telco-churn", rows=400, label="churn")
    rows = [
        row | {"churn": left} for row, left in zip(csv.DictReader(io.StringIO(drawn.table.text)), drawn.labels, strict=True)
    ]
    changes = {"seed": lab.random.randint(100, 999), "C": 0.1, "prices": {"missed": lab.random.choice([40, 90]), "wasted": 25}}
    config = lab.call("configured", {**changes, "data": "rows.csv"}, returns=dict[str, Any])
    code, said = lab.try_out("wheel_says", Csv(csv_text(rows)), config, returns=Ended)
    if code != 0:
        lab.fail("the wheel builds, installs and runs", str(said))
    answer = lab.call("sides", Csv(csv_text(rows)), changes, returns=dict[str, list[Pair]])
    by_id = {int(row["customer_id"]): row for row in rows}
    chosen = [[customer for customer, _ in answer.get(side, [])] for side in ("past", "today")]
    strange = sorted({customer for side in chosen for customer in side} - by_id.keys())
    lab.expect("customers in the split who are not in the rows", strange[:5], "your own split").equals([])
    lab.expect("sides of the split with a row", sum(map(bool, chosen)), "your own split").equals(2)
    past, today = ([by_id[customer] for customer in side] for side in chosen)
    scores = lab.call("scores_after", Csv(csv_text(past)), Csv(csv_text(today)), changes, returns=list[float])
    lab.expect("number of scores", len(scores), "one for each row that is judged").equals(len(today))
    wanted = [[0, 0], [0, 0]]
    for row, score in zip(today, scores, strict=True):
        wanted[row["churn"] == "Yes"][score > 25 / (25 + changes["prices"]["missed"])] += 1  # type: ignore[index]
    try:
        told = json.loads(str(said).strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise Fail("JSON on the last line of what it prints", str(said)[-200:]) from None
    found = told.get("confusion") if isinstance(told, dict) else told
    lab.expect("confusion that the installed package prints", found).equals(
        wanted, why=f"your functions, seed {changes['seed']}"
    )


@check("tests-notice")
def the_tests_notice_a_fault(lab: Lab) -> None:
    """Your tests pass on your code and on code that behaves the same, and fail on each fault that we put into it."""
    init = modules(lab)[f"src/{OWN}/__init__.py"]
    code, said = lab.try_out("suite", init + AROUND + SAME, returns=Ended)
    if code != 0:
        lab.fail("tests pass on code that behaves the same", f"pytest ended with {code} (5: no test found): {said}")

    def problem(name: str) -> str:
        code, said = lab.try_out("suite", init + AROUND + MUTANTS[name], returns=Ended)
        if code in (0, 1):
            return "" if code == 1 else f"no test fails when {name}"
        return f"pytest ended with {code} when {name}: {said[-150:]}"

    lab.each("faults", list(MUTANTS), problem, "a test that fails")


def instructions(text: str) -> list[tuple[str, str]]:
    """The Dockerfile's instructions, in order."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n", " ", "\n".join(lines)).splitlines()
    return [(words[0].upper(), words[1].strip()) for line in whole if len(words := line.split(None, 1)) == 2]


def ignores(text: str, path: str) -> bool:
    """Whether a .dockerignore keeps the path out: the last pattern that fits it, or a folder above it, decides."""
    kept_out, names = False, path.split("/")
    above = ["/".join(names[:n]) for n in range(1, len(names) + 1)]
    for line in map(str.strip, text.splitlines()):
        if line and not line.startswith("#"):
            pattern = re.escape(line.lstrip("!").strip("/")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
            if any(re.fullmatch(pattern.replace(r"\*", "[^/]*"), part) for part in above):
                kept_out = not line.startswith("!")
    return kept_out


@check("dockerfile")
def the_image_would_be_lean(lab: Lab) -> None:
    """The Dockerfile builds in one stage and runs in another, as somebody who isn't root, from pinned bases and the lock, and
    installs the dependencies before the source comes; `.dockerignore` keeps rows and keys out."""
    steps, ignored = instructions(lab.submitted("Dockerfile")), lab.submitted(".dockerignore")
    longest = max(map(len, ignored.splitlines()), default=0)
    if longest > LONGEST_PATTERN:
        lab.fail(f"lines of at most {LONGEST_PATTERN} characters in .dockerignore", f"one of {longest}")
    if not any(step == "FROM" for step, _ in steps):
        lab.fail("a Dockerfile with FROM", "there is none in it")
    stages = [what.split() for step, what in steps if step == "FROM"]
    names = {words[2].lower() for words in stages if len(words) == 3}
    last = steps[max(n for n, (step, _) in enumerate(steps) if step == "FROM") :]
    loose = [
        words[0] for words in stages if words[0].lower() not in names and (":" not in words[0] or words[0].endswith(":latest"))
    ]
    users = [what for step, what in last if step == "USER"]
    source = [
        n for n, (step, what) in enumerate(steps) if step in ("COPY", "ADD") and re.match(r"(?:\./)?(?:src\b|\.\s)", what)
    ]
    locked = [
        n for n, (step, what) in enumerate(steps) if step == "RUN" and re.search(r"--locked|--frozen|--require-hashes", what)
    ]
    through = [path for path in KEPT_OUT if not ignores(ignored, path)] + [path for path in LET_IN if ignores(ignored, path)]
    copied = any(step == "COPY" and "--from=" in what for step, what in last)
    demands = {
        "stages": "" if len(stages) > 1 and copied else "the last stage is not made of what an earlier one built",
        "bases": f"{', '.join(loose)} is whatever it is today: pin a version" if loose else "",
        "user": ""
        if users and users[-1].split(":")[0] not in ("root", "0")
        else "the process is root's: no USER in the last stage",
        "locked": "" if locked else "no step installs what the lock says (`uv sync --locked`)",
        "order": ""
        if source and locked and locked[0] < source[0]
        else "the dependencies aren't installed before the source comes",
        ".dockerignore": f".dockerignore is wrong for {', '.join(through)}" if through else "",
    }
    lab.each("demands", list(demands), demands.__getitem__, "a lean image that can be built again")
