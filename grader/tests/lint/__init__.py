"""Tests of grader.lint."""
