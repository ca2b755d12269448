"""Quizzes: a question's public form, what a typed answer means, its mark and feedback, an attempt that can be resumed.

Every door (the terminal, a notebook, a web page) shows `sheet.sheet(question, seed)` and asks `mark.mark(question, seed,
answer)`; neither knows the other's screen.
"""
