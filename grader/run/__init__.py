"""Runs a rebuilt notebook in a sandbox with papermill, and asks the kernel that is left questions."""
