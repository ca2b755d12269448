"""Tests of grader.spec."""
