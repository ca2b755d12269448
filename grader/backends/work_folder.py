"""Files of a work folder whose content is somebody else's: no path leads out of it, whatever was put there."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from grader.backends.stream import PAYLOAD

if TYPE_CHECKING:
    from grader.backends.stream import Stream

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


async def receive(stream: Stream, root: int, path: str, size: int) -> None:
    """Make a file of the next `size` bytes of the stream. `root` is a descriptor of the work folder. Raises OSError."""
    with os.fdopen(_open(root, path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, make_folders=True), "wb") as file:
        while size:
            part = await stream.read_exactly(min(size, PAYLOAD))
            file.write(part)
            size -= len(part)


async def send(stream: Stream, root: int, path: str, cap: int) -> None:
    """Answer with a regular file of at most `cap` bytes, or with why not."""
    try:
        file = os.fdopen(_open(root, path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    except FileNotFoundError:
        await stream.write_json({"error": "missing"})
    except (OSError, ValueError) as error:
        await stream.write_json({"error": f"it is no regular file inside the work folder ({error})"})
    else:
        with file:
            await _send_content(stream, file, cap)
    await stream.end()


def _open(root: int, path: str, flags: int, *, make_folders: bool = False) -> int:
    """A descriptor of `path` below `root`, with no symbolic link followed on the way. Raises OSError."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise PermissionError(1, "outside")
    folder = os.dup(root)
    try:
        for part in parts[:-1]:
            if make_folders:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=folder)
            inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(parts[-1], flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=folder)
    finally:
        os.close(folder)


async def _send_content(stream: Stream, file: BinaryIO, cap: int) -> None:
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode):
        await stream.write_json({"error": "it is no regular file"})
    elif found.st_size > cap:
        await stream.write_json({"error": f"it holds {found.st_size} bytes, more than the {cap} allowed"})
    else:
        await stream.write_json({"error": None, "size": found.st_size})
        left = found.st_size
        while left and (part := file.read(min(left, PAYLOAD))):
            await stream.write(part)
            left -= len(part)
