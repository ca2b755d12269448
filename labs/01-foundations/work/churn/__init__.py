"""The churn model in four steps, each driven by a configuration (a dict, as it stands in config.yaml)."""

from churn.configuration import check_config
from churn.data import load, split
from churn.model import train
from churn.money import evaluate

__all__ = ["check_config", "evaluate", "load", "split", "train"]
