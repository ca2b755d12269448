# %% [markdown] id="intro"
# # Lab 02: a package that installs where you are not
#
# Friday, 17:20. Retention's scoring job has run on one laptop for a year, from two scripts in a folder called `handover`.
# The laptop is being replaced on Monday. Nobody knows which PyYAML it has.
#
# You turn the two scripts into `churnlib`: locked, linted, typed, tested, on an index, in an image. The files stand beside
# this notebook; edit them in any editor. The commands below run in this folder, with the course's package index as the only
# index: `UV_DEFAULT_INDEX` and `PIP_INDEX_URL` say where it is.
#
# Then run `mlops check` in a terminal (`mlops check --all` explains everything that is missing). It installs your package
# into empty environments, breaks the code to see whether your tests notice, and, where there is Docker, builds your image.
# Without Docker the last two tasks are shown as unavailable; the other 76 points are there all the same.

# %% id="parameters" tags=["parameters"]
# Set by whoever runs the notebook; the values here are only stand-ins.
index_url = "http://127.0.0.1:3141/lab/lab/+simple/"
seed = 7
commit = "0" * 40

# %% id="given" tags=["given"]
import os
import subprocess
import sys
from pathlib import Path

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # `!uv`, `!ruff` … of this kernel
os.environ["UV_CACHE_DIR"] = str(Path(".cache").resolve())
os.environ["UV_PYTHON_DOWNLOADS"] = "never"
os.environ["UV_PYTHON"] = sys.executable

# %% [markdown] id="task-1" describes="lock"
# ## 1. Declare and lock
#
# 1. Copy `handover/scoring.py`, `handover/service.py` and `handover/model.yaml` to `src/churnlib/`, and add an
#    `__init__.py` so that `from churnlib import band, clean, score` works.
# 2. Complete `pyproject.toml`: what the package imports under `dependencies`; `mypy`, `pytest`, `ruff` and `types-pyyaml` in
#    the dependency group `dev`; and the build system (`hatchling`).
# 3. Lock it: `!uv lock` in a cell below this one (cells that you add are yours, they are not run by the check).

# %% [markdown] id="task-2" describes="quality"
# ## 2. Lint and type
#
# Ruff with at least the rules `E`, `F`, `I` and `B` finds nothing (no `noqa`); `mypy` with `strict = true` finds nothing in
# `src` (no `type: ignore`). Both are configured in `pyproject.toml`. `scoring.py` must behave as before: same functions, same
# numbers. An empty file `src/churnlib/py.typed` tells whoever installs the package that its types may be used.
#
# `!ruff check src tests` and `!mypy src`.

# %% [markdown] id="task-3" describes="tests"
# ## 3. Tests that notice
#
# Tests in `tests/`, on `band`, `clean` and `score` as imported from `churnlib`. They must be green on your code, and on any
# other code that behaves the same; and red when a boundary moves, a sign turns or a refusal goes missing. The docstrings say
# what is promised.
#
# `!PYTHONPATH=src python -m pytest -q`

# %% [markdown] id="task-4" describes="release"
# ## 4. Build the wheel and publish it
#
# `release()` builds the wheel into `dist/` and publishes it with `uv publish`. Where to and as whom is in the environment
# (`UV_PUBLISH_URL`, `UV_PUBLISH_USERNAME`, `UV_PUBLISH_PASSWORD`): no address and no password in the code. A version that is
# on the index can't be replaced, there as on PyPI; while you try, call it once and then count `version` up (the check wants
# 1.0.0, in an index of its own).

# %% task="release"
def release():
    """Build the wheel of this folder's package and publish it."""
    ### BEGIN SOLUTION
    subprocess.run(["uv", "build", "--wheel", "--out-dir", "dist"], check=True)
    subprocess.run(["uv", "publish", *map(str, Path("dist").glob("*.whl"))], check=True)
    ### END SOLUTION


# %% [markdown] id="task-5" describes="image"
# ## 5. An image that can be trusted (needs Docker)
#
# A `Dockerfile` in two stages, both from `python:3.11-slim-bookworm`. The build has no network but the package index, whose
# address comes as the build argument `INDEX_URL`; uv is there to be installed (`pip install uv==0.13.9`). `ADD` (use `COPY`),
# `ONBUILD`, `VOLUME`, `COPY <<` and options of `RUN` (`--mount`) are refused. The image
#
# - starts `churnlib.service`, which listens on port 8000;
# - has a `HEALTHCHECK` that is healthy when the service answers, and not when it doesn't;
# - runs as another user than root, holds no compiler, no uv, ruff, mypy or pytest, and adds at most 40 MiB to its base;
# - works where nothing but `/tmp` can be written, as a careful cluster runs it (`docker run --read-only --tmpfs /tmp`).
#
# To try it on Linux, in a terminal: `docker build --network host --build-arg INDEX_URL=… -t churnlib .` with the address that
# `mlops status` shows for the package index, followed by `/course/wheels/+simple/`.

# %% [markdown] id="task-6" describes="delivery"
# ## 6. Stretch: builds that are quick, images that can be told apart (needs Docker)
#
# - A change in `src` must not install the dependencies again: order the steps of the Dockerfile so that their layer is reused.
# - CI pushes your image to a registry under the tags that `tags(version, commit)` gives: one for the version, one for the
#   commit, none that will ever point at another image. It builds with `VERSION` and `REVISION` as build arguments; keep both
#   in the labels `org.opencontainers.image.version` and `org.opencontainers.image.revision`.

# %% task="delivery"
def tags(version, commit):
    """The tags under which the image of this version, built from this commit, is pushed."""
    ### BEGIN SOLUTION
    return [version, commit]
    ### END SOLUTION
