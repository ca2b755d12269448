"""Prepared sandboxes: a process with an environment's libraries imported, which forks once per sandbox.

`filters`, `bootstrap` and `environment` are the grader's side. Every other module is sent to where student code runs (a
container, a virtual environment's own Python), so it imports only the standard library, what the environment holds, and
its siblings.
"""
