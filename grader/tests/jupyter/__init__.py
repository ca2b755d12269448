"""The notebook's doors: the magics in a real kernel, the server extension and the panel in a real JupyterLab."""
