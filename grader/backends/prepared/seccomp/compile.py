"""Compiles the filter of prepared sandboxes: `python -m grader.backends.prepared.seccomp.compile` writes filters.json.

Needs `pyseccomp` and the libseccomp library, on Linux; nobody else does, since the programs are kept in the repository.
An allow-list: what Docker's own profile allows to a container without capabilities, less DENIED, with fewer families
of sockets. A call that the list doesn't name gets ENOSYS, which makes libraries that try newer calls fall back.
"""

from __future__ import annotations

import base64
import errno
import json
import socket
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
"""As `platform.machine()` names them, and as Docker's profile does."""
_DENIED = """
    acct add_key adjtimex bpf chroot clock_adjtime clock_settime delete_module fanotify_init fanotify_mark
    finit_module fsconfig fsmount fsopen fspick init_module io_uring_enter io_uring_register io_uring_setup ioperm
    iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie mbind memfd_secret migrate_pages modify_ldt mount
    mount_setattr move_mount move_pages name_to_handle_at open_by_handle_at open_tree perf_event_open pidfd_getfd
    pivot_root process_madvise process_mrelease process_vm_readv process_vm_writev ptrace quotactl quotactl_fd
    reboot request_key set_mempolicy set_mempolicy_home_node setdomainname sethostname setns settimeofday socketcall
    swapoff swapon sync syslog umount umount2 unshare uselib userfaultfd ustat vhangup
"""
DENIED = frozenset(_DENIED.split())
"""Refused with EPERM, whatever Docker's profile says."""
NEW_NAMESPACES = 0x7E020000
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
ROUTE = 0
"""The one netlink protocol that libraries need, to list interfaces: libzmq ends the process where it is refused."""
ANY_PERSONALITY = 0xFFFFFFFF
OWN_RULES = frozenset({"clone", "clone3", "socket", "personality"})


def allowed(machine: str) -> list[str]:
    """The calls that are allowed whatever their arguments."""
    names: set[str] = set()
    for rule in json.loads((HERE / "engine-default.json").read_text())["syscalls"]:
        includes = rule.get("includes", {})
        here = MACHINES[machine] in includes.get("arches", [MACHINES[machine]])
        if rule["action"] == "SCMP_ACT_ALLOW" and here and not includes.get("caps") and not rule.get("args"):
            names.update(rule["names"])
    return sorted(names - DENIED - OWN_RULES)


def program(machine: str) -> bytes:
    """The BPF program for a machine."""
    seccomp: Any = import_module("pyseccomp")
    refused = seccomp.ERRNO(errno.EPERM)
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    wanted = getattr(seccomp.Arch, machine.upper())
    if wanted != seccomp.system_arch():
        rules.remove_arch(seccomp.system_arch())
        rules.add_arch(wanted)
    rules.set_attr(seccomp.Attr.CTL_OPTIMIZE, 2)

    def add(action: Any, name: str, *arguments: Any) -> None:
        try:
            rules.add_rule(action, name, *arguments)
        except (OSError, ValueError):
            return  # this machine, or this libseccomp, has no such call: ENOSYS is right

    for name in sorted(DENIED):
        add(refused, name)
    for name in allowed(machine):
        add(seccomp.ALLOW, name)
    add(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, NEW_NAMESPACES, 0))
    for flag in (1 << bit for bit in range(32) if NEW_NAMESPACES >> bit & 1):
        add(refused, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    add(seccomp.ALLOW, "personality", seccomp.Arg(0, seccomp.EQ, 0))
    add(seccomp.ALLOW, "personality", seccomp.Arg(0, seccomp.EQ, ANY_PERSONALITY))
    _add_sockets(seccomp, add)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _add_sockets(seccomp: Any, add: Any) -> None:
    no_such_family, netlink = seccomp.ERRNO(errno.EAFNOSUPPORT), int(socket.AF_NETLINK)
    for family in range(netlink):
        add(seccomp.ALLOW if family in FAMILIES else no_such_family, "socket", seccomp.Arg(0, seccomp.EQ, family))
    add(no_such_family, "socket", seccomp.Arg(0, seccomp.GT, netlink))
    add(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, netlink), seccomp.Arg(2, seccomp.EQ, ROUTE))
    add(no_such_family, "socket", seccomp.Arg(0, seccomp.EQ, netlink), seccomp.Arg(2, seccomp.NE, ROUTE))


def main() -> None:
    """Write filters.json."""
    filters = {machine: base64.b64encode(program(machine)).decode() for machine in MACHINES}
    (HERE / "filters.json").write_text(json.dumps(filters, indent=1) + "\n")


if __name__ == "__main__":
    main()
