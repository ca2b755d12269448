from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from churn_predictor import evaluate, load, split, train

CONFIG = yaml.safe_load(Path("params.yaml").read_text())
NUMBERS, TEXTS = CONFIG["features"]["numbers"], CONFIG["features"]["texts"]


class Scores:
    """A model that knows its answers beforehand."""

    def __init__(self, *values):
        self.values = np.array(values)

    def predict_proba(self, rows):
        return np.column_stack([1 - self.values, self.values])


@pytest.fixture
def rows():
    """200 made-up customers, of whom 80 have a second month. Who pays more leaves more often."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"customer_id": [*range(200), *range(80)]})
    for name in NUMBERS:
        table[name] = rng.integers(0, 100, len(table))
    for name in TEXTS:
        table[name] = rng.choice(["Yes", "No"], len(table))
    table["churn"] = np.where(table["monthly_charges"] + rng.normal(0, 20, len(table)) > 60, "Yes", "No")
    return table


def test_load_keeps_every_row(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("customer_id,total_charges\n1,10.5\n2,\n")
    assert load({**CONFIG, "data": str(file)})["customer_id"].tolist() == [1, 2]


def test_nobody_is_on_both_sides_and_nobody_is_lost(rows):
    past, today = split(rows, CONFIG)
    assert sorted([*past.index, *today.index]) == list(rows.index)
    assert not set(past["customer_id"]) & set(today["customer_id"])


def test_the_seed_decides_who_is_judged(rows):
    one, again, other = (split(rows, {**CONFIG, "seed": seed})[1].index.tolist() for seed in (1, 1, 2))
    assert one == again != other


def test_a_fifth_is_judged_when_that_is_asked(rows):
    assert 0.15 < len(split(rows, {**CONFIG, "test_size": 0.2})[1]) / len(rows) < 0.25


def test_a_column_that_is_not_declared_moves_no_score(rows):
    rows["satisfaction"] = rows["churn"].eq("Yes")
    model = train(rows, CONFIG)
    changed = rows.assign(satisfaction=~rows["satisfaction"], customer_id=0)
    assert np.array_equal(model.predict_proba(rows), model.predict_proba(changed))


def test_c_decides_how_far_scores_spread(rows):
    held, free = (train(rows, {**CONFIG, "C": strength}).predict_proba(rows)[:, 1] for strength in (0.001, 10))
    assert free.std() > 1.5 * held.std()


def test_cost_worked_out_by_hand():
    # threshold 30 / (30 + 70) = 0.3: the second and the third are called
    rows = pd.DataFrame({"churn": ["Yes", "Yes", "No", "No"]})
    config = {**CONFIG, "prices": {"missed": 70, "wasted": 30}}
    found = evaluate(Scores(0.2, 0.35, 0.4, 0.1), rows, config)
    assert found == {"confusion": [[1, 1], [1, 1]], "cost": (70 + 30) / 4}


def test_dearer_misses_call_more():
    rows = pd.DataFrame({"churn": ["Yes", "Yes", "No", "No"]})
    config = {**CONFIG, "prices": {"missed": 90, "wasted": 10}}
    assert evaluate(Scores(0.2, 0.05, 0.15, 0.05), rows, config) == {"confusion": [[1, 1], [1, 1]], "cost": 25.0}
