"""The `docker` backend: a single-use container per sandbox, a container per service."""
