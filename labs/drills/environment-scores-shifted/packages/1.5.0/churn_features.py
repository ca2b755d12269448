"""Features of the churn model."""

__version__ = "1.5.0"


def tenure(months: int, unit: str = "months") -> float:
    """How long a customer has been with us; in months by default since 1.5."""
    return months / 12 if unit == "years" else float(months)
