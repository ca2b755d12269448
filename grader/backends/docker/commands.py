"""The commands of a build: what RUN starts, each in a container that we confine and judge before an image is made of it.

The engine's builder would start them with more rights than they need, without a limit of processes, and would write what they
left to its disk before anybody could look.
"""

from __future__ import annotations

import hashlib
import json
import math
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docker.types import LogConfig, Ulimit

from grader.backends import owner
from grader.backends.containment import KIND, MIB, NAME, OPEN_FILES
from grader.backends.docker.containers import remove
from grader.backends.docker.disk import Written
from grader.backends.docker.dockerfile import BASES, Instruction
from grader.backends.docker.engine import ENGINE_ERRORS, refuses, says
from grader.backends.docker.steps import KEPT, STEPS, Steps
from grader.backends.protocol import BuildFailed

if TYPE_CHECKING:
    from docker import APIClient

RIGHTS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETGID", "SETUID")
"""Capabilities that installing needs: files of other users, and programs that become them."""
PROCESSES = 256
SHOWN_LINES = 12
SHOWN_WIDTH = 300
SHELL = ("/bin/sh", "-c")
FILE_TOO_LARGE = 128 + signal.SIGXFSZ
"""Status of a shell whose command met the limit of a file's size."""


@dataclass(frozen=True)
class Bounds:
    """Of a build's commands: bytes of memory, of one file, of all that is written if it may be kept for later builds; and when
    all must have ended (monotonic seconds)."""

    memory: int
    file: int
    kept: int
    seconds: int
    ends: float


class Commands:
    """Runs the commands of one build, in the network of the container `wheels`."""

    def __init__(self, client: APIClient, wheels: str, bounds: Bounds, written: Written, steps: Steps) -> None:
        self._client, self._wheels, self._bounds, self._written, self._steps = client, wheels, bounds, written, steps
        self.files: set[str] = set()
        """What they wrote; those that came from the cache wrote nothing."""

    def image(self, start: str, command: Instruction, arguments: Mapping[str, str], holds: bool) -> str:
        """The image that a RUN makes of the image `start`. `holds`: there are somebody's files in that one.

        Raises BuildFailed, and what the engine raises.
        """
        config = self._client.inspect_image(start)["Config"]  # type: ignore[no-untyped-call]
        words = _words(command.rest, config.get("Shell") or SHELL, arguments, config.get("Env") or ())
        tag = self._tag(start, words)
        if known := self._steps.known(tag):
            return known
        container = self._container(start, words)
        try:
            self._run(container, command)
            self.files |= {change["Path"] for change in self._client.diff(container) or [] if change["Kind"] != 2}
            if known := self._steps.known(tag):  # by another build, meanwhile
                return known
            # the container's labels would be the image's
            config["Labels"] = {**(config.get("Labels") or {}), KIND: "submission", NAME: "", owner.LABEL: ""}
            keep = not holds and self._written.total <= self._bounds.kept
            made = self._client.commit(container, KEPT if keep else STEPS, tag, message=tag, conf=config)
            return str(made["Id"])
        finally:
            remove(self._client, container)

    def _tag(self, start: str, words: Sequence[str]) -> str:
        """What identifies a command and what it starts from: by how that was made, not by its id, for of two equal copies that
        were made side by side the builder takes any. A copy's line has the hash of its content; a command's, which its writer
        chose, is told from it by the comment, which is this tag of it."""
        base = self._client.inspect_image(BASES[0])["Id"]  # type: ignore[no-untyped-call]
        made = [[one["Comment"], one["CreatedBy"]] for one in self._client.history(start)]  # type: ignore[no-untyped-call]
        return hashlib.sha256(json.dumps([base, made, list(words)]).encode()).hexdigest()

    def _container(self, start: str, words: Sequence[str]) -> str:
        made = self._client.create_container(
            start, entrypoint=list(words[:1]), command=list(words[1:]),
            labels={KIND: "sandbox", NAME: "step-of-a-build", owner.LABEL: owner.current()},
            host_config=self._client.create_host_config(
                network_mode=f"container:{self._wheels}", cap_drop=["ALL"], cap_add=list(RIGHTS),
                security_opt=["no-new-privileges:true"], pids_limit=PROCESSES,
                mem_limit=self._bounds.memory, memswap_limit=self._bounds.memory,
                ulimits=[
                    Ulimit(name="nofile", soft=OPEN_FILES, hard=OPEN_FILES),
                    Ulimit(name="fsize", soft=self._bounds.file, hard=self._bounds.file),
                    Ulimit(name="core", soft=0, hard=0),
                ],
                log_config=LogConfig(type="json-file", config={"max-size": "1m", "max-file": "1"}),
            ),
        )  # fmt: skip
        return str(made["Id"])

    def _run(self, container: str, command: Instruction) -> None:
        """Raises BuildFailed unless it ends well, in time, and within what may be written."""
        with self._written.watched(container, self._wheels):
            try:
                self._client.start(container)
            except ENGINE_ERRORS as error:
                if refuses(error) or self._starts_another():  # no such program, no such user
                    raise self._failure(container, command, f"the build failed: {says(error)}") from error
                raise
            in_time = self._ended(container)
        if self._written.too_much:
            raise self._failure(container, command, f"the build wrote {self._written.too_much}")
        if not in_time:
            raise self._failure(container, command, f"the build took more than {self._bounds.seconds} s")
        state = self._client.inspect_container(container)["State"]
        if state["ExitCode"]:  # one that bears that a process of it was killed has ended well
            what = f"ended with status {state['ExitCode']}"
            if state["OOMKilled"]:
                what = f"took more than {self._bounds.memory // MIB} MiB of memory"
            elif state["ExitCode"] == FILE_TOO_LARGE:
                what = f"made a file of more than {self._bounds.file // MIB} MiB (make it smaller)"
            raise self._failure(container, command, f"the build failed: a command {what}")

    def _starts_another(self) -> bool:
        """Whether the engine starts the like of a base image: engines answer 500 for some of what an image is to blame for."""
        another = self._container(BASES[0], ["/bin/true"])
        try:
            self._client.start(another)
        except ENGINE_ERRORS:
            return False
        finally:
            remove(self._client, another)
        return True

    def _ended(self, container: str) -> bool:
        """Whether its command ends in time; it is killed if not."""
        try:
            self._client.wait(container, timeout=max(1, math.ceil(self._bounds.ends - time.monotonic())))
        except ENGINE_ERRORS:
            if time.monotonic() < self._bounds.ends:
                raise
            with suppress(*ENGINE_ERRORS):  # it ended just now
                self._client.kill(container)
            self._client.wait(container)
            return False
        return True

    def _failure(self, container: str, command: Instruction, what: str) -> BuildFailed:
        lines = self._client.logs(container, tail=SHOWN_LINES).decode(errors="replace").splitlines()
        said = "\n".join(line[:SHOWN_WIDTH] for line in lines).rstrip()
        where = f"Dockerfile, line {command.line}: {command.text[:SHOWN_WIDTH]}"
        return BuildFailed(f"{what}; it was at:\n{where}\n{said}".rstrip())


def _words(rest: str, shell: Sequence[str], arguments: Mapping[str, str], variables: Sequence[str]) -> list[str]:
    """What is started: the list that RUN is given, or its line by the image's shell.

    The build's arguments are variables where the image has none of these names. They come by `env`, for the container's own
    variables would be those of the image that is made of it.
    """
    words: Any = None
    with suppress(ValueError):
        words = json.loads(rest)
    if not (isinstance(words, list) and words and all(isinstance(word, str) for word in words)):
        words = [*shell, rest]
    known = {variable.partition("=")[0] for variable in variables}
    given = [f"{name}={value}" for name, value in sorted(arguments.items()) if value and name not in known]
    return ["/usr/bin/env", *given, *words] if given else list(words)
