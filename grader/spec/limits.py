"""What a run may use."""

from __future__ import annotations

from pydantic import Field

from grader.spec.base import Part


class Limits(Part):
    """Ceilings of one sandbox. What exceeds them ends the run, or the cell, with an outcome that names the limit."""

    cell_seconds: int = Field(60, gt=0, description="Wall time of one cell or one question.")
    total_seconds: int = Field(300, gt=0, description="Wall time of all cells together.")
    memory_mb: int = Field(1500, ge=128, description="Memory of all processes together, MiB.")
    processes: int = Field(128, ge=8, description="Processes and threads.")
    disk_mb: int = Field(256, ge=1, description="Bytes the work folder may hold, MiB.")
    file_mb: int = Field(128, ge=1, description="Size of one file, MiB.")
    output_mb: int = Field(16, ge=1, description="What the cells may print and display together, MiB.")
    cpus: float = Field(1.0, gt=0, description="Cores.")


MAX_NOTEBOOK_BYTES = 10 * 2**20
"""A submitted notebook is at most 10 MiB; outputs, which are dropped anyway, are what makes them large."""
