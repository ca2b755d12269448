"""Features of the churn model."""

__version__ = "1.4.0"


def tenure(months: int) -> float:
    """How long a customer has been with us, in years."""
    return months / 12
