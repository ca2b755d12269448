"""Stage `features`: the customer, the declared columns, and whether they left."""

from pathlib import Path

import pandas as pd
import yaml


def main():
    """Write data/features.csv."""
    features = yaml.safe_load(Path("params.yaml").read_text())["features"]
    columns = ["customer_id", *features["numbers"], *features["texts"], "churn"]
    pd.read_csv("data/prepared.csv")[columns].to_csv("data/features.csv", index=False)


if __name__ == "__main__":
    main()
