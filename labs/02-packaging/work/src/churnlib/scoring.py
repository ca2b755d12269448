### BEGIN SOLUTION
"""Cleans a customer's row and scores it."""

from collections.abc import Mapping
from importlib.resources import files
from math import exp
from typing import Any, TypedDict

import yaml

MODEL: dict[str, Any] = yaml.safe_load(files("churnlib").joinpath("model.yaml").read_text(encoding="utf-8"))
LONGEST = 72


class Customer(TypedDict):
    """A row with its numbers as numbers."""

    tenure: int
    monthly_charges: float
    total_charges: float
    contract: str


def clean(row: Mapping[str, str]) -> Customer:
    """Numbers as numbers. A customer without a total charge is new and owes 0. ValueError for a row that can't be."""
    tenure = int(row["tenure"])
    if tenure < 0:
        raise ValueError(f"tenure {tenure} is negative")
    contract = row["contract"].strip()
    if contract not in MODEL["contract"]:
        raise ValueError(f"unknown contract {contract!r}")
    total = row["total_charges"].strip()
    return {
        "tenure": tenure,
        "monthly_charges": float(row["monthly_charges"]),
        "total_charges": float(total) if total else 0.0,
        "contract": contract,
    }


def score(row: Mapping[str, str]) -> float:
    """The probability that this customer leaves. More than 72 months count as 72."""
    customer = clean(row)
    logit = float(MODEL["intercept"])
    logit += MODEL["tenure"] * min(customer["tenure"], LONGEST)
    logit += MODEL["monthly_charges"] * customer["monthly_charges"]
    logit += MODEL["contract"][customer["contract"]]
    return 1 / (1 + exp(-logit))


def band(probability: float) -> str:
    """What retention does: `call` from 0.6, `mail` from 0.3, else `leave`. ValueError outside 0 to 1."""
    if probability < 0 or probability > 1:
        raise ValueError(f"{probability} is no probability")
    if probability >= 0.6:
        return "call"
    if probability >= 0.3:
        return "mail"
    return "leave"
### END SOLUTION
