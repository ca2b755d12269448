"""Which files of a folder are handed in, within which size; whatever stands beside them stays where it is."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import pathspec

from grader.errors import BadInput
from grader.spec.lab import WorkSpec

GIT = ".git"
_OBJECTS = re.compile(r"\.git/(?:HEAD|packed-refs|refs/[\w./@+-]+|objects/[0-9a-f]{2}/[0-9a-f]{38}|objects/pack/[\w.-]+)")
"""What a repository knows. Its configuration and hooks, which git would obey, are never taken."""
_OURS = (".mlops", ".ipynb_checkpoints", "__pycache__", ".venv")
MAX_REPOSITORY_FILES = 5000
MAX_SEEN = 50_000
"""Files that are looked at: a folder that holds more is no lab's folder."""


class Selection:
    """What a lab's `work` says is handed in."""

    def __init__(self, work: WorkSpec) -> None:
        self._work = work
        self._patterns = anchored(work.files)

    def takes(self, path: str) -> bool:
        """Whether the file at this path below the work folder is handed in."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
            return False
        if parts[0] == GIT:
            return self._work.repository and _OBJECTS.fullmatch(path) is not None
        return not any(part in (GIT, *_OURS) for part in parts) and self._patterns.match_file(path)

    def read(self, folder: Path) -> dict[str, bytes]:
        """The files below `folder` by path. Raises BadInput for a link or another special file, and for too much."""
        files: dict[str, bytes] = {}
        for path in _walk(folder):
            if self.takes(path):
                files[path] = _content(folder / path, self._bytes)
                self.check(files)
        return files

    def occurs(self, folder: Path) -> bool:
        """Whether the folder holds a file, or a repository, that would be handed in."""
        return any(self.takes(path) for path in _walk(folder))

    def check(self, files: dict[str, bytes]) -> None:
        """Raise BadInput when this is more than the lab takes."""
        own = sum(1 for path in files if not path.startswith(f"{GIT}/"))
        if own > self._work.max_files:
            raise BadInput(f"more than {self._work.max_files} files are handed in", "remove what the lab did not ask for")
        if len(files) - own > MAX_REPOSITORY_FILES:
            raise BadInput(f"the repository holds more than {MAX_REPOSITORY_FILES} files", "pack it: git gc")
        if sum(map(len, files.values())) > self._bytes:
            raise BadInput(
                f"the files handed in hold more than {self._work.max_mb} MiB, the repository included",
                "is data or a model among them, or in the repository's history?",
            )

    @property
    def _bytes(self) -> int:
        return self._work.max_mb << 20


def anchored(patterns: Iterable[str]) -> pathspec.GitIgnoreSpec:
    """What matches the patterns, as lines of a `.gitignore` that stands in the work folder and begin with `/`."""
    return pathspec.GitIgnoreSpec.from_lines(f"/{pattern}" for pattern in patterns)


def _walk(folder: Path) -> Iterator[str]:
    """Paths of all entries but folders, links not followed, in an order that is always the same."""
    waiting, seen = [folder], 0
    while waiting:
        parent = waiting.pop()
        for entry in sorted(parent.iterdir()):
            seen += 1
            if seen > MAX_SEEN:
                raise BadInput(f"{folder} holds more than {MAX_SEEN:,} files", "name the lab's own folder")
            if entry.is_dir() and not entry.is_symlink():
                waiting += [entry] if entry.name not in _OURS else []
            else:
                yield entry.relative_to(folder).as_posix()


def _content(file: Path, cap: int) -> bytes:
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise BadInput(f"{file} can't be read: {error.strerror} (a link?)", "hand in the file itself") from None
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadInput(f"{file} is no regular file", "hand in the file itself")
        return opened.read(cap + 1)
