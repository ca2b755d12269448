"""The grader under the course: it runs a learner's work in a sandbox and judges what the run left behind."""

__version__ = "0.1.0"
