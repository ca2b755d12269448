"""The gradebook: courses, people, assignments, what was handed in, and every result that was ever given for it.

A score is derived from rows that nobody changes (`score.py`); the database itself refuses to change them.
"""
