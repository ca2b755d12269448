"""Says which customers will leave: four steps, each driven by a configuration (a dict, as it stands in params.yaml)."""

from churn_predictor.contract import validate
from churn_predictor.data import load, split
from churn_predictor.model import train
from churn_predictor.money import evaluate

__all__ = ["evaluate", "load", "split", "train", "validate"]
__version__ = "0.2.0"
