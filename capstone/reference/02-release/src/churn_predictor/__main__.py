"""`python -m churn_predictor [params.yaml]`: trains, judges, and says as JSON what that cost."""

import json
import sys
from pathlib import Path

import yaml

from churn_predictor import evaluate, load, split, train


def main():
    """Run the four steps as the configuration file says."""
    file = sys.argv[1] if len(sys.argv) > 1 else "params.yaml"
    config = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    past, today = split(load(config), config)
    print(json.dumps(evaluate(train(past, config), today, config)))


if __name__ == "__main__":
    main()
