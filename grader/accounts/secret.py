"""Secrets that we make: long enough that nobody guesses them, kept as a hash only."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new(prefix: str = "") -> str:
    """A secret of 256 bits. The prefix lets a scanner recognise one that was committed by mistake."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of it. No salt and no slow hash: there is nothing to guess."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def derived(secret: str, purpose: str) -> str:
    """Another secret, which whoever holds the first can compute and nobody else."""
    return hmac.new(secret.encode("utf-8", "replace"), purpose.encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that doesn't tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
