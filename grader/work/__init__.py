"""A lab's work beyond the notebook: files and a git repository, as the author wrote them and as a learner hands them in."""
