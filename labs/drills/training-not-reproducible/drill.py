"""A training whose split has no seed, and whose columns come in the order of a set."""

import csv
import re

import numpy as np

from grader.drills import Drill, check

NEXT = "What in train.py does not come from the seed? There are two things. PYTHONHASHSEED=1 and =2 tell them apart."


def inject(drill: Drill) -> None:
    """Customers to train on; the fault is in train.py as it was merged."""
    draw = np.random.default_rng(5)
    names = ["tenure", "monthly_charges", "calls", "age", "products", "data_gb"]
    rows = draw.normal(size=(900, len(names))).round(3)
    leaves = (rows @ [-1.0, 0.8, 0.6, -0.2, 0.1, 0.0] + draw.normal(scale=1.4, size=900) > 0).astype(int)
    with (drill.folder / "customers.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["customer_id", *names, "churn"])
        out.writerows([number, *row, label] for number, (row, label) in enumerate(zip(rows.tolist(), leaves, strict=True)))
    drill.facts["kept"] = {name: drill.read(name) for name in ("repeat.py", "customers.csv")}


def trained(drill: Drill, seed: int, hashing: int) -> str:
    """What a training prints with a seed, on a machine whose hashes of texts are seeded thus."""
    done = drill.once(f"python train.py --seed {seed}", {"PYTHONHASHSEED": str(hashing)})
    if done.code or not re.fullmatch(r"auc 0\.\d{6}", done.last):
        drill.fail("`python train.py --seed …` prints `auc 0.…`", f"exit {done.code}: {done.last}")
    return done.last


@check("same-seed-same-number")
def one_seed_gives_one_number(drill: Drill) -> None:
    """Two trainings with one seed give the same AUC, whatever order this machine's sets have."""
    first, second = trained(drill, 7, hashing=1), trained(drill, 7, hashing=2)
    drill.expect("second training with seed 7", second).equals(first, why="the first one", next_step=NEXT)


@check("seed-still-counts")
def another_seed_gives_another_number(drill: Drill) -> None:
    """Another seed gives another AUC, and an honest one: the training still draws."""
    first, other = (float(trained(drill, seed, hashing=1).split()[1]) for seed in (7, 8))
    drill.expect("trainings with seeds 7 and 8 differ", first != other, f"{first}, {other}").is_true("they draw")
    drill.expect("auc with seed 7", first).close_to(0.80, within=0.06, why="what this data allows")


@check("gate-untouched")
def the_gate_still_asks(drill: Drill) -> None:
    """The merge check and the data are as they were."""
    changed = [name for name, text in drill.facts["kept"].items() if drill.read(name) != text]
    drill.expect("files that were changed", changed).equals([])
