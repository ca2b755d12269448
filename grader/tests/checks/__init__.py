"""Tests of grader.checks."""
