"""The service's pages, rendered here: they call what the API's routes call, and need no script to work."""
