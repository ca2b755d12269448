"""The tree of content: where its files are, what they say, and what a learner may see of them."""
