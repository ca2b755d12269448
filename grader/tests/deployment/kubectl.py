"""`kubectl`, for what the docs do with it."""

from __future__ import annotations

import subprocess


def kubectl(*words: str) -> str:
    """What it prints; its own words where it fails."""
    ran = subprocess.run(["kubectl", *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"kubectl {' '.join(words)}: {ran.stderr}"
    return ran.stdout
