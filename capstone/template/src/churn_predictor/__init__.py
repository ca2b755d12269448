"""Says which customers will leave."""

__version__ = "0.1.0"
