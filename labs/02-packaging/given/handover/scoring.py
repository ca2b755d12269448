"""Cleans a customer's row and scores it."""
import os, sys
from importlib.resources import files
from math import exp
import yaml

MODEL = yaml.safe_load(files("churnlib").joinpath("model.yaml").read_text(encoding="utf-8"))
LONGEST = 72


def clean(row, defaults={}):
    """Numbers as numbers. A customer without a total charge is new and owes 0. ValueError for a row that can't be."""
    row = {**defaults, **row}
    tenure = int(row["tenure"])
    if tenure < 0:
        raise ValueError(f"tenure {tenure} is negative")
    contract = row["contract"].strip()
    if contract not in MODEL["contract"]:
        raise ValueError(f"unknown contract {contract!r}")
    total = row["total_charges"].strip()
    l = float(total) if total else 0.0
    return {"tenure": tenure, "monthly_charges": float(row["monthly_charges"]), "total_charges": l, "contract": contract}


def score(row):
    """The probability that this customer leaves. More than 72 months count as 72."""
    customer = clean(row)
    logit = MODEL["intercept"]
    logit += MODEL["tenure"] * min(customer["tenure"], LONGEST)
    logit += MODEL["monthly_charges"] * customer["monthly_charges"]
    logit += MODEL["contract"][customer["contract"]]
    return 1 / (1 + exp(-logit))


def band(probability):
    """What retention does: `call` from 0.6, `mail` from 0.3, else `leave`. ValueError outside 0 to 1."""
    if probability < 0 or probability > 1:
        raise ValueError(f"{probability} is no probability")
    if probability >= 0.6:
        return "call"
    if probability >= 0.3:
        return "mail"
    return "leave"
