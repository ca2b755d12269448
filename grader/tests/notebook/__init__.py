"""Tests of grader.notebook."""
