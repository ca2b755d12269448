"""The files and the repository that a lab hands in beside the notebook."""
