"""Messages for webhooks, written in the transaction of what they tell of: they are sent if, and only if, it happened."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.errors import BadInput
from grader.gradebook.tables import Assignment, Attempt, Course, Delivery, Person, Submission, Webhook

GRADED, RELEASED = "attempt.graded", "attempt.released"
EVENTS = (GRADED, RELEASED)
"""A verdict was reached, seen by those who teach; a verdict is shown to its student from now on."""


def add(session: Session, now: datetime, course: Course, url: str, secret: str, events: Collection[str], by: Person) -> Webhook:
    """Tell an address of these events from now on. Raises BadInput for an unknown event, and for what is no address."""
    unknown = [event for event in events if event not in EVENTS]
    if unknown or not events:
        raise BadInput(f"there is no event {', '.join(unknown) or 'named'}", f"known: {', '.join(EVENTS)}")
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise BadInput(f"{url[:200]!r} is no address that can be told", "https://host/path, without a user in it")
    hook = Webhook(
        course_id=course.id, url=url, secret=secret, events=" ".join(sorted(set(events))), added_by=by.id, created_at=now
    )  # fmt: skip
    session.add(hook)
    session.flush()
    return hook


def stop(session: Session, now: datetime, number: int) -> Webhook:
    """Tell an address nothing any more; what waits for it is dropped. Raises BadInput for a number that none has."""
    hook = session.get(Webhook, number, with_for_update=True)
    if hook is None:
        raise BadInput(f"there is no webhook {number}", "mlops admin webhook list")
    hook.active = False
    waiting = select(Delivery).where(Delivery.webhook_id == number, Delivery.state == "waiting").with_for_update()
    for delivery in session.scalars(waiting.order_by(Delivery.id)):
        delivery.state, delivery.finished_at = "dead", now
    return hook


def tell(session: Session, now: datetime, event: str, attempt: Attempt) -> None:
    """Write a message of an event to every webhook that wants it. It says what was graded and what it earned; feedback is
    for whoever may see it."""
    submission = session.get_one(Submission, attempt.submission_id)
    asked = session.get_one(Assignment, submission.assignment_id)
    hooks = session.scalars(select(Webhook).where(Webhook.course_id == asked.course_id, Webhook.active)).all()
    wanted = [hook for hook in hooks if event in hook.events.split()]
    if not wanted:
        return
    course, person = session.get_one(Course, asked.course_id), session.get_one(Person, submission.person_id)
    data = {
        "course": course.name, "assignment": asked.name, "kind": asked.kind, "content": asked.content, "person": person.name,
        "submission": submission.id, "submission_sha256": submission.sha256, "attempt": attempt.number,
        "lab_version": attempt.lab_version, "outcome": attempt.outcome, "earned": attempt.earned, "possible": attempt.possible,
        "requested_by": attempt.requested_by and session.get_one(Person, attempt.requested_by).name, "reason": attempt.reason,
    }  # fmt: skip
    payload = json.dumps({"type": event, "timestamp": now.isoformat(), "data": data}, ensure_ascii=False)
    for hook in wanted:
        message = f"msg_{secrets.token_hex(16)}"
        session.add(
            Delivery(webhook_id=hook.id, message=message, payload=payload, state="waiting", not_before=now, created_at=now)
        )
    session.flush()
