"""Which hint comes next: tiers go up by one with each hint for the same check, and depend on what the check found.

The first of a check's texts that fits is what the failing check says itself (`next`): nobody is given that one again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.cli.app import home
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
    hints = _beyond(_said(lab, name), next(one for one in lab.spec.checks if one.id == name).hints_for(missed[name]))
    given = sum(1 for event in events.events("hint", lab.id) if event["check"] == name)
    tier = min(given, len(hints) - 1)
    events.add("hint", lab.id, check=name, tier=tier + 1)
    return HintSaid(lab=lab.id, check=name, tier=tier + 1, of=len(hints), text=hints[tier])


def _said(lab: Lab, check: str) -> str | None:
    """What the check said to do next when it was made last; None where the result came from another machine."""
    from grader.learner import last_result

    kept = last_result.last(home(), lab.id)
    return next((one.next for one in kept.result.checks if one.id == check), None) if kept else None


def _beyond(said: str | None, hints: list[str]) -> list[str]:
    """The hints without the one that the check has said already; that one only where there is no other."""
    return [text for text in hints if text != (hints[0] if said is None else said)] or hints
