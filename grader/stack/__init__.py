"""The services that are up on a backend: shared by everyone on this machine who grades, started and stopped as needed."""
