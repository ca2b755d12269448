"""Sends what waits for webhooks, as the Standard Webhooks scheme says: signed, tried again for a day or more, never in the way.

Nothing is sent inside a transaction, and no grading waits for an answer: a sender takes a message, posts it, and writes what
it came to. A sender that is killed in between leaves the message to be sent again, under the same id.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from grader.gradebook import outbox
from grader.gradebook.database import Database, DatabaseUnavailable
from grader.gradebook.tables import Delivery, Webhook
from grader.result import printable

MINUTE, HOUR = 60.0, 3600.0
SCHEDULE = (5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Seconds until the next try, after each that failed; after the last one a message is dead."""
TIMEOUT = 15.0
TAKEN = 60.0
"""Seconds for which a message is somebody's who sends it."""
GONE = 410
"""An answer that asks to be told nothing any more."""


@dataclass(frozen=True)
class Message:
    """A message that this sender took."""

    delivery: int
    tries: int
    url: str
    secret: str
    id: str
    payload: str


@dataclass(frozen=True)
class Answer:
    """What a try came to: an HTTP status, or (0) no answer, and in words."""

    status: int
    words: str

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return 200 <= self.status < 300


Post = Callable[[Message], Answer]


def signed(message: Message, now: datetime) -> dict[str, str]:
    """The headers of a message sent now: `webhook-id`, `webhook-timestamp`, `webhook-signature`."""
    from standardwebhooks import Webhook as Signer

    return {
        "content-type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(message.secret).sign(message.id, now, message.payload),
    }


def post(message: Message) -> Answer:
    """Post a message. A redirect is no answer: what is signed for one address is sent to no other. Never raises."""
    import requests

    try:
        with requests.post(
            message.url, data=message.payload.encode(), headers=signed(message, datetime.now(UTC)), timeout=TIMEOUT,
            allow_redirects=False, stream=True,
        ) as answer:  # fmt: skip
            return Answer(answer.status_code, f"answered {answer.status_code}")
    except (requests.RequestException, ValueError, OSError) as error:
        return Answer(0, f"no answer: {type(error).__name__}")


class Sender:
    """Sends from a database's outbox. Many may do so at once."""

    def __init__(self, database: Database, post: Post = post) -> None:
        self._database, self._post = database, post

    def run(self, stop: threading.Event, poll: float = 2.0) -> None:
        """Send until told to stop. Never raises for what a receiver or the database does."""
        while not stop.is_set():
            try:
                if self.send_one():
                    continue
            except DatabaseUnavailable:
                pass  # messages wait as long as the database is away
            stop.wait(poll)

    def send_all(self, seconds: float = math.inf) -> int:
        """Send what waits and may be sent now, beginning none after so long; how many messages were tried. Raises
        DatabaseUnavailable."""
        count, ends = 0, time.monotonic() + seconds
        while time.monotonic() < ends and self.send_one():
            count += 1
        return count

    def send_one(self) -> bool:
        """Send the message that waits longest, if there is one that may be sent now. Raises DatabaseUnavailable."""
        message = self._take()
        if message is None:
            return False
        self._settle(message, self._post(message))
        return True

    def _take(self) -> Message | None:
        with self._database.reading() as session:
            due = Delivery.not_before <= self._database.now(session)
            if session.scalar(select(Delivery.id).where(Delivery.state == "waiting", due).limit(1)) is None:
                return None
        with self._database.writing() as session:
            now = self._database.now(session)
            waiting = select(Delivery).where(Delivery.state == "waiting", Delivery.not_before <= now)
            delivery = session.scalar(waiting.order_by(Delivery.id).limit(1).with_for_update(skip_locked=True))
            if delivery is None:
                return None
            hook = session.get_one(Webhook, delivery.webhook_id)
            delivery.tries, delivery.not_before = delivery.tries + 1, now + timedelta(seconds=TAKEN)
            return Message(delivery.id, delivery.tries, hook.url, hook.secret, delivery.message, delivery.payload)

    def _settle(self, message: Message, answer: Answer) -> None:
        with self._database.writing() as session:
            delivery = session.get_one(Delivery, message.delivery, with_for_update=True)
            if delivery.state != "waiting" or delivery.tries != message.tries:
                return  # it took so long that another sender has it by now
            now = self._database.now(session)
            delivery.answer = printable(answer.words)[:200]
            if answer.taken:
                delivery.state, delivery.finished_at = "done", now
            elif answer.status == GONE or message.tries > len(SCHEDULE):
                delivery.state, delivery.finished_at = "dead", now
            else:
                delivery.not_before = now + timedelta(seconds=SCHEDULE[message.tries - 1])
            if answer.status == GONE:
                outbox.stop(session, now, delivery.webhook_id)
