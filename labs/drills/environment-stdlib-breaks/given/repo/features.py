"""What the model knows about the day of a call."""

from datetime import datetime

import calendar


def of(day: str) -> dict[str, bool | int]:
    """Features of a day written as 2026-12-25."""
    moment = datetime.strptime(day, "%Y-%m-%d")
    return {"weekday": moment.weekday(), "weekend": moment.weekday() >= 5, "holiday": calendar.is_holiday(day)}
