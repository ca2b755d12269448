"""What runs a mended line: a program of its own, which imports nothing of ours and is never imported.

Arguments: the most bytes that a file may get, and the word to say when the test came to its end. The folder holds `code` and
`test`.
"""

from __future__ import annotations

import linecache
import os
import sys
import traceback
from types import CodeType
from typing import Any

MEMORY_BYTES = 2**31
SYSTEM_FILES = ("/proc/", "/sys/", "/dev/urandom", "/usr/share/zoneinfo", "/etc/localtime")
"""What libraries read when they are imported: processors, memory, time zones."""
SHOWN = {"code": "the code", "test": "the test"}
"""The files, and what tracebacks call them."""
FORBIDDEN = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect", "socket.bind")


def limit(file_bytes: int) -> None:
    """Limit memory and file size where the system can."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def stay_inside() -> None:
    """Refuse what no mended line needs: files outside Python's own and this folder, processes, a network."""
    work, *python = (f"{os.path.realpath(place)}{os.sep}" for place in (".", sys.prefix, sys.base_prefix))
    readable = (work, *python, *SYSTEM_FILES)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in FORBIDDEN:
            raise PermissionError(f"a mended line may not use {event}")
        if event == "open" and not isinstance(arguments[0], int):
            path, writes = os.path.realpath(os.fsdecode(arguments[0])), arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if path != os.devnull and not path.startswith((work,) if writes else readable):
                raise PermissionError(f"a mended line may not open {path}")

    sys.addaudithook(watch)


def compiled(name: str) -> CodeType:
    """The file as code, its lines known to tracebacks."""
    with open(name, encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs 10 ms here
        text = file.read()
    shown = SHOWN[name]
    linecache.cache[shown] = (len(text), None, text.splitlines(keepends=True), shown)
    return compile(text, shown, "exec", dont_inherit=True)


def told(error: Exception) -> str:
    """The error with the lines of the code and its test that led to it; those of libraries help nobody here."""
    found = traceback.TracebackException.from_exception(error)
    found.stack = traceback.StackSummary.from_list([step for step in found.stack if step.filename in SHOWN.values()])
    found.__cause__ = found.__context__ = None
    return "".join(found.format())


def main() -> None:
    """Run the code, then the test in the same names; say the word at the end."""
    limit(int(sys.argv[1]))
    stay_inside()
    word = sys.argv.pop()
    names: dict[str, Any] = {"__name__": "mended"}
    try:
        test = compiled("test")
        code = compiled("code")
        exec(code, names)  # noqa: S102
        exec(test, names)  # noqa: S102
    except SyntaxError as error:
        sys.stdout.write("".join(traceback.format_exception_only(error)))
    except Exception as error:
        sys.stdout.write(told(error))
    else:
        sys.stdout.write(f"\n{word}\n")


main()
