# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.1
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] id="title"
# # A package, and what watches over it
#
# After this page you can build a wheel and look into it, publish it where a version can't be replaced, and say of each tool in a project (ruff, black, mypy, pytest, coverage, pre-commit) what it has caught and what it never will.

# %% id="setup"
import os, re, subprocess, sys
from pathlib import Path

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
os.environ.update(UV_CACHE_DIR=str(Path("cache").resolve()), UV_PYTHON=sys.executable, UV_PYTHON_DOWNLOADS="never", UV_NO_PROGRESS="1")
for variable in ("FORCE_COLOR", "CLICOLOR_FORCE"):  # set by the kernel, for terminals
    os.environ.pop(variable, None)
os.environ.update(NO_COLOR="1", PYTHONDONTWRITEBYTECODE="1", PRE_COMMIT_HOME=str(Path("hooks").resolve()))
os.environ.update(GIT_AUTHOR_NAME="You", GIT_AUTHOR_EMAIL="you@example.org", GIT_COMMITTER_NAME="You", GIT_COMMITTER_EMAIL="you@example.org", GIT_CONFIG_GLOBAL=os.devnull)

def sh(command):
    """Exit code of a shell command, and all that it says."""
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    return done.returncode, (done.stdout + done.stderr).strip()

for tool in ("uv", "ruff", "black", "mypy", "pytest", "pre-commit"):
    print(sh(f"{tool} --version")[1].splitlines()[0])

# %% [markdown] id="p1-failure"
# ## 1. It worked in the folder
#
# Thursday, 16:50. The scoring library is green: 41 tests, all passed, by everyone who ran them. It is released, and 20 minutes later every worker that picks it up dies at import: `FileNotFoundError: thresholds.yaml`. The file is in the repository. It was never in the package, and all 41 tests ran in the repository.
#
# Here is that package. `src/` keeps it apart from the folder in which you stand, so that what you import is what was installed. That is the layout's whole point.

# %% id="make-package" language="bash"
# set -eu
# rm -rf pack && mkdir -p pack/src/offers pack/tests && cd pack
# cat > pyproject.toml <<'TOML'
# [project]
# name = "offers"
# version = "1.0.0"
# description = "What a customer's offer may cost."
# requires-python = ">=3.11,<3.12"
# dependencies = ["pyyaml>=6"]
#
# [dependency-groups]
# dev = ["pytest", "ruff", "mypy"]
#
# [project.scripts]
# offer = "offers:main"
#
# [build-system]
# requires = ["hatchling"]
# build-backend = "hatchling.build"
#
# [tool.hatch.build]
# exclude = ["*.yaml"]
# TOML
# echo 'share: 0.5' > src/offers/thresholds.yaml
# cat > src/offers/__init__.py <<'PY'
# """What a customer's offer may cost."""
#
# import sys
# from importlib.resources import files
#
# import yaml
#
# SHARE: float = yaml.safe_load(files("offers").joinpath("thresholds.yaml").read_text())["share"]
#
#
# def offer(monthly: float, tenure: int) -> float:
#     """Half of a monthly charge; nothing in the first year. ValueError for a charge below 0."""
#     if monthly < 0:
#         raise ValueError(f"a charge of {monthly}")
#     return round(monthly * SHARE, 2) if tenure >= 12 else 0.0
#
#
# def main() -> None:
#     print(offer(float(sys.argv[1]), int(sys.argv[2])))
# PY
# PYTHONPATH=src python -c "import offers; print('in the folder:', offers.offer(80, 24))"
# uv build -q --wheel --out-dir dist . && python -m zipfile -l dist/offers-1.0.0-py3-none-any.whl

# %% id="dies-elsewhere" language="bash"
# uv venv -q --clear elsewhere && uv pip install -q --python elsewhere pack/dist/offers-1.0.0-py3-none-any.whl
# cd / && "$OLDPWD/elsewhere/bin/python" -c "import offers" 2>&1 | tail -n 1 | sed "s|$OLDPWD|<here>|"

# %% id="dies-elsewhere-2"
code, said = sh("elsewhere/bin/python -I -c 'import offers'")
assert code != 0 and "FileNotFoundError" in said

# %% [markdown] id="p1-idea"
# **A wheel is a zip file, and installing it means unpacking.** No code of yours runs while that happens. So what isn't in the list above will not be there, and you can know it before you release: unzip, or install into an empty environment and import from another folder. That second one is the only test that counts, and the lab's grader does nothing else.
#
# The `exclude` was somebody's, to keep the package small. Out with it.

# %% id="whole-wheel" language="bash"
# set -eu
# cd pack && sed -i.old '/tool.hatch.build/,$d' pyproject.toml && rm -f dist/* && uv build -q --wheel --out-dir dist . && cd ..
# python -m zipfile -l pack/dist/offers-1.0.0-py3-none-any.whl
# uv pip install -q --python elsewhere --reinstall pack/dist/offers-1.0.0-py3-none-any.whl && elsewhere/bin/offer 80 24
# cat elsewhere/lib/python*/site-packages/offers-1.0.0.dist-info/METADATA | head -n 6

# %% [markdown] id="p1-anatomy"
# | in the wheel | made from | who reads it |
# |---|---|---|
# | `offers/…` | `src/offers` | Python |
# | `METADATA`: name, version, `Requires-Dist` | `[project]` in `pyproject.toml` | pip and uv, before they install anything |
# | `entry_points.txt` | `[project.scripts]` | the installer: it writes `bin/offer` |
# | `RECORD`: every file with its hash | the build | the installer, and `pip uninstall` |
# | `py3-none-any` in the name | pure Python: any Python 3, no ABI, any platform | the installer, to choose among files |
#
# A name like `cp311-cp311-manylinux_2_17_x86_64` says: compiled, for this Python, this kernel, this processor. Where no such file fits, the installer falls back to the source and compiles. That is when a deploy that took 4 seconds takes 11 minutes and asks for `gcc`.
#
# *Source: packaging.python.org, "Binary distribution format" and "Platform compatibility tags".*

# %% [markdown] id="p2-failure"
# ## 2. A version is a promise
#
# "I fixed it and uploaded it again, same number." Then two machines have the same version and other code, and every lock that names the old hash fails. Indexes that people trust refuse: PyPI never lets a file name be reused, even after deletion. The course's index is set up the same way.
#
# *Source: pypi.org, Help, "Why can't I reuse a file name?"*

# %% id="publish" language="bash"
# set -eu
# uv publish -q pack/dist/offers-1.0.0-py3-none-any.whl && echo "published, or there already with these very bytes"
# uv venv -q --clear customer && uv pip install -q --python customer --default-index "$LAB_INDEX_URL" offers==1.0.0 && customer/bin/offer 80 24

# %% id="publish-again" language="bash"
# cp -r pack hotfix && sed -i.old 's/>= 12/>= 6/' hotfix/src/offers/__init__.py && uv build -q --wheel --out-dir hotfix/new hotfix
# uv publish hotfix/new/*.whl 2>&1 | tail -n 3 | sed "s|$LAB_INDEX_URL|<index>|; s|http[^ ]*|<index>|" | cut -c 1-200

# %% id="publish-refused"
code, said = sh("uv publish hotfix/new/*.whl")
assert code != 0 and "409" in said

# %% [markdown] id="p2-wrong"
# The way out is another number. **At 3 a.m.**, when 1.0.0 is bad: don't touch it. Pin the consumers back to the version before, and release 1.0.1 in daylight. (PyPI calls the gentle form *yanking*: a yanked release stays for those who pinned it, and is offered to nobody else.)
#
# Where do the address and the password come from? From the environment: `UV_PUBLISH_URL`, `UV_PUBLISH_USERNAME`, `UV_PUBLISH_PASSWORD`. They stand in no file of the project, and neither must yours.

# %% [markdown] id="p3-failure"
# ## 3. Three readers of your code
#
# None of them runs it. Each sees something else. Give all three the same bad file.

# %% id="bad-file" language="bash"
# mkdir -p readers && cd readers
# printf '[mypy]\n' > mypy.ini; touch ruff.toml   # configurations of their own: otherwise both read your lab's, one folder up
# cat > report.py <<'PY'
# import os, json
# def collect(row, rows = []):
#     rows.append(row)
#     return rows
#
# def total(rows: list[dict[str, float]]) -> float:
#     return sum(row["monthly"] for row in rows)
#
# print(total([{"monthly": 80.0}]) + total("80"))
# PY
# echo "--- ruff";  ruff check --no-cache --select E,F,I,B --output-format concise report.py
# echo "--- black"; black --check --diff -q report.py | grep '^[-+]def'
# echo "--- mypy";  mypy --strict --no-incremental --no-error-summary report.py; true

# %% id="who-saw-what"
ruff, mypy = sh("cd readers && ruff check --no-cache --select E,F,I,B report.py")[1], sh("cd readers && mypy --strict --no-incremental report.py")[1]
assert "B006" in ruff and "F401" in ruff and "arg-type" not in ruff
assert "arg-type" in mypy and "no-untyped-def" in mypy and "B006" not in mypy

# %% [markdown] id="p3-idea"
# | reader | knows | found here | can't know |
# |---|---|---|---|
# | ruff | patterns that are faults or will be | the list that all calls share (B006), imports nobody uses (F401) | what type a value has |
# | black, `ruff format` | one way to lay out code | spaces; it changes them and asks nobody | whether the code is right |
# | mypy | what goes in and what comes out | a text where rows belong; a function without types | whether the number is right |
#
# What ruff looks for without configuration has changed from version to version, so an upgrade may make it blind or loud; what you name in `select` stays. mypy without `strict` doesn't look inside functions that have no types. **A silent tool is good news only if it would have spoken.** Plant a fault once, the way you test a smoke detector.
#
# *Sources: ruff documentation, "Rule selection"; mypy documentation, "--check-untyped-defs".*

# %% id="silent" language="bash"
# cd readers && printf 'def charge(row):\n    return "80" + 1\n' > silent.py
# echo "--- mypy";          mypy --no-incremental silent.py
# echo "--- mypy --strict"; mypy --strict --no-incremental silent.py; true

# %% id="silent-2"
assert sh("cd readers && mypy --no-incremental silent.py")[0] == 0 != sh("cd readers && mypy --strict --no-incremental silent.py")[0]

# %% [markdown] id="p3-pre-commit"
# **When do they run?** Before the commit, on the files of the commit: that is `pre-commit`. And once more in CI, on all files, for a hook is a courtesy: `git commit --no-verify` skips it. With `language: system` a hook uses the tools of your own lock; otherwise pre-commit would fetch its own copies, and you would have a second list of versions to keep.

# %% id="hook" language="bash"
# rm -rf guarded && git init -q -b main guarded && cd guarded && cp ../readers/report.py .
# cat > .pre-commit-config.yaml <<'YAML'
# repos:
#   - repo: local
#     hooks:
#       - {id: ruff, name: ruff, entry: ruff check --no-cache --select F, language: system, types: [python]}
# YAML
# pre-commit install > /dev/null && git add . && git commit -q -m "Report" 2>&1 | grep -E 'ruff|F401'
# echo "commits: $(git rev-list --all --count)"

# %% id="hook-held"
assert sh("git -C guarded rev-list --all --count") == (0, "0")

# %% [markdown] id="p4-failure"
# ## 4. One hundred per cent, and blind
#
# A team has 100 % coverage and is proud of it. On the first of the month customers in their twelfth month get no offer; the promise says they do. 900 calls to the hotline. Every line had been run by a test. Here are such tests, for our package.

# %% id="blind-tests" language="bash"
# cat > pack/tests/test_offers.py <<'PY'
# from offers import offer
#
#
# def test_offer_of_an_old_customer():
#     assert offer(80, 24) >= 0
#
#
# def test_offer_of_a_new_customer():
#     assert offer(80, 1) >= 0
#
#
# def test_negative_charge():
#     try:
#         offer(-1, 24)
#     except ValueError:
#         pass
# PY
# cd pack && PYTHONPATH=src python -m pytest -q -p no:cacheprovider --cov=offers --cov-branch --cov-report=term-missing tests | grep -E 'offers/|passed'

# %% [markdown] id="p4-idea"
# Coverage knows which lines **ran**. It can't know whether anybody looked at what came out. (The one line that is missing is the body of `main`; add a call, and you have your hundred.) So ask the other way round: *break the code, and see whether a test notices*. One small fault at a time, a **mutant**; a mutant that lives is a test that is missing. By hand it takes ten lines.

# %% id="mutants"
source = Path("pack/src/offers/__init__.py")
right = source.read_text()
faults = [("tenure >= 12", "tenure > 12"), ("tenure >= 12", "tenure >= 13"), ("monthly < 0", "monthly < -99"), ("monthly * SHARE", "monthly"), ("else 0.0", "else 1.0")]

def survivors(tests):
    """The faults that these tests don't notice."""
    alive = []
    for before, after in faults:
        source.write_text(right.replace(before, after))
        code, _ = sh(f"cd pack && PYTHONPATH=src python -m pytest -q -x -p no:cacheprovider {tests}")
        alive += [f"{before} → {after}"] if code == 0 else []
    source.write_text(right)
    return alive

blind = survivors("tests/test_offers.py")
print(f"{len(blind)} of {len(faults)} faults live:", *blind, sep="\n  ")
assert len(blind) == len(faults)

# %% [markdown] id="p4-better"
# All of them live. Four lines do better than those eleven: a value worked out by hand, both sides of the edge, and a refusal that must happen.

# %% id="seeing-tests" language="bash"
# cat > pack/tests/test_better.py <<'PY'
# import pytest
#
# from offers import offer
#
#
# @pytest.mark.parametrize(("tenure", "wanted"), [(11, 0.0), (12, 40.0), (24, 40.0)])
# def test_offer_at_its_edge(tenure, wanted):
#     assert offer(80, tenure) == wanted
#
#
# def test_a_charge_below_0_is_refused():
#     with pytest.raises(ValueError, match="-1"):
#         offer(-1, 24)
# PY

# %% id="mutants-again"
print("alive:", survivors("tests/test_better.py"))
assert survivors("tests/test_better.py") == [] and source.read_text() == right

# %% [markdown] id="p4-wrong"
# **What goes wrong.** Tests that compare the *text* of the code, or reach for its private names, are red for every mutant, too. They are also red for every honest rewrite, so somebody deletes them on the day they would be needed. Good tests are red for faults and green for rewrites. Both halves are graded in the lab.
#
# **How you would notice.** A bug comes back from production: is there a test that was red before the fix? If the tests were green with the bug, write the one that isn't first, and the fix after.
#
# Tools do this for whole packages (mutmut, cosmic-ray). They run your tests once for each mutant: minutes for a module, a night for a code base. Aim them at what costs money.

# %% [markdown] id="p4-stop"
# **Where the tools stop.** All of them look at the code that you have. None says that the model is right (module 06), that the rows are what you think (03), or that the machine has what the wheel expects below Python. For that you hand over the machine as well: next page.
