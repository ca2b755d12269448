"""Stands for the warehouse: makes the exports that the team trains on from the company's customers."""

from pathlib import Path

import numpy as np
import pandas as pd


def write_exports(customers: str, exports: str) -> None:
    """March's export, and April's below it. April has six of ten customers again: a month older, one bill richer."""
    march = pd.read_csv(customers).assign(export="2026-03")
    april = march.sample(frac=0.6, random_state=3).assign(export="2026-04")
    april["total_charges"] = april["total_charges"].fillna(0) + april["monthly_charges"]
    april["tenure"] += 1
    rows = pd.concat([march, april], ignore_index=True)
    rng, left = np.random.default_rng(4), rows["churn"] == "Yes"
    cut = np.where(left, rng.random(len(rows)) < 0.95, rng.random(len(rows)) < 0.02)
    rows["last_month_gb"] = np.where(cut, 0.0, rng.gamma(2.0, 12.0, len(rows)).round(1))
    rows["refund_eur"] = np.where(left & (rng.random(len(rows)) < 0.12), rng.uniform(5, 60, len(rows)).round(2), 0.0)
    Path(exports).parent.mkdir(exist_ok=True)
    rows.to_csv(exports, index=False)
