"""What the handed-over model scores, worked out here, and the mutants of its code that a test must notice."""

import math

import yaml

from grader.checks import Lab

MODEL = "handover/model.yaml"
MUTANTS = {
    "a negative tenure is let through": ("if tenure < 0:", "if tenure < -1_000:"),
    "tenure 0 is refused": ("if tenure < 0:", "if tenure <= 0:"),
    "an unknown contract is let through": ('if contract not in MODEL["contract"]:', "if not contract:"),
    "blanks around the contract stay": ('row["contract"].strip()', 'row["contract"]'),
    "a blank total charge counts as 1": ("if total else 0.0", "if total else 1.0"),
    "the total charge is the monthly one": ("float(total) if total", 'float(row["monthly_charges"]) if total'),
    "the cap on tenure is gone": ('min(customer["tenure"], LONGEST)', 'customer["tenure"]'),
    "the cap is at 71 months": ("LONGEST = 72", "LONGEST = 71"),
    "the charge counts the other way": ('logit += MODEL["monthly_charges"]', 'logit -= MODEL["monthly_charges"]'),
    "the contract does not count": ('logit += MODEL["contract"][customer["contract"]]', "logit += 0.0"),
    "the probability is that of staying": ("exp(-logit)", "exp(logit)"),
    "0.6 is a mail": ("probability >= 0.6", "probability > 0.6"),
    "0.3 is left alone": ("probability >= 0.3", "probability > 0.3"),
    "above 1 is a probability": ("probability < 0 or probability > 1", "probability < 0"),
}
REWRITTEN = '''"""The same, written by somebody else."""
import math
from importlib.resources import files

import yaml

MODEL = yaml.load((files("churnlib") / "model.yaml").read_bytes(), Loader=yaml.SafeLoader)


def _amount(text):
    stripped = text.strip()
    return 0.0 if stripped == "" else float(stripped)


def clean(row, defaults=None):
    row = dict(defaults or {}) | dict(row)
    kinds = MODEL["contract"].keys()
    tenure, kind = int(row["tenure"]), row["contract"].strip()
    for wrong, what in ((tenure < 0, f"tenure {tenure} is negative"), (kind not in kinds, f"unknown contract {kind!r}")):
        if wrong:
            raise ValueError(what)
    amounts = {name: _amount(row[name]) for name in ("monthly_charges", "total_charges")}
    return {"tenure": tenure, **amounts, "contract": kind}


def score(row):
    known = clean(row)
    terms = [MODEL["intercept"], MODEL["tenure"] * (known["tenure"] if known["tenure"] < 72 else 72)]
    terms += [MODEL["monthly_charges"] * known["monthly_charges"], MODEL["contract"][known["contract"]]]
    return 1.0 / (1.0 + math.exp(-math.fsum(terms)))


def band(probability):
    if not 0 <= probability <= 1:
        raise ValueError(f"{probability} is no probability")
    return "call" if probability >= 0.6 else "mail" if probability >= 0.3 else "leave"
'''


def rows(lab: Lab, count: int = 8) -> list[dict[str, str]]:
    """Customers drawn for this check, blank total charges and long tenures among them."""
    contracts = list(yaml.safe_load(lab.run.files[MODEL])["contract"])
    drawn = []
    for number in range(count):
        charge = round(lab.random.uniform(18, 118), 2)
        tenure = lab.random.randint(0, 90) if number else 0
        total = " " if tenure == 0 else f"{tenure * charge:.2f}"
        contract = lab.random.choice(contracts)
        drawn.append({"tenure": str(tenure), "contract": contract, "monthly_charges": str(charge), "total_charges": total})
    return drawn


def expected(lab: Lab, row: dict[str, str], intercept: float | None = None) -> float:
    """The score that the handed-over model gives, worked out here."""
    model = yaml.safe_load(lab.run.files[MODEL])
    logit = model["intercept"] if intercept is None else intercept
    logit += model["tenure"] * min(int(row["tenure"]), 72) + model["monthly_charges"] * float(row["monthly_charges"])
    return 1 / (1 + math.exp(-logit - model["contract"][row["contract"]]))


def same_scores(lab: Lab, what: str, answer: list[object], asked: list[dict[str, str]]) -> None:
    """Fail unless an examiner's [exit code, scores] are the scores of these rows."""
    code, found = answer if len(answer) == 2 else (None, answer)
    if code != 0 or not isinstance(found, list):
        lab.fail(f"{what} installs, imports and scores customers", str(found)[-600:])
    wanted = [round(expected(lab, row), 9) for row in asked]
    told = [round(value, 9) if isinstance(value, float) else value for value in found]
    lab.expect(f"scores of {len(asked)} drawn customers", told, what).equals(wanted)
