"""A made-up course as small as a course can be: one module, lab, quiz, environment, service and dataset; lint finds nothing."""

from __future__ import annotations

from pathlib import Path

from grader.course.tree import Course

LAB = "01-adding"
LAB_YAML, LAB_PY, CHECKS_PY = (f"labs/{LAB}/{name}" for name in ("lab.yaml", "lab.py", "checks.py"))
MODULE_YAML, LESSON_PY = f"modules/{LAB}/module.yaml", f"modules/{LAB}/lessons/01-sums.py"
QUIZ_YAML = f"quizzes/{LAB}.yaml"
ENVIRONMENT_YAML, SERVICE_YAML = "environments/small/environment.yaml", "environments/services/store.yaml"
DATASET_YAML = "labs/data/numbers/dataset.yaml"
ADD_SAMPLE, MEAN_SAMPLE = (f"labs/{LAB}/samples/{name}/sample.yaml" for name in ("adds-wrongly", "means-wrongly"))

FILES = {
    "modules/course.yaml": f"""\
schema: 1
id: small
title: A small course
phases:
  - title: All of it
    modules: [{LAB}, 02-planned]
""",
    MODULE_YAML: f"""\
schema: 1
id: {LAB}
title: Adding
summary: Add numbers.
environment: small
services: [store]
data:
  - {{dataset: numbers, file: numbers.csv}}
lessons: [01-sums]
lab: {LAB}
quiz: {LAB}
""",
    LESSON_PY: """\
# %% [markdown] id="why"
# Why add? See [the readme](../../../README.md).

# %% id="sum"
1 + 1
""",
    LAB_YAML: f"""\
schema: 1
id: {LAB}
title: Adding
module: {LAB}
summary: Add numbers.
minutes: 5
environment: small
services: [store]
data:
  - {{dataset: numbers, file: numbers.csv, held_back: 2}}
tasks:
  - id: add
    title: Add two numbers
    checks:
      - id: adds
        points: 60
        hints: [Look at the operator., "Which sign adds?", "It is +.", "Write `a + b`."]
  - id: mean
    title: Find the mean
    checks:
      - id: means
        points: 40
        hints: [Divide., "What by what?", "By how many?", "Write `sum(x) / len(x)`."]
""",
    LAB_PY: """\
# %% [markdown] id="intro"
# # Adding

# %% id="parameters" tags=["parameters"]
seed = 7

# %% [markdown] id="task-1" describes="add"
# ## 1. Add two numbers

# %% task="add"
def add(a, b):
    \"\"\"The sum.\"\"\"
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION


# %% [markdown] id="task-2" describes="mean"
# ## 2. Find the mean

# %% task="mean"
def mean(x):
    \"\"\"The mean.\"\"\"
    ### BEGIN SOLUTION
    return sum(x) / len(x)
    ### END SOLUTION


# %% id="show"
print("done")
""",
    CHECKS_PY: """\
from grader.checks import Lab, check


@check("adds")
def it_adds(lab: Lab) -> None:
    \"\"\"`add` gives the sum
    of two numbers.\"\"\"
    lab.expect("sum", lab.call("add", 1, 2)).equals(3)


@check("means")
def it_finds_the_mean(lab: Lab) -> None:
    \"\"\"`mean` gives the mean.\"\"\"
    lab.expect("mean", lab.call("mean", [1, 2])).equals(1.5)
""",
    ADD_SAMPLE: """\
schema: 1
why: It takes the difference.
change:
  - {task: add, old: a + b, new: a - b}
fails: {adds: 0}
""",
    MEAN_SAMPLE: """\
schema: 1
why: It forgets to divide.
change:
  - {task: mean, old: " / len(x)", new: ""}
fails: {means: 10}
""",
    QUIZ_YAML: f"""\
schema: 1
id: {LAB}
title: Adding
module: {LAB}
questions:
  - id: q-sum
    type: single
    ask: What is 1 + 1?
    cell: 01-sums#sum
    options:
      - {{text: "2", right: true, why: It is.}}
      - {{text: "3", why: That is more.}}
      - {{text: "1", why: That is less.}}
""",
    ENVIRONMENT_YAML: "schema: 1\nid: small\ntitle: Small\npurpose: Nothing at all.\n",
    "environments/small/pyproject.toml": '[project]\nname = "small"\nversion = "1"\n',
    "environments/small/uv.lock": "version = 1\n",
    SERVICE_YAML: """\
schema: 1
id: store
title: Store
environment: small
ports: {http: 8123}
endpoint: http
secrets: [admin]
command: [store, "--port=${port.http}", "--bind=${bind}", "--data=${data}"]
variables: {STORE_SECRET: "${secret.admin}"}
ready: {port: http, http: /health}
""",
    DATASET_YAML: """\
schema: 1
id: numbers
title: Numbers
file: numbers.csv
key: id
licence: LICENSE
source: Counted by hand.
rows: 40
unseen: 0.25
""",
    "labs/data/numbers/numbers.csv": "id,value\n" + "".join(f"{n},{n * n}\n" for n in range(40)),
    "labs/data/numbers/LICENSE": "Free for all.\n",
    "README.md": f"See [the lab](labs/{LAB}/lab.yaml) and [the web](https://example.org/x).\n",
}


def write(root: Path) -> Course:
    """Write the course below `root`."""
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Course(root)


def edit(course: Course, name: str, old: str, new: str) -> None:
    """In the course's file `name`, replace `old`, which must stand there exactly once."""
    file = course.root / name
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
    file.write_text(text.replace(old, new), encoding="utf-8")
