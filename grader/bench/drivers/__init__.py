"""One process a grader, each in the interpreter it needs; they speak JSON lines with `python -m grader.bench` (loop.py)."""
