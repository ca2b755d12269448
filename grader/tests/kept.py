"""Virtual environments that tests keep from session to session: installing them anew each time would prove nothing more."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def environments() -> Path:
    """The folder in which they are kept."""
    folder = platformdirs.user_cache_path("mlops-course", ensure_exists=True) / "test-environments"
    folder.mkdir(exist_ok=True)
    return folder


def home(folder: Path) -> Path:
    """The folder, as a home whose environments are the kept ones."""
    folder.mkdir(exist_ok=True)
    (folder / "environments").symlink_to(environments())
    return folder
