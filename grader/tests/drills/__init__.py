"""Drills: each one lived through, and the commands and the page around them."""
