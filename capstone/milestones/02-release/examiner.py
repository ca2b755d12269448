# But for the lock all is tried out: what of the student's runs is a process of its own, in a copy. `ran_in` is milestone 0's.
import json  # noqa: F401
import shutil
import sys
from pathlib import Path

import yaml

UV = {"UV_CACHE_DIR": str(Path("uv-cache").resolve()), "UV_PYTHON_DOWNLOADS": "never", "UV_PYTHON": sys.executable}


def copied(name):
    """A fresh copy of what was handed in, without the repository."""
    folder = Path(name).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HANDED_IN, folder, ignore=shutil.ignore_patterns(".git"))  # noqa: F821
    return folder


def lock_checked():
    """What uv says of the lock, without a network: a lock that fits needs none. Nothing of the student's is built for it."""
    return ran_in(copied("to-lock"), uv(), "lock", "--check", "--offline", "--no-build", **UV)  # noqa: F821


def uv():
    """uv of this environment."""
    return Path(sys.executable).with_name("uv")


def wheel_says(rows, config):
    """Build the wheel, install it alone into an empty folder, and run it far from its source."""
    folder, away = copied("to-build"), Path("away").resolve()
    shutil.rmtree(away, ignore_errors=True)
    (away / "job").mkdir(parents=True)
    built = ran_in(folder, uv(), "build", "--wheel", "--offline", "--no-build-isolation", "--out-dir", away / "dist", **UV)  # noqa: F821
    wheels = sorted((away / "dist").glob("*.whl"))
    if built[0] != 0 or not wheels:
        return [built[0] or 1, f"the wheel builds? {built[1]}"]
    install = [uv(), "pip", "install", "--offline", "--no-deps", "--target", away / "packages", wheels[0]]
    code, said = ran_in(away, *install, **UV)  # noqa: F821
    if code != 0:
        return [code, said]
    rows.to_csv(away / "job" / "rows.csv", index=False)
    (away / "job" / "params.yaml").write_text(yaml.safe_dump(config))
    return ran_in(away / "job", sys.executable, "-m", "churn_predictor", "params.yaml", PYTHONPATH=str(away / "packages"))  # noqa: F821


def suite(init):
    """How the tests end with this `__init__.py` in the package."""
    folder = copied("to-test")
    (folder / "src" / "churn_predictor" / "__init__.py").write_text(init, encoding="utf-8")
    return ran_in(folder, sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests")  # noqa: F821
