"""The rows: where they come from, and who learns from which."""

import pandas as pd
from sklearn.model_selection import GroupShuffleSplit


def load(config):
    """All rows and all columns of the CSV file that `config["data"]` names."""
    return pd.read_csv(config["data"])


def split(rows, config):
    """The rows to learn from, and the rows to be judged on: `test_size` of the customers, drawn by the seed."""
    one = GroupShuffleSplit(n_splits=1, test_size=config["test_size"], random_state=config["seed"])
    past, today = next(one.split(rows, groups=rows["customer_id"]))
    return rows.iloc[past], rows.iloc[today]
