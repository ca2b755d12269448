### BEGIN SOLUTION
"""Scores of customers who may leave."""

from churnlib.scoring import band, clean, score

__all__ = ["band", "clean", "score"]
### END SOLUTION
