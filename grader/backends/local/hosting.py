"""Services as processes of this machine: detached, logged, found again by process id and start time."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psutil

from grader.backends.local import processes
from grader.backends.protocol import Address, Running, ServiceJob, placeholder_values
from grader.errors import ServiceFailed
from grader.spec.service import RenderedService

LOOPBACK = "127.0.0.1"


def start(job: ServiceJob, home: Path, bin_folder: Path) -> Running:
    """Run the service's set-up if it was never run, then its command."""
    folder = home / job.instance / job.spec.id
    data, files = folder / "data", folder / "files"
    for made in (data, files):
        made.mkdir(parents=True, exist_ok=True)
        made.chmod(0o700)
    rendered = job.spec.render(placeholder_values(job, LOOPBACK, str(data), str(files), job.ports))
    for name, text in rendered.files.items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_text(text, encoding="utf-8")
    variables = processes.base_variables(bin_folder) | {"HOME": str(folder)} | rendered.variables
    log, mark = folder / "log", f"service:{job.instance}:{job.spec.id}"
    log.write_bytes(b"")
    processes.end(None, mark)  # one that an earlier command left when it was killed before it could note it down
    _set_up(job, rendered, variables, data, log)
    try:
        process = processes.spawn(_resolve(rendered.command, bin_folder), variables, data, log, mark)
    except OSError as error:
        raise ServiceFailed(f"{job.spec.id} can't be started: {error}", "see `mlops doctor`") from None
    addresses = {name: Address(LOOPBACK, port) for name, port in job.ports.items()}
    handle = {"pid": process.pid, "started": psutil.Process(process.pid).create_time(), "log": str(log), "mark": mark}
    return Running(job.spec.id, job.spec.endpoint, addresses, addresses, handle)


def poll(running: Running) -> str | None:
    """None while the process lives."""
    if processes.find(running.handle["pid"], running.handle["started"]):
        return None
    return f"its process {running.handle['pid']} has ended"


def stop(running: Running) -> None:
    """Terminate the process and all it started."""
    processes.end(processes.find(running.handle["pid"], running.handle["started"]), running.handle["mark"])


def erase(home: Path, instance: str, service: str) -> None:
    """Remove the service's folder."""
    shutil.rmtree(home / instance / service, ignore_errors=True)


def _set_up(job: ServiceJob, rendered: RenderedService, variables: dict[str, str], data: Path, log: Path) -> None:
    for step in rendered.setup:
        if (data / step.creates).exists():
            continue
        command = _resolve(step.run, Path(variables["PATH"].split(os.pathsep)[0]))
        with log.open("ab") as out:
            done = subprocess.run(command, env=variables, cwd=data, stdout=out, stderr=out, check=False)
        if done.returncode:
            raise ServiceFailed(f"{job.spec.id} could not be set up:\n{processes.tail(log, 2000)}", "see `mlops doctor`")


def _resolve(command: tuple[str, ...], bin_folder: Path) -> list[str]:
    """The command with its program looked up in the environment first."""
    found = shutil.which(command[0], path=str(bin_folder))
    return [found or command[0], *command[1:]]
