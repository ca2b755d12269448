"""Tests of grader.run."""
