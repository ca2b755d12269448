"""Stage `prepare`: customers who keep the contract and have been here long enough; whoever was never billed owes 0."""

import sys
from pathlib import Path

import pandas as pd
import yaml

from churn_predictor.contract import validate


def main():
    """Write data/prepared.csv, or say what is wrong with data/customers.csv and stop."""
    rows = pd.read_csv("data/customers.csv")
    faults = validate(rows)
    if faults:
        sys.exit("\n".join(f"data/customers.csv: {column}: {fault}" for column, fault in faults.items()))
    shortest = yaml.safe_load(Path("params.yaml").read_text())["prepare"]["min_tenure"]
    kept = rows[rows["tenure"] >= shortest].fillna({"total_charges": 0.0})
    kept.to_csv("data/prepared.csv", index=False)


if __name__ == "__main__":
    main()
