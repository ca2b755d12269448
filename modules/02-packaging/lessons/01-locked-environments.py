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
# # The same environment twice
#
# After this page you can say what a virtual environment is made of, tell a list of packages from a lock, and make an install fail when it would differ from yesterday's, instead of finding out from its numbers.

# %% [markdown] id="before-you-start"
# Everything happens in folders beside this notebook, and every package comes from the course's own index, which is up on this machine. Nothing is fetched from the internet. Run the cells from top to bottom; you may run them again.

# %% id="setup"
import os, re, subprocess, sys, time
from pathlib import Path

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # shell cells use this kernel's commands
os.environ.update(UV_CACHE_DIR=str(Path("cache").resolve()), UV_PYTHON=sys.executable, UV_PYTHON_DOWNLOADS="never", UV_NO_PROGRESS="1")
os.environ.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_CACHE_DIR="1", PIP_ROOT_USER_ACTION="ignore", NO_COLOR="1")
for variable in ("FORCE_COLOR", "CLICOLOR_FORCE"):  # set by the kernel, for terminals
    os.environ.pop(variable, None)

def sh(command):
    """Exit code of a shell command, and all that it says."""
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    return done.returncode, (done.stdout + done.stderr).strip()

index = os.environ["UV_DEFAULT_INDEX"]
print(sh("uv --version")[1], "|", sh("pip --version")[1].split(" from")[0], "|", index)

# %% [markdown] id="p1-failure"
# ## 1. The job that nobody deployed
#
# Tuesday, 07:15. The nightly job that says what each customer's offer may cost has run for 211 nights. Tonight its total is 20 % higher. The last commit is six weeks old, the data is fine, the machine was replaced on Monday at noon as planned, and the replacement installed itself from `requirements.txt`, which says `tariff`.
#
# Somebody had released `tariff` 1.1 at eleven. Here is that Monday, with a package of our own on a shelf of our own.

# %% id="shelf" language="bash"
# set -eu
# rm -rf tariff shelf monday tuesday && mkdir -p tariff/src/tariff shelf
# cat > tariff/pyproject.toml <<'TOML'
# [project]
# name = "tariff"
# version = "1.0"
# requires-python = ">=3.11"
#
# [build-system]
# requires = ["hatchling"]
# build-backend = "hatchling.build"
# TOML
# echo 'def offer(monthly): return round(monthly * 0.50, 2)' > tariff/src/tariff/__init__.py
# uv build -q --wheel --out-dir shelf tariff
# python -m venv monday && monday/bin/pip install -q --no-index --find-links shelf tariff
#
# echo 'def offer(monthly): return round(monthly * 0.60, 2)' > tariff/src/tariff/__init__.py
# sed -i.old 's/1.0/1.1/' tariff/pyproject.toml && uv build -q --wheel --out-dir shelf tariff
# python -m venv tuesday && tuesday/bin/pip install -q --no-index --find-links shelf tariff
# ls shelf

# %% id="two-days"
ask = "from importlib.metadata import version; import tariff; print(version('tariff'), tariff.offer(80))"
days = {day: sh(f'{day}/bin/python -c "{ask}"')[1] for day in ("monday", "tuesday")}
print(days)
assert days == {"monday": "1.0 40.0", "tuesday": "1.1 48.0"}

# %% [markdown] id="p1-idea"
# The same command, twice, on two days. Neither install did anything wrong: **a requirement is a question** (*which tariff may I use?*), and its answer depends on the day. What the job needs is an answer that was written down.
#
# | what is written | example | says | does not say |
# |---|---|---|---|
# | a requirement | `pyyaml>=6` | what your code can work with | which one it gets |
# | a pin | `pyyaml==6.0.4` | which version | which versions the others get; whether the file is the one you tested |
# | a list of pins (`pip freeze`) | 20 such lines | what was there, once, on that machine | who asked for what; whether it fits another platform |
# | a lock (`uv.lock`) | all of it, with hashes | which file of which version, for every platform, and why | how to make the files: they must still exist somewhere |
#
# You write the first. A tool writes the last, you commit it, and every machine installs from it.

# %% [markdown] id="p2-failure"
# ## 2. What an environment is
#
# "It works in my environment" ends as an argument only when you know what that is. Make one and look: there is less in it than you may think.

# %% id="look-inside" language="bash"
# set -eu
# cat monday/pyvenv.cfg
# ls monday monday/bin
# monday/bin/python -c "import sys; print(sys.prefix != sys.base_prefix, sys.path[-1].split('/monday/')[-1])"

# %% [markdown] id="p2-idea"
# A folder with a text file that says where the real Python is, a link to that Python, and a `site-packages` of its own. That's all. `activate` puts its `bin` first in your PATH and does nothing else, so `monday/bin/python` works without it, which is what a cron job and a Dockerfile use.
#
# Three things follow.
#
# - **It can't be moved.** The scripts in `bin` carry its absolute path in their first line. Copy a folder, and they start the Python of the old one.
# - **It borrows Python.** Upgrade the system's 3.11, and every environment made from it changes or breaks. The version of Python is a part of your environment that no `requirements.txt` holds.
# - **It borrows everything below Python**: the C library, CUDA, certificates. An image (page three) brings those along.

# %% id="carries-its-path" language="bash"
# head -n 1 monday/bin/pip | sed "s|$PWD|<here>|"
# cp -r monday moved && moved/bin/pip --version | sed "s|$PWD|<here>|; s|(.*||"

# %% id="moved-not"
moved = sh("moved/bin/pip --version")[1]
assert "/monday/" in moved and "/moved/" not in moved
print("`moved/bin/pip` installs into", re.search(r"/(\w+)/lib/", moved)[1])

# %% [markdown] id="p2-wrong"
# **How you would notice.** `pip` says *successfully installed*, and `import` says *No module named*: the pip that ran belongs to another Python than the one that imports. Call it as `python -m pip`, and the two can't differ.
#
# **At 3 a.m.** Never repair an environment in place. Make a new one beside it from the lock, point the job at it, keep the old one for the morning.

# %% [markdown] id="p3-failure"
# ## 3. A hash that does not match
#
# A version is a name, and names can be reused: a mirror that was tampered with, an internal index on which somebody "just quickly" replaced a file. A pin says `1.0` and gets whatever is called that today. A hash names the bytes.
#
# pip checks hashes as soon as one is there, and then insists on them for every package, those that came along included.
#
# *Source: pip documentation, "Secure installs": hash-checking mode is all-or-nothing.*

# %% id="with-hashes" language="bash"
# set -eu
# wheel=$(ls shelf/tariff-1.0-*.whl)
# digest=$(python -c "import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())" $wheel)
# echo "tariff==1.0 --hash=sha256:$digest" > requirements.txt
# cut -c 1-60 requirements.txt
# python -m venv hashed && hashed/bin/pip install -q --no-index --find-links shelf --require-hashes -r requirements.txt
# hashed/bin/pip freeze

# %% id="swapped" language="bash"
# mkdir -p swapped && rm -f swapped/*
# mkdir -p other && cp -r tariff other/ && sed -i.old 's/1.1/1.0/' other/tariff/pyproject.toml && uv build -q --wheel --out-dir swapped other/tariff
# ls swapped
# hashed/bin/pip install --no-index --find-links swapped --require-hashes --force-reinstall -r requirements.txt 2>&1 | grep -v '^Looking\|^Processing\|^Collecting' | cut -c 1-110

# %% id="swapped-refused"
code, said = sh("hashed/bin/pip install --no-index --find-links swapped --require-hashes --force-reinstall -r requirements.txt")
assert code != 0 and "DO NOT MATCH THE HASHES" in said
assert sh("hashed/bin/pip freeze")[1].startswith("tariff==1.0")

# %% [markdown] id="p3-wrong"
# Same name, same version, other bytes: refused, and the environment is as it was. You will meet this message in three stories. Somebody replaced a file on the index. A proxy returned an error page with status 200. Or the lock was merged by hand. Only the first is an attack; treat all three as one until you know.

# %% [markdown] id="p4-failure"
# ## 4. A lock in four commands
#
# Typing hashes is nobody's work. `uv` keeps your requirements in `pyproject.toml`, works out one answer for all of them, and writes it to `uv.lock`.

# %% id="lock-it" language="bash"
# set -eu
# rm -rf project && mkdir project && cd project
# uv init -q --bare --no-workspace --name churn-report   # a project of its own, not a part of your lab's
# uv add -q pyyaml
# uv add -q --dev pytest
# cat pyproject.toml
# uv tree

# %% [markdown] id="p4-idea"
# You asked for two packages; the tree shows who brought the others. `pytest` stands in a *dependency group*: it is locked with the rest, and `--no-dev` leaves it out of production. uv also noted which index it was told to use; with PyPI there is nothing to note.
#
# *Source: packaging.python.org, "Dependency Groups" (PEP 735).*
#
# Look at one entry of the lock. Nothing in it is a question any more.

# %% id="read-the-lock" language="bash"
# cd project && grep -A 5 '^name = "pyyaml"' uv.lock | cut -c 1-150
# grep -c '^name = ' uv.lock && grep -c 'sha256:' uv.lock

# %% id="how-long"
fresh = []
for number in range(2):
    sh("rm -rf project/.venv" + ("" if number else " cache"))
    start = time.perf_counter()
    assert sh("cd project && uv sync --locked")[0] == 0
    fresh.append(time.perf_counter() - start)
print(f"an empty environment from the lock: {fresh[0]:.2f} s with an empty cache, {fresh[1]:.2f} s with a filled one")
assert {line.split("==")[0] for line in sh("cd project && uv export -q --no-hashes --no-emit-project --frozen --no-annotate --no-header")[1].splitlines()} >= {"pyyaml", "pytest"}

# %% [markdown] id="p4-cheap"
# Throwing an environment away costs seconds. That changes how you work: nobody debugs an environment that can be made anew before the kettle boils.

# %% [markdown] id="p5-failure"
# ## 5. The lock that was not looked at
#
# A merge on Friday: one branch changed `pyproject.toml`, the other `uv.lock`. Git finds no conflict, for these are two files. What does an install do now? It depends on one word.

# %% id="stale" language="bash"
# cd project && uv sync -q && sed -i.old 's/"pyyaml>=[0-9.]*"/"pyyaml>=6", "tomli-w"/' pyproject.toml && sed -n '/^dependencies/,/^]/p' pyproject.toml
# for flag in --locked --frozen; do
#   echo "--- uv sync $flag"; uv sync $flag 2>&1 | tail -n 2; echo "exit code ${PIPESTATUS[0]}"
# done
# .venv/bin/python -c "import tomli_w" 2>&1 | tail -n 1

# %% id="stale-three"
locked, frozen = (sh(f"cd project && uv sync {flag}")[0] for flag in ("--locked", "--frozen"))
assert (locked == 0, frozen == 0) == (False, True), (locked, frozen)
assert sh("cd project && .venv/bin/python -c 'import tomli_w'")[0] != 0
print({"--locked": locked, "--frozen": frozen, "(nothing)": "makes the lock fit, and says nothing of it"})

# %% [markdown] id="p5-idea"
# | command | the lock doesn't fit `pyproject.toml` | use it |
# |---|---|---|
# | `uv sync` | locks again, silently | at your desk |
# | `uv sync --locked` | fails | in CI, in images, in every script |
# | `uv sync --frozen` | installs the lock, doesn't look at `pyproject.toml` | when half of the files is there, knowingly |
#
# *Source: uv documentation, "Locking and syncing".*
#
# **How you would notice.** `ModuleNotFoundError` in production for a package that stands in `pyproject.toml`: somewhere between, a `--frozen`. **At 3 a.m.** deploy the previous image. In daylight: `uv lock`, read its diff like code, commit.

# %% id="mend" language="bash"
# cd project && uv lock -q && uv sync -q --locked && .venv/bin/python -c "import tomli_w; print('tomli_w', tomli_w.dumps({'ok': True}).strip())"

# %% [markdown] id="p6-choose"
# ## 6. Which tool, when
#
# | you have | take | because |
# |---|---|---|
# | a script, no packages | `python -m venv` and pip, both come with Python | nothing else to install, at any age of the machine |
# | a project of your own, in Python | uv | one lock for all platforms, fast, and it brings the Python version along |
# | a project that has a `poetry.lock` | Poetry, and its lock | a working lock is worth more than a nicer tool; the change is a day's work, on a quiet day |
# | libraries that are no Python: CUDA, GDAL, R | conda or mamba with `conda-lock` | wheels can carry some of these, conda's packages carry all, compilers included |
# | somebody's `requirements.txt` with hashes | pip with `--require-hashes` | it *is* a lock, for one platform |
#
# Poetry and conda aren't installed here, so no cell runs them. What differs is less than it seems: each keeps requirements in one file and answers in another. Poetry and uv both read the `[project]` table (Poetry since version 2). There is a lock format of the standard, `pylock.toml`; uv writes it when asked, for tools that are not uv.
#
# *Sources: PEP 621, PEP 751; Poetry documentation, "The pyproject.toml file"; conda documentation, "Managing environments".*

# %% id="standard-lock" language="bash"
# cd project && uv export -q --frozen --no-dev --format pylock.toml -o pylock.toml && grep -E '^(lock-version|created-by|name|version) ' pylock.toml

# %% [markdown] id="p6-stop"
# **Two rules that save an evening.** Never mix conda and pip in one environment without writing both down: conda doesn't know what pip replaced. And one environment for each tool family: two that disagree about a third belong apart, not into a contest.
#
# **Where the tool stops.** A lock says which files, not whether they are good ones: a package with a hole stays pinned until you move (module 13 scans). It ends where Python ends: the C library below comes from the image. And it holds *other* people's packages. The next page makes one of your own.
