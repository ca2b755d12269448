"""Where this user's own things lie."""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "MLOPS_HOME"


def home() -> Path:
    """This user's folder for environments, services, evidence and progress: outside the content tree."""
    if os.environ.get(HOME_VARIABLE):
        return Path(os.environ[HOME_VARIABLE])
    import platformdirs

    return Path(platformdirs.user_data_path("mlops-course", appauthor=False))
