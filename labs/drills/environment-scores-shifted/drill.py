"""The scorer's environment was rebuilt without its lock, and a newer package computes a feature in another unit."""

import base64
import csv
import hashlib
import json
import math
import random
import zipfile
from pathlib import Path

from grader.drills import Drill, check

PACKAGES = Path(__file__).with_name("packages")
LOCKED, NEWER = "1.4.0", "1.5.0"
ASK = (
    "import churn_features as c, hashlib, importlib.metadata as m;"
    "print(m.version('churn-features'), hashlib.sha256(open(c.__file__, 'rb').read()).hexdigest())"
)
NEXT = "What does requirements.lock ask for, and what is installed?"


def inject(drill: Drill) -> None:
    """A wheelhouse with both versions, a lock with one, an environment with the other."""
    (drill.folder / "wheelhouse").mkdir()
    digests = {version: wheel(version, drill.folder / "wheelhouse") for version in (LOCKED, NEWER)}
    drill.write("requirements.lock", f"churn-features=={LOCKED} --hash=sha256:{digests[LOCKED]}\n")
    model(drill)
    drill.must_run("python -m venv .venv")
    drill.must_run(".venv/bin/python -m pip install -q --no-index --find-links wheelhouse churn-features")
    kept = ("requirements.lock", "model.json", "score.py")
    drill.facts |= {
        "kept": {name: drill.read(name) for name in kept},
        "mean": json.loads(drill.read("model.json"))["mean_score"],
    }


def model(drill: Drill) -> None:
    """A logistic model on tenure in years, 500 customers, and the mean of their scores."""
    draw = random.Random(11)
    rows = [(draw.randint(1, 72), round(draw.uniform(20, 110), 2)) for _ in range(500)]
    weights = {"intercept": -0.4, "tenure": -0.55, "monthly": 0.012}
    z = [weights["intercept"] + weights["tenure"] * months / 12 + weights["monthly"] * charges for months, charges in rows]
    weights["mean_score"] = sum(1 / (1 + math.exp(-value)) for value in z) / len(z)
    drill.write("model.json", json.dumps(weights))
    with (drill.folder / "customers.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("tenure", "monthly_charges"), *rows])


def wheel(version: str, wheelhouse: Path) -> str:
    """Build the package's wheel; returns its SHA-256."""
    info = f"churn_features-{version}.dist-info"
    parts = {
        "churn_features.py": (PACKAGES / version / "churn_features.py").read_bytes(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: churn-features\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: course\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={digest(content)},{len(content)}\n" for name, content in parts.items())
    parts[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    file = wheelhouse / f"churn_features-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def digest(content: bytes) -> str:
    """As a wheel's RECORD wants it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


@check("no-skew")
def the_scores_are_those_of_the_training(drill: Drill) -> None:
    """The scorer gives today's customers the mean score that the model gave them at training."""
    done = drill.run(".venv/bin/python score.py")
    if done.code:
        drill.fail("`.venv/bin/python score.py` ends with 0", f"{done.code}: {done.last}", NEXT)
    scores = json.loads(drill.read("scores.json"))
    drill.expect("mean score", sum(scores) / len(scores)).close_to(drill.facts["mean"], within=1e-9, why="at training")


@check("as-locked")
def the_environment_is_the_lock(drill: Drill) -> None:
    """The scorer's environment holds what the lock names, unpacked from the wheel with the lock's hash."""
    done = drill.run(f'.venv/bin/python -c "{ASK}"')
    released = hashlib.sha256((PACKAGES / LOCKED / "churn_features.py").read_bytes()).hexdigest()
    drill.expect("version and file of churn-features in .venv", done.last).equals(f"{LOCKED} {released}", next_step=NEXT)


@check("nothing-bent")
def lock_model_and_scorer_are_as_they_were(drill: Drill) -> None:
    """The lock, the model's record and the scorer are unchanged: they were right."""
    changed = [name for name, text in drill.facts["kept"].items() if drill.read(name) != text]
    drill.expect("files that were changed", changed).equals([])
