"""Tests of grader.grading."""
