"""A university on simulated nodes: how many submissions a second queue, workers and API server take, and what that comes to."""
