"""The filter of prepared sandboxes, as it is kept in the repository."""

from __future__ import annotations

import base64
import json

import pytest

from grader.backends.prepared import filters
from grader.backends.prepared.seccomp import compile as compiler


def test_what_is_denied_is_never_allowed() -> None:
    """The allow-list names nothing of the deny-list, nor calls that have rules of their own."""
    for machine in compiler.MACHINES:
        assert not set(compiler.allowed(machine)) & (compiler.DENIED | compiler.OWN_RULES)


def test_what_builds_a_room_is_denied_inside() -> None:
    """All that a host container may do beyond Docker's profile is refused again to a sandbox."""
    assert set(filters.BUILDS_ROOMS) <= compiler.DENIED


def test_numeric_libraries_and_subprocesses_get_what_they_need() -> None:
    """A sample of calls that glibc, threads, sockets and process pools make."""
    needed = {"mmap", "futex", "rseq", "wait4", "execve", "vfork", "epoll_pwait", "memfd_create", "sched_getaffinity", "statx"}
    assert needed - {"vfork"} <= set(compiler.allowed("aarch64"))
    assert needed <= set(compiler.allowed("x86_64"))


@pytest.mark.parametrize("machine", compiler.MACHINES)
def test_the_kept_programs_are_what_the_compiler_makes(machine: str) -> None:
    """filters.json is up to date with compile.py and Docker's profile."""
    pytest.importorskip(
        "pyseccomp", reason="needs pyseccomp to compile, which only maintainers of the filter have", exc_type=ImportError
    )
    assert base64.b64decode(filters.programs()[machine]) == compiler.program(machine)


def test_the_kept_programs_are_whole() -> None:
    """Each is a sequence of 8-byte instructions that the kernel accepts (at most 4096)."""
    sizes = {machine: len(base64.b64decode(text)) for machine, text in filters.programs().items()}
    assert set(sizes) == set(compiler.MACHINES)
    assert all(size % 8 == 0 and 0 < size // 8 <= 4096 for size in sizes.values()), sizes


def test_the_host_profile_is_dockers_own_and_six_calls() -> None:
    """Nothing else is added to the engine's default."""
    default = json.loads(filters._read("engine-default.json"))
    assert json.loads(filters.host_profile()) == {
        **default,
        "syscalls": [*default["syscalls"], {"names": list(filters.BUILDS_ROOMS), "action": "SCMP_ACT_ALLOW"}],
    }
