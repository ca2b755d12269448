"""Tests of grader.learner."""
