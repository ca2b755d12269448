"""The system calls that Python's standard library doesn't have. Each raises OSError that names what was tried."""

from __future__ import annotations

import ctypes
import os
import platform
import struct

libc = ctypes.CDLL(None, use_errno=True)

NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
_DETACH, _AT_FDCWD, _AT_RECURSIVE = 2, -100, 0x8000
_NUMBERS = {
    "x86_64": {"pivot_root": 155, "capset": 126, "mount_setattr": 442},
    "aarch64": {"pivot_root": 41, "capset": 91, "mount_setattr": 442},
}
_SET_PARENT_DEATH_SIGNAL, _SET_DUMPABLE, _SET_SECCOMP, _SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38
_DROP_BOUNDING, _SET_SECUREBITS = 24, 28
_CAPABILITIES = 64
_ROOT_IS_NOTHING_SPECIAL = 0x2F
"""NOROOT, NO_SETUID_FIXUP and their locks, and KEEP_CAPS's lock: being uid 0 gives no capability, for ever."""
_CAPABILITY_VERSION = 0x20080522


def unshare(flags: int) -> None:
    """Leave the namespaces of these kinds for new ones."""
    _check(libc.unshare(flags), "unshare")


def mount(source: str | None, target: str, kind: str | None = None, flags: int = 0, options: str | None = None) -> None:
    """mount(2)."""
    texts = [None if text is None else text.encode() for text in (source, target, kind, options)]
    _check(libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]), f"mount {target}")


def freeze_mounts(target: str) -> None:
    """Make a mount and all below it read-only, without devices and setuid programs."""
    attributes = struct.pack("QQQQ", READ_ONLY | NO_SUID | NO_DEVICES, 0, 0, 0)
    _call("mount_setattr", f"make {target} read-only", _AT_FDCWD, target.encode(), _AT_RECURSIVE, attributes, len(attributes))


def enter_root() -> None:
    """Make the current directory, a mount, the root; what was the root before can't be reached any more."""
    _call("pivot_root", "change the root", b".", b".")
    _check(libc.umount2(b".", _DETACH), "leave the old root")


def drop_capabilities() -> None:
    """No capability in any set, none to be had by executing a program, and no way back."""
    for capability in range(_CAPABILITIES):
        if libc.prctl(_DROP_BOUNDING, capability, 0, 0, 0):
            break  # the kernel knows no more
    _prctl(_SET_SECUREBITS, _ROOT_IS_NOTHING_SPECIAL)
    _call("capset", "drop capabilities", struct.pack("Ii", _CAPABILITY_VERSION, 0), bytes(24))
    _prctl(_SET_NO_NEW_PRIVS, 1)


def install_filter(program: bytes) -> None:
    """Put a compiled seccomp filter before every system call of this process and its descendants."""
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    _check(libc.prctl(_SET_SECCOMP, 2, header, 0, 0), "install the seccomp filter")


def set_dumpable(dumpable: bool) -> None:
    """Whether other processes of the same user may look into this one (/proc/<pid>/mem, fd, environ; ptrace)."""
    _prctl(_SET_DUMPABLE, int(dumpable))


def die_with_parent(signal: int) -> None:
    """Have this process sent `signal` when its parent ends."""
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    _check(libc.prctl(option, value, 0, 0, 0), f"prctl {option}")


def _call(name: str, what: str, *arguments: object) -> None:
    numbers = _NUMBERS.get(platform.machine())
    if numbers is None:
        raise OSError(f"{what}: the number of {name} on {platform.machine()} isn't known")
    _check(libc.syscall(numbers[name], *arguments), what)


def _check(status: int, what: str) -> None:
    if status:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
