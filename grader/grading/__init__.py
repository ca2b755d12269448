"""Grading: from what was handed in to a result. `grade()` is the one path that every door takes."""
