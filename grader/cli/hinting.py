"""Which hint comes next: tiers go up by one with each hint for the same check, and depend on what the check found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.cli.objects import HintSaid
from grader.errors import BadInput

if TYPE_CHECKING:
    from grader.course.tree import Lab
    from grader.learner.record import Record


def next_hint(lab: Lab, events: Record, check: str | None = None) -> HintSaid:
    """The next hint for a check, by default the first one that failed; it is recorded as given.

    Raises BadInput when the lab was not checked yet, or has no such check.
    """
    last = events.last("checked", lab.id)
    if last is None:
        raise BadInput(f"lab {lab.id} was not checked yet", "run `mlops check` first: hints depend on what it finds")
    known = [one.id for one in lab.spec.checks]
    if check is not None and check not in known:
        raise BadInput(f"lab {lab.id} has no check {check!r}", f"its checks: {', '.join(known)}")
    missed = {name: found for name, (status, found) in last["checks"].items() if status != "passed" and name in known}
    if not missed or (check is not None and check not in missed):
        which = "Every check passed" if not missed else f"{check} passed"
        return HintSaid(lab=lab.id, check=None, tier=0, of=0, text=f"{which}; there is nothing to hint at.")
    name = check or next(iter(missed))
    hints = next(one for one in lab.spec.checks if one.id == name).hints_for(missed[name])
    given = sum(1 for event in events.events("hint", lab.id) if event["check"] == name)
    tier = min(given, len(hints) - 1)
    events.add("hint", lab.id, check=name, tier=tier + 1)
    return HintSaid(lab=lab.id, check=name, tier=tier + 1, of=len(hints), text=hints[tier])
