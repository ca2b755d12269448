"""The grader service over HTTP: `/api/v1`, and what a page needs to stand on it (decision 13)."""
