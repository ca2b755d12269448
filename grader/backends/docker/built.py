"""An image that was built from somebody's files, and containers of it."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from docker.types import LogConfig

from grader.backends import owner
from grader.backends.containment import KIND, MIB, NAME
from grader.backends.docker.containers import remove
from grader.backends.docker.engine import ENGINE_ERRORS, refuses, says
from grader.backends.protocol import BuildFailed, Health
from grader.errors import OurFault

if TYPE_CHECKING:
    from docker import APIClient

MEMORY = 256 * MIB
PROCESSES = 64
SECOND = 1_000_000_000
CHECK = {"interval": SECOND, "timeout": 3 * SECOND, "retries": 2, "start_period": 0}
"""The image's own HEALTHCHECK, looked at more often than anybody would in production."""
MOST_BYTES = 64 * 1024
MOST_FILES = 300_000
"""Of an image, folders included, whose names are read; the base has some 8,000."""
POLL_SECONDS = 0.2
ASK = """
import json, sys, time, urllib.error, urllib.request
url, seconds, most = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
deadline, answer = time.monotonic() + seconds, [0, "nothing listens"]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
while time.monotonic() < deadline:
    try:
        with opener.open(url, timeout=5) as reply:
            answer = [reply.status, reply.read(most).decode(errors="replace")]
            break
    except urllib.error.HTTPError as error:
        answer = [error.code, error.read(most).decode(errors="replace")]
        break
    except (OSError, ValueError) as error:
        answer = [0, str(error)[:200]]
        time.sleep(0.1)
print(json.dumps(answer))
"""
"""Run in a container of our own image that shares the network of the one that is asked: nothing in that one is trusted."""


class DockerImage:
    """See `grader.backends.protocol.BuiltImage`."""

    def __init__(self, client: APIClient, image: str, base_bytes: int, asker: str, written: frozenset[str]) -> None:
        """`asker` is an image of ours with a Python in it."""
        self._client, self._image, self._asker, self.written = client, image, asker, written
        details = client.inspect_image(image)  # type: ignore[no-untyped-call]
        self.added_bytes = int(details["Size"]) - base_bytes

    def files(self) -> dict[str, bool]:
        """The files of the last stage by path, and whether somebody may execute them. Raises BuildFailed for too many."""
        found: dict[str, bool] = {}
        container = self._create(("true",))
        try:
            stream = io.BufferedReader(_Chunks(self._client.export(container)))
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for number, entry in enumerate(tar):
                    if number >= MOST_FILES:
                        raise BuildFailed(f"the image holds more than {MOST_FILES} files (leave out what it doesn't need)")
                    if not entry.isdir():
                        found[f"/{entry.name}"] = bool(entry.mode & 0o111) or entry.issym()
                    tar.members = []  # type: ignore[attr-defined]  # it would keep them all
        except ENGINE_ERRORS as error:
            raise OurFault(f"the engine did not show the image's files: {says(error)}") from error
        finally:
            remove(self._client, container)
        return found

    def start(self, command: tuple[str, ...] | None = None) -> Container:
        """Run it. Raises BuildFailed when it says nothing that could be run, OurFault when the engine can't even try; a command
        that isn't there shows in what is asked then."""
        container = self._create(command)
        with suppress(*ENGINE_ERRORS):  # its command can't be run: nothing will answer
            self._client.start(container)
        return Container(self._client, container, self._asker)

    def push(self, repository: str, tags: Sequence[str], account: tuple[str, str]) -> None:
        """Push it under these tags. Raises OurFault with the registry's words."""
        auth = {"username": account[0], "password": account[1]}
        try:
            for tag in tags:
                self._client.tag(self._image, repository, tag, force=True)
                for event in self._client.push(repository, tag, stream=True, decode=True, auth_config=auth):
                    if "error" in event:
                        raise OurFault(f"{repository}:{tag} could not be pushed: {event['error']}")
        except ENGINE_ERRORS as error:
            raise OurFault(f"{repository} could not be pushed: {says(error)}") from error
        finally:
            for tag in tags:  # the registry has them; here they would keep the image
                with suppress(*ENGINE_ERRORS):
                    self._client.remove_image(f"{repository}:{tag}", noprune=True)

    def _create(self, command: tuple[str, ...] | None) -> str:
        given: dict[str, Any] = {} if command is None else {"entrypoint": list(command[:1]), "command": list(command[1:])}
        try:
            made = self._client.create_container(
                self._image, **given, healthcheck=CHECK,
                labels={KIND: "sandbox", NAME: "image-of-a-submission", owner.LABEL: owner.current()},
                host_config=self._client.create_host_config(
                    network_mode="none", read_only=True, tmpfs={"/tmp": "rw,size=32m"}, cap_drop=["ALL"],  # noqa: S108
                    security_opt=["no-new-privileges:true"], mem_limit=MEMORY, memswap_limit=MEMORY, pids_limit=PROCESSES,
                    log_config=LogConfig(type="json-file", config={"max-size": "1m", "max-file": "1"}),
                ),
            )  # fmt: skip
        except ENGINE_ERRORS as error:
            why = f"no container of the image could be made: {says(error)}"
            raise (BuildFailed(why) if refuses(error) else OurFault(why)) from error
        return str(made["Id"])


class Container:
    """See `grader.backends.protocol.RunningImage`."""

    def __init__(self, client: APIClient, container: str, asker: str) -> None:
        self._client, self._container, self._asker = client, container, asker

    def get(self, port: int, path: str, seconds: float) -> tuple[int, str]:
        """Status and body of a GET on its loopback; status 0 when nothing answers in time."""
        client = self._client
        if not self._state()["Running"]:
            return 0, f"the container has ended: {self._last_words()}"
        command = ["python", "-c", ASK, f"http://127.0.0.1:{port}{path}", str(seconds), str(MOST_BYTES)]
        try:
            made = client.create_container(
                self._asker, entrypoint=command, user="65534:65534",
                labels={KIND: "sandbox", NAME: "asks-an-image", owner.LABEL: owner.current()},
                host_config=client.create_host_config(
                    network_mode=f"container:{self._container}", read_only=True, cap_drop=["ALL"],
                    security_opt=["no-new-privileges:true"], mem_limit=MEMORY, pids_limit=PROCESSES,
                ),
            )  # fmt: skip
        except ENGINE_ERRORS as error:
            raise OurFault(f"the image could not be asked: {says(error)}") from error
        asker = str(made["Id"])
        try:
            client.start(asker)
            client.wait(asker, timeout=int(seconds) + 30)
            said: bytes = client.logs(asker, stderr=False)
            status, body = json.loads(said)
        except ENGINE_ERRORS as error:
            if not self._state()["Running"]:
                return 0, f"the container has ended: {self._last_words()}"
            raise OurFault(f"the image could not be asked: {says(error)}") from error
        finally:
            remove(client, asker)
        return int(status), f"{body}" if status else f"{body}; {self._log()}"

    def health(self, seconds: float) -> Health:
        """Wait until its health check has come to something."""
        deadline = time.monotonic() + seconds
        while True:
            state = self._state()
            health = state.get("Health")
            if health is None or health["Status"] == "none":
                return Health("none", "the image has no HEALTHCHECK")
            log = "".join(str(entry.get("Output", "")) for entry in (health.get("Log") or [])[-1:])[:500]
            if not state["Running"]:
                return Health("unhealthy", f"the container has ended: {self._last_words()}")
            if health["Status"] != "starting" or time.monotonic() > deadline:
                return Health(str(health["Status"]), log)
            time.sleep(POLL_SECONDS)  # the engine has no call that waits for health

    def users(self) -> set[int]:
        """The ids of the users that its processes run as; none when it has ended."""
        try:
            found = self._client.top(self._container, "-eo pid,uid")
        except ENGINE_ERRORS as error:
            if not self._state()["Running"]:
                return set()
            raise OurFault(f"the engine does not list the container's processes: {says(error)}") from error
        column = found["Titles"].index("UID")
        return {int(row[column]) for row in found["Processes"] or []}

    def close(self) -> None:
        """Remove it."""
        remove(self._client, self._container)

    def _state(self) -> dict[str, Any]:
        try:
            state: dict[str, Any] = self._client.inspect_container(self._container)["State"]
        except ENGINE_ERRORS as error:
            raise OurFault(f"the engine does not answer for the container: {says(error)}") from error
        return state

    def _last_words(self) -> str:
        """The end of its log; of one that never started, why."""
        return self._log() or str(self._state().get("Error", ""))[-500:]

    def _log(self) -> str:
        try:
            text: bytes = self._client.logs(self._container, tail=5)
        except ENGINE_ERRORS:
            return ""
        return text[-500:].decode(errors="replace").strip()


class _Chunks(io.RawIOBase):
    """An iterator of bytes as a file to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what comes next."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = chunk
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size
