"""Measures the grader against its peers and against the floor: `python -m grader.bench` (see README.md)."""
