"""What lateness costs: pure functions of dates. A policy gives the share of the points that a submission keeps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from grader.errors import BadInput
from grader.result import Frozen

Percent = Annotated[float, Field(ge=0, le=100)]
DAY = timedelta(days=1)


class NoPenalty(Frozen):
    """Late work counts in full until the assignment closes."""

    kind: Literal["none"] = "none"


class PerDay(Frozen):
    """Each started day takes `percent` of the points earned, down to `floor` percent of them."""

    kind: Literal["per_day"] = "per_day"
    percent: Percent
    floor: Percent = 0


class GraceBudget(Frozen):
    """A person has `days` for the whole course, spent by themselves on what is due first; after that `percent` a day."""

    kind: Literal["grace_budget"] = "grace_budget"
    days: Annotated[int, Field(ge=0)]
    percent: Percent = 100


class HardStop(Frozen):
    """Nothing is accepted after the due date, and nothing counts that was."""

    kind: Literal["hard_stop"] = "hard_stop"


LatePolicy = Annotated[NoPenalty | PerDay | GraceBudget | HardStop, Field(discriminator="kind")]
_POLICY: TypeAdapter[LatePolicy] = TypeAdapter(LatePolicy)


@dataclass(frozen=True)
class Dates:
    """When an assignment opens, is due and closes; None: no such moment."""

    opens: datetime | None = None
    due: datetime | None = None
    closes: datetime | None = None


def policy(text: str) -> LatePolicy:
    """The policy in a JSON text. Raises BadInput for what is none."""
    try:
        return _POLICY.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        example = '{"kind": "per_day", "percent": 10}'
        raise BadInput(f"that is no late policy: {where}: {first['msg']}", f"for example {example}") from None


def extended(dates: Dates, due: datetime | None, closes: datetime | None) -> Dates:
    """The dates with a person's extension, which never takes time away; a close that was not given moves with the due date."""
    if due is None or dates.due is None:
        return dates
    later = max(due, dates.due)
    if dates.closes is None:
        return Dates(dates.opens, later, None)
    return Dates(dates.opens, later, max(closes or dates.closes, dates.closes, later))


def days_late(received: datetime, due: datetime | None) -> int:
    """Started days after the due date; 0 in time."""
    return 0 if due is None or received <= due else math.ceil((received - due) / DAY)


def accepts(dates: Dates, chosen: LatePolicy, now: datetime) -> str:
    """ "" when work is accepted now, else why not."""
    if dates.opens is not None and now < dates.opens:
        return f"it opens at {dates.opens:%Y-%m-%d %H:%M} UTC"
    ends = dates.due if isinstance(chosen, HardStop) else dates.closes
    return f"it closed at {ends:%Y-%m-%d %H:%M} UTC" if ends is not None and now > ends else ""


def share(chosen: LatePolicy, days: int, covered: int = 0) -> float:
    """The share of its points that a submission keeps which is so many days late, of which grace covers some."""
    if days <= 0 or isinstance(chosen, NoPenalty):
        return 1.0
    if isinstance(chosen, HardStop):
        return 0.0
    if isinstance(chosen, PerDay):
        return max(1 - days * chosen.percent / 100, chosen.floor / 100)
    return max(1 - max(days - covered, 0) * chosen.percent / 100, 0.0)
