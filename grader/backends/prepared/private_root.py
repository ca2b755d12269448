"""Namespaces of a sandbox's own, and a root that shows the system read-only and one small writable file system."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

from grader.backends.prepared import system
from grader.backends.prepared.system import BIND, NO_DEVICES, NO_EXEC, NO_SUID, READ_ONLY, RECURSIVE, REMOUNT

USER = 65534
"""`nobody`, inside and outside."""
HOST_NAME = "sandbox"
STAGE = "/tmp"  # noqa: S108  # covered by a mount of the new namespace only
WORK = "/work"
SHOWN = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "opt")
DEVICES = ("null", "zero", "full", "random", "urandom")
WRITABLE = {"work": "work", "tmp": "tmp", "shm": "dev/shm"}
"""Folders of the one writable file system, and where they appear."""
MASKED = (
    "acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list", "timer_stats",
)  # fmt: skip
FROZEN = ("bus", "fs", "irq", "sys", "sysrq-trigger")
"""What Docker hides and makes read-only in /proc."""
_SET_FLAGS, _UP_AND_RUNNING = 0x8914, 0x1 | 0x40


def leave_namespaces() -> None:
    """Enter new namespaces of every kind, as the only user of them. The next fork is process 1. Raises OSError."""
    user, group = os.geteuid(), os.getegid()
    system.unshare(system.NEW_NAMESPACES)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{USER} {user} 1"), ("gid_map", f"{USER} {group} 1")):
        Path(f"/proc/self/{name}").write_text(text)


def build(size: int, inodes: int) -> int:
    """In the new process 1: the private root, with `size` bytes and `inodes` to write to. Raises OSError.

    Returns a descriptor of the work folder, through which a process outside can reach it.
    """
    socket.sethostname(HOST_NAME)
    system.mount(None, "/", flags=RECURSIVE | system.PRIVATE)
    system.mount("tmpfs", STAGE, "tmpfs", NO_SUID | NO_DEVICES, "size=64k,nr_inodes=256,mode=755")
    os.chdir(STAGE)
    _show_system()
    _make_devices()
    _make_writable(size, inodes)
    _make_proc()
    system.enter_root()
    system.mount(None, "/", flags=REMOUNT | BIND | READ_ONLY | NO_SUID | NO_DEVICES)
    os.chdir(WORK)
    return os.open(WORK, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def listen(ports: list[int]) -> list[socket.socket]:
    """Bring the loopback interface up and listen there.

    A socket keeps the namespace that it was made in, so a process outside that is given it accepts for the sandbox.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))
    return [socket.create_server(("127.0.0.1", port), backlog=128) for port in ports]


def _show_system() -> None:
    """The folders of the image that programs are run from, read-only."""
    python = {path.split("/")[1] for path in (sys.prefix, sys.base_prefix)}
    for name in dict.fromkeys((*SHOWN, *sorted(python))):
        source = Path("/") / name
        if source.is_symlink():
            Path(name).symlink_to(source.readlink())
        elif source.is_dir():
            Path(name).mkdir()
            system.mount(str(source), name, flags=BIND | RECURSIVE)
            system.freeze_mounts(name)


def _make_devices() -> None:
    Path("dev").mkdir()
    for name in DEVICES:
        Path(f"dev/{name}").touch()
        system.mount(f"/dev/{name}", f"dev/{name}", flags=BIND)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        Path(f"dev/{name}").symlink_to(f"/proc/self/fd/{number}")
    Path("dev/fd").symlink_to("/proc/self/fd")
    Path("dev/pts").mkdir()
    system.mount("devpts", "dev/pts", "devpts", NO_SUID | NO_EXEC, "newinstance,ptmxmode=0666,mode=0620")
    Path("dev/ptmx").symlink_to("pts/ptmx")


def _make_writable(size: int, inodes: int) -> None:
    """One file system for everything that can be written, so that one limit holds for all of it together."""
    Path("proc").mkdir()  # for a moment the place of the file system itself, whose folders appear elsewhere
    system.mount("tmpfs", "proc", "tmpfs", NO_SUID | NO_DEVICES, f"size={size},nr_inodes={inodes},mode=700")
    for name, place in WRITABLE.items():
        Path(f"proc/{name}").mkdir(0o700)
        Path(place).mkdir()
        system.mount(f"proc/{name}", place, flags=BIND)


def _make_proc() -> None:
    hidden = NO_SUID | NO_DEVICES | NO_EXEC
    system.mount("proc", "proc", "proc", hidden)
    for name in MASKED:
        path = f"proc/{name}"
        if Path(path).is_dir():
            system.mount("tmpfs", path, "tmpfs", hidden | READ_ONLY, "size=0,nr_inodes=1")
        elif Path(path).exists():
            system.mount("/dev/null", path, flags=BIND)
    for name in FROZEN:
        path = f"proc/{name}"
        if Path(path).exists():
            system.mount(path, path, flags=BIND | RECURSIVE)
            system.mount(None, path, flags=REMOUNT | BIND | hidden | READ_ONLY)
