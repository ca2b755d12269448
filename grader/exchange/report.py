"""A report of results as a file of a kind that other programs read: `junit:FILE`, `ctrf:FILE`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.errors import BadInput
from grader.exchange.ctrf import ctrf
from grader.exchange.junit import junit
from grader.result import Result

FORMATS: Mapping[str, Callable[[Sequence[Result], datetime], bytes]] = {"junit": junit, "ctrf": ctrf}


@dataclass(frozen=True)
class Report:
    """A report that is asked for."""

    kind: str
    file: Path

    def write(self, results: Sequence[Result], ended: datetime) -> None:
        """Write it in one step. Raises BadInput when there can be no such file."""
        new = self.file.with_name(f"{self.file.name}.new")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(FORMATS[self.kind](results, ended))
            new.replace(self.file)
        except OSError as error:
            raise BadInput(f"the report can't be written to {self.file}: {error.strerror}", "name another file") from None


def parse(asked: str) -> Report:
    """What `junit:FILE` or `ctrf:FILE` asks for. Raises BadInput."""
    kind, _, file = asked.partition(":")
    if kind not in FORMATS or not file:
        raise BadInput(f"there is no report {asked!r}", "; ".join(f"{known}:FILE" for known in FORMATS))
    return Report(kind, Path(file))
