"""Services in containers: one each, on a network of their instance, with a volume for what must survive."""

from __future__ import annotations

import io
import shlex
import tarfile
from contextlib import suppress
from posixpath import dirname, join
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, NotFound
from docker.types import LogConfig

from grader.backends.containment import KIND, MIB
from grader.backends.docker.engine import ENGINE_ERRORS, says
from grader.backends.protocol import Address, Running, ServiceJob, placeholder_values
from grader.errors import ServiceFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker import APIClient

    from grader.spec.service import RenderedService

INSTANCE = "mlops-course.instance"
SERVICE = "mlops-course.service"
USER = 10001
DATA, FILES = "/data", "/files"
PROCESSES = 1024
STOP_SECONDS = 20
MAX_LOG = 64 * 1024
LOG_LINES = 2000
LOG_LIMITS = {"max-size": "4m", "max-file": "2"}
SHOWN_LINES = 20


class Hosting:
    """See the methods of the same names in `grader.backends.protocol.Backend`."""

    def __init__(self, client: APIClient) -> None:
        self._client = client

    def host(self, job: ServiceJob, image: str) -> Running:
        """Start a service. Raises ServiceFailed, leaving no container."""
        name = _name(job.instance, job.spec.id)
        try:
            self._remove(name)
            network = self._network(job.instance)
            container = self._create(job, image, name, network)
            try:
                self._client.put_archive(container, "/", _archive(_rendered(job).files))
                self._client.start(container)
            except ENGINE_ERRORS:
                self._remove(name)
                raise
        except ENGINE_ERRORS as error:
            self._drop_network(job.instance)
            raise ServiceFailed(f"service {job.spec.id} could not be started: {says(error)}") from error
        ports, published = job.spec.ports, _published(job)
        return Running(
            service=job.spec.id,
            endpoint=job.spec.endpoint,
            ports={port: Address("127.0.0.1", job.ports[port]) for port in published},
            internal={port: Address(job.spec.id, number) for port, number in ports.items()},
            handle={"container": container, "instance": job.instance},
        )

    def poll(self, running: Running) -> str | None:
        """None while it runs, else how it ended and the end of its log."""
        try:
            state = self._client.inspect_container(running.handle["container"])["State"]
        except NotFound:
            return f"the container of service {running.service} is gone"
        except ENGINE_ERRORS as error:
            return f"the engine does not answer for service {running.service}: {says(error)}"
        if state["Running"]:
            return None
        why = "was killed at its memory limit" if state.get("OOMKilled") else f"ended with status {state['ExitCode']}"
        last = "\n".join(self.logs(running).splitlines()[-SHOWN_LINES:])
        return f"service {running.service} {why}:\n{last}"

    def logs(self, running: Running) -> str:
        """The end of what it printed; nothing once it was stopped."""
        try:
            text: bytes = self._client.logs(running.handle["container"], tail=LOG_LINES)
        except ENGINE_ERRORS:
            return ""
        return text[-MAX_LOG:].decode(errors="replace")

    def stop(self, running: Running) -> None:
        """Stop it and remove its container; the volume stays. Raises ServiceFailed when the engine refuses."""
        container = running.handle["container"]
        try:
            self._client.stop(container, timeout=STOP_SECONDS)
            self._remove(container)
        except NotFound:
            pass
        except ENGINE_ERRORS as error:
            raise ServiceFailed(f"service {running.service} could not be stopped: {says(error)}") from error
        self._drop_network(running.handle["instance"])

    def erase(self, instance: str, service: str) -> None:
        """Remove a stopped service's volume. Raises ServiceFailed when it is in use."""
        name = _name(instance, service)
        try:
            self._client.remove_volume(name)
        except NotFound:
            pass
        except ENGINE_ERRORS as error:
            raise ServiceFailed(
                f"the data of service {service} can't be erased: {says(error)}", "stop the service first"
            ) from error

    def _create(self, job: ServiceJob, image: str, name: str, network: str) -> str:
        client, spec, rendered = self._client, job.spec, _rendered(job)
        labels = {KIND: "service", INSTANCE: job.instance, SERVICE: spec.id}
        client.create_volume(name, labels=labels)
        made = client.create_container(
            image,
            name=name,
            hostname=spec.id,
            entrypoint=["/bin/sh", "-c", _script(rendered)],
            environment={"HOME": "/tmp", **rendered.variables},  # noqa: S108
            user=f"{USER}:{USER}",
            working_dir=DATA,
            detach=True,
            ports=[spec.ports[port] for port in _published(job)],
            labels=labels,
            networking_config={"EndpointsConfig": {network: client.create_endpoint_config(aliases=[spec.id])}},
            host_config=client.create_host_config(
                binds=[f"{name}:{DATA}"],
                port_bindings={spec.ports[port]: ("127.0.0.1", job.ports[port]) for port in _published(job)},
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                pids_limit=PROCESSES,
                mem_limit=spec.memory_mb * MIB,
                memswap_limit=spec.memory_mb * MIB,
                init=True,
                log_config=LogConfig(type="json-file", config=LOG_LIMITS),
            ),
        )
        return str(made["Id"])

    def _network(self, instance: str) -> str:
        name = f"mlops-{instance}"
        if not self._client.networks(names=[f"^{name}$"]):
            try:
                self._client.create_network(
                    name, driver="bridge", check_duplicate=True, labels={KIND: "network", INSTANCE: instance}
                )
            except APIError as error:
                if error.status_code != 409:  # another service of the instance made it meanwhile
                    raise
        return name

    def _drop_network(self, instance: str) -> None:
        """Remove the instance's network with its last service: an engine has room for about thirty."""
        with suppress(*ENGINE_ERRORS):  # other services still use it
            self._client.remove_network(f"mlops-{instance}")

    def _remove(self, container: str) -> None:
        with suppress(NotFound):
            self._client.remove_container(container, force=True, v=True)


def _name(instance: str, service: str) -> str:
    return f"mlops-{instance}-{service}"


def _rendered(job: ServiceJob) -> RenderedService:
    everywhere = "0.0.0.0"  # noqa: S104  # inside its own network; published on loopback only
    return job.spec.render(placeholder_values(job, everywhere, DATA, FILES, job.spec.ports))


def _published(job: ServiceJob) -> list[str]:
    """The ports that this machine must reach: what clients use, and what tells that the service is ready."""
    return sorted({job.spec.endpoint, job.spec.ready.port})


def _script(rendered: RenderedService) -> str:
    """The set-up that is still to do, then the command in the shell's place."""
    steps = [f"[ -e {shlex.quote(join(DATA, step.creates))} ] || {shlex.join(step.run)} || exit" for step in rendered.setup]
    return "\n".join([*steps, f"exec {shlex.join(rendered.command)}"])


def _archive(files: Mapping[str, str]) -> bytes:
    """The data folder's root and the files, owned by the service's user: the engine unpacks it, no process of ours."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        folders = {DATA, FILES}
        for path in files:
            parent = dirname(join(FILES, path))
            while parent not in ("/", *folders):
                folders.add(parent)
                parent = dirname(parent)
        for folder in sorted(folders):
            tar.addfile(_entry(folder, type=tarfile.DIRTYPE, mode=0o700))
        for path, text in files.items():
            content = text.encode()
            tar.addfile(_entry(join(FILES, path), mode=0o600, size=len(content)), io.BytesIO(content))
    return archive.getvalue()


def _entry(path: str, **attributes: Any) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.uid = entry.gid = USER
    for name, value in attributes.items():
        setattr(entry, name, value)
    return entry
