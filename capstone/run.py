# %% [markdown] id="intro"
# # Churn Predictor: your package, asked from outside
#
# You work in your repository, not here. This notebook is what the check runs beside your files: it calls your package with
# customers, seeds and prices of the grader's own. It is here to be read; nothing in it is secret.

# %% id="parameters" tags=["parameters"]
# Set by whoever runs the notebook; the values here are only stand-ins.
seed = 7
commit = "0" * 40

# %% id="questions"
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

sys.path.insert(0, str(Path("src").resolve()))


def configured(changes):
    """Your params.yaml with these keys changed."""
    return {**yaml.safe_load(Path("params.yaml").read_text()), **changes}


def rows_of(table):
    """Which rows these are: customer and month of tenure."""
    return table[["customer_id", "tenure"]].astype(int).to_numpy().tolist()


def loaded(table, path):
    """What `load` gives for a file of ours."""
    import churn_predictor

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
    return churn_predictor.load(configured({"data": path}))


def sides(table, changes):
    """The rows on both sides of your split."""
    import churn_predictor

    past, today = churn_predictor.split(table, configured(changes))
    return {"past": rows_of(past), "today": rows_of(today)}


def scores_after(past, rows, changes):
    """The scores of `rows` by a model that learned from `past`."""
    import churn_predictor

    return churn_predictor.train(past, configured(changes)).predict_proba(rows)[:, 1]


def validated(table):
    """What `validate` finds wrong in a batch, by column."""
    import churn_predictor

    return {str(column): str(fault) for column, fault in churn_predictor.validate(table).items()}


class FixedScores:
    """A model that knows its answers beforehand."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def predict_proba(self, rows):
        """The fixed scores, one a row."""
        assert len(rows) == len(self.values), f"asked for {len(rows)} rows of {len(self.values)}"
        return np.column_stack([1 - self.values, self.values])

    def predict(self, rows):
        """Verdicts as scikit-learn's models give them."""
        return self.predict_proba(rows)[:, 1] > 0.5


def judged(values, rows, changes):
    """What `evaluate` makes of scores that we chose."""
    import churn_predictor

    return churn_predictor.evaluate(FixedScores(values), rows, configured(changes))


def tracked(text, changes, commit):
    """The id of the run that `track` leaves for these rows; address and account of the server are in the environment."""
    from churn_predictor.tracking import track

    Path("tracked.csv").write_text(text)
    return track(configured({"data": "tracked.csv", **changes}), commit)


AGAIN = """
import json, sys
sys.path.insert(0, "src")
import pandas as pd, churn_predictor
config = json.loads(sys.argv[1])
past, today = churn_predictor.split(pd.read_csv("twice.csv"), config)
scores = churn_predictor.train(past, config).predict_proba(today)[:, 1]
print(json.dumps({"today": today["customer_id"].astype(int).tolist(), "scores": scores.tolist()}))
"""


def twice(table, changes):
    """Split, train and score in two fresh processes at once: what a colleague and a nightly job would get."""
    table.to_csv("twice.csv", index=False)
    command = [sys.executable, "-c", AGAIN, json.dumps(configured(changes))]
    started = [
        subprocess.Popen(
            command, env={**os.environ, "PYTHONHASHSEED": hashing}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for hashing in ("1", "2")
    ]
    answers = []
    for process in started:
        output, errors = process.communicate()
        if process.returncode:
            raise RuntimeError((errors.strip().splitlines() or ["it failed without a word"])[-1])
        answers.append(json.loads(output.splitlines()[-1]))
    return answers
