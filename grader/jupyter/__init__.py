"""The course in JupyterLab: a server extension (`handlers.py`) and the panel beside the notebook (`labextension/`).

The panel asks the server extension, which runs the `mlops` command (`command.py`): one code, whichever door.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Where Jupyter finds the extension."""
    return [{"module": "grader.jupyter"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add the addresses below /mlops/api to a Jupyter server."""
    from grader.jupyter.handlers import addresses

    server.web_app.add_handlers(".*$", addresses(server.web_app.settings["base_url"]))
