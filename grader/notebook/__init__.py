"""Notebooks: one py:percent source, the learner's and the author's copies built from it, a submission rebuilt on it."""
