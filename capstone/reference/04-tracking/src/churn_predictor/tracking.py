"""A training that somebody else can check: one run on the MLflow server that the environment names.

A module of its own, since importing MLflow takes seconds that whoever only wants to score shouldn't wait.
"""

import hashlib
import subprocess
from pathlib import Path

import mlflow
import sklearn
import yaml
from mlflow.models import infer_signature
from sklearn.metrics import roc_auc_score

from churn_predictor import evaluate, load, split, train

LOGGED = ("C", "seed", "test_size")


def fingerprint(path):
    """The SHA-256 of a file's bytes, as 64 hex digits."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def track(config, commit):
    """Train as the configuration says and leave one run behind; returns its id. A training that fails leaves a failed run."""
    with mlflow.start_run() as run:
        mlflow.log_params({name: config[name] for name in LOGGED})
        mlflow.set_tags({"data_sha256": fingerprint(config["data"]), "git_commit": commit})
        past, today = split(load(config), config)
        model = train(past, config)
        auc = roc_auc_score(today["churn"] == "Yes", model.predict_proba(today)[:, 1])
        mlflow.log_metrics({"auc": auc, "cost": evaluate(model, today, config)["cost"]})
        features = config["features"]
        example = today[[*features["numbers"], *features["texts"]]].astype(dict.fromkeys(features["numbers"], float))
        mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(example, model.predict_proba(example)),
            pyfunc_predict_fn="predict_proba",
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
            skops_trusted_types=["numpy.dtype"],
        )
    return run.info.run_id


def main():
    """Track a training as params.yaml says, from the commit that is checked out."""
    config = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    commit = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    print(track(config, commit))


if __name__ == "__main__":
    main()
