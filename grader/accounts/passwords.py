"""Passwords: what one must be, and argon2 through argon2-cffi with its own (RFC 9106) parameters."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from grader.errors import BadInput, OurFault

SHORTEST, LONGEST = 10, 200
PATIENCE = 10.0
"""Seconds that a request waits for its turn: a flood of sign-ins must not hold up everybody else."""


class Passwords:
    """Hashes and checks passwords. Each takes 64 MiB for a moment, so only so many at once."""

    def __init__(self, hasher: PasswordHasher | None = None, at_once: int = 2) -> None:
        self._hasher, self._places = hasher or PasswordHasher(), threading.BoundedSemaphore(at_once)
        self._nobodys = ""

    def hash(self, password: str, name: str) -> str:
        """What is kept of a new password. Raises BadInput for one that can't be."""
        demand(password, name)
        with self._turn():
            return self._hasher.hash(password)

    def right(self, kept: str | None, password: str) -> bool:
        """Whether this is the password. It takes as long when there is none: time tells nobody who has an account."""
        with self._turn():
            try:
                return self._hasher.verify(kept or self._some_hash(), password[: LONGEST + 1]) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

    def rehash(self, password: str) -> str:
        """What is kept from now on of a password that is right: today's parameters, no new demands."""
        with self._turn():
            return self._hasher.hash(password)

    def outdated(self, kept: str) -> bool:
        """Whether it was hashed with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """A place for a hash. Raises OurFault when none is free for long."""
        if not self._places.acquire(timeout=PATIENCE):
            raise OurFault("too many people sign in at once", "try again")
        try:
            yield
        finally:
            self._places.release()

    def _some_hash(self) -> str:
        self._nobodys = self._nobodys or self._hasher.hash("nobody's password")
        return self._nobodys


def demand(password: str, name: str) -> None:
    """Raise BadInput unless this can be somebody's password."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(f"a password has {SHORTEST} to {LONGEST} characters", "a few unrelated words are a good one")
    if len(set(password)) < 5 or password.casefold() == name.casefold():
        raise BadInput("this password is too easy to guess", "a few unrelated words are a good one")
