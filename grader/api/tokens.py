"""The tokens of this machine's user, by service: in a file that only they can read."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from grader.errors import BadInput


class Tokens:
    """The file `service-tokens.json` in a home."""

    def __init__(self, home: Path) -> None:
        self._file = home / "service-tokens.json"

    def get(self, url: str) -> str:
        """The token for a service. Raises BadInput when there is none."""
        found = self._read().get(url)
        if found is None:
            raise BadInput(f"you are not signed in at {url}", f"mlops login {url}")
        return found

    def put(self, url: str, token: str) -> None:
        """Keep a token."""
        self._write({**self._read(), url: token})

    def drop(self, url: str) -> bool:
        """Forget a token; False when there is none."""
        known = dict(self._read())
        found = known.pop(url, None) is not None
        if found:
            self._write(known)
        return found

    def _read(self) -> Mapping[str, str]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            raise BadInput(f"{self._file} can't be read", "remove it, and sign in again") from None
        return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}

    def _write(self, tokens: Mapping[str, str]) -> None:
        """Written beside its place, never readable by others, then moved there in one step."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_name(f".{self._file.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                json.dump(tokens, out, indent=1)
            new.replace(self._file)
        finally:
            new.unlink(missing_ok=True)
