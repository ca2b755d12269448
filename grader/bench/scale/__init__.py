"""A university on simulated nodes: how many submissions a second the queue and an API server take, and what that comes to."""
