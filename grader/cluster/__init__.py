"""What a Kubernetes cluster must have for the course, looked at from outside: `mlops doctor --kubernetes`."""
