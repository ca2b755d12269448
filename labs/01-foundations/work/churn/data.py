"""The rows: where they come from, and who learns from which."""

import pandas as pd
from sklearn.model_selection import GroupShuffleSplit


def load(config):
    """All rows and all columns of the CSV file that `config["data"]` names, as a DataFrame."""
    ### BEGIN SOLUTION
    return pd.read_csv(config["data"])
    ### END SOLUTION


def split(rows, config):
    """Two DataFrames: the rows to learn from, and the rows to be judged on.

    `config["test_size"]` of the customers are judged on, drawn by `config["seed"]`. All rows of a customer stay together.
    """
    ### BEGIN SOLUTION
    one = GroupShuffleSplit(n_splits=1, test_size=config["test_size"], random_state=config["seed"])
    past, today = next(one.split(rows, groups=rows["customer_id"]))
    return rows.iloc[past], rows.iloc[today]
    ### END SOLUTION
