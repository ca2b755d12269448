"""The public holidays on which nobody answers the phone."""

DAYS = {"01-01": "New Year", "05-01": "Labour Day", "12-25": "Christmas", "12-26": "Boxing Day"}


def is_holiday(day: str) -> bool:
    """Whether a day written as 2026-12-25 is one."""
    return day[5:] in DAYS
