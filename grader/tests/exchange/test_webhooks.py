"""Webhooks, against a real receiver: told once it happened, signed, tried again, given up in the end, never in the way."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook as Reference

from grader.errors import BadInput
from grader.exchange.sender import SCHEDULE, Answer, Message, Sender, signed
from grader.gradebook import outbox, work
from grader.gradebook.tables import Attempt, Delivery, Webhook
from grader.tests.gradebook.small_class import FULL, MONDAY, Clock, SmallClass, result
from grader.tests.gradebook.terminal import Terminal

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver:
    """An HTTP server that keeps what it is told, and answers with `statuses`, the last one for ever."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.heard = list(statuses or (200,)), list[tuple[dict[str, str], bytes]]()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
                self.send_response(status)
                self.send_header("location", receiver.url + "elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def tell(klass: SmallClass, url: str, *events: str) -> Webhook:
    with klass.database.writing() as session:
        return outbox.add(session, MONDAY, klass.course, url, SECRET, events or outbox.EVENTS, klass.tess)


def deliveries(klass: SmallClass) -> list[tuple[str, int, str]]:
    with klass.database.reading() as session:
        return [(d.state, d.tries, d.answer) for d in session.scalars(select(Delivery).order_by(Delivery.id))]


def test_a_receiver_hears_of_a_verdict_and_of_its_release(klass: SmallClass, receiver: Receiver) -> None:
    """Signed so that the scheme's own library takes it; with what was graded, and nothing of the feedback."""
    tell(klass, receiver.url)
    klass.graded(klass.ann, FULL)
    assert Sender(klass.database).send_all() == 2
    assert deliveries(klass) == [("done", 1, "answered 200")] * 2
    told = [Reference(SECRET).verify(body, headers) for headers, body in receiver.heard]
    submission = klass.hand_in(klass.ann).submission
    data = {
        "course": "math", "assignment": "adding", "kind": "lab", "content": "01-adding", "person": "ann",
        "submission": submission.id, "submission_sha256": submission.sha256, "attempt": 1, "lab_version": "version-1",
        "outcome": "finished", "earned": 100.0, "possible": 100.0, "requested_by": None, "reason": "handed in",
    }  # fmt: skip
    at = "2026-03-02T12:00:00+00:00"
    assert told == [
        {"type": "attempt.graded", "timestamp": at, "data": data},
        {"type": "attempt.released", "timestamp": at, "data": data},
    ]
    assert [headers["content-type"] for headers, _ in receiver.heard] == ["application/json"] * 2


def test_the_signature_is_the_schemes() -> None:
    """The specification's own example."""
    message = Message(1, 1, "http://x", SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}')
    assert signed(message, datetime.fromtimestamp(1614265330, UTC)) == {
        "content-type": "application/json",
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_only_what_was_asked_for_and_only_what_happened(klass: SmallClass, receiver: Receiver) -> None:
    """A hook of one event hears of no other; our faults are no verdict; what is rolled back is told to nobody."""
    tell(klass, receiver.url, outbox.RELEASED)
    klass.ask(released_at_once=False)
    klass.wait_for(klass.bob)
    klass.queue.complete(klass.lease(), result(outcome="service_failed"), "i")
    klass.graded(klass.ann, FULL)
    assert deliveries(klass) == []
    with pytest.raises(RuntimeError), klass.database.writing() as session:
        work.release(session, MONDAY, session.scalars(select(Attempt).where(~Attempt.ours)).one(), klass.tess)
        raise RuntimeError
    assert deliveries(klass) == []
    with klass.database.writing() as session:
        work.release(session, MONDAY, session.scalars(select(Attempt).where(~Attempt.ours)).one(), klass.tess)
    Sender(klass.database).send_all()
    assert [json.loads(body)["type"] for _, body in receiver.heard] == ["attempt.released"]


def test_a_failure_is_tried_again_under_the_same_id(klass: SmallClass, clock: Clock, receiver: Receiver) -> None:
    """Later and later; a redirect is a failure, and is not followed."""
    receiver.statuses = [500, 302, 200]
    tell(klass, receiver.url, outbox.GRADED)
    klass.graded(klass.ann, FULL)
    sender = Sender(klass.database)
    for answer, wait in (("answered 500", SCHEDULE[0]), ("answered 302", SCHEDULE[1]), ("answered 200", 0)):
        assert sender.send_all() == 1
        assert [(d[0], d[2]) for d in deliveries(klass)] == [("waiting" if wait else "done", answer)]
        clock.forward(seconds=max(wait - 1, 0))
        assert sender.send_all() == 0
        clock.forward(seconds=1)
    assert len(receiver.heard) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.heard}) == 1


def test_in_the_end_it_is_given_up(klass: SmallClass, clock: Clock) -> None:
    """After the last wait of the schedule; nobody listens there."""
    closed = Receiver()
    closed.close()
    tell(klass, closed.url, outbox.GRADED)
    klass.graded(klass.ann, FULL)
    sender = Sender(klass.database)
    for _ in range(len(SCHEDULE) + 3):
        sender.send_all()
        clock.forward(hours=25)
    assert deliveries(klass) == [("dead", len(SCHEDULE) + 1, "no answer: ConnectionError")]


def test_who_wants_no_more_is_told_no_more(klass: SmallClass, receiver: Receiver) -> None:
    """By 410 Gone, or by whoever runs the class: what waits is dropped, and nothing new is written."""
    receiver.statuses = [410]
    tell(klass, receiver.url)
    klass.graded(klass.ann, FULL)
    assert Sender(klass.database).send_all() == 1
    klass.graded(klass.bob, FULL)
    assert deliveries(klass) == [("dead", 1, "answered 410"), ("dead", 0, "")]


def test_a_sender_that_vanishes_loses_nothing(klass: SmallClass, clock: Clock) -> None:
    """What it took is sent by another after a minute; its own late answer then changes nothing."""
    tell(klass, "http://127.0.0.1:9/", outbox.GRADED)
    klass.graded(klass.ann, FULL)
    sent = list[Message]()

    def quick(message: Message) -> Answer:
        sent.append(message)
        return Answer(200, "answered 200")

    def slow(message: Message) -> Answer:
        """While it posts, a minute goes by and another sender takes over."""
        sent.append(message)
        clock.forward(seconds=61)
        assert Sender(klass.database, quick).send_one()
        return Answer(500, "answered 500")

    assert Sender(klass.database, slow).send_all() == 1
    assert deliveries(klass) == [("done", 2, "answered 200")]
    assert len({message.id for message in sent}) == 1


def test_a_thread_sends_until_it_is_told_to_stop(klass: SmallClass, receiver: Receiver) -> None:
    """As `mlops worker` has one."""
    tell(klass, receiver.url, outbox.GRADED)
    stop = threading.Event()
    thread = threading.Thread(target=Sender(klass.database).run, args=(stop, 0.05))
    thread.start()
    klass.graded(klass.ann, FULL)
    ends = time.monotonic() + 60
    while deliveries(klass) != [("done", 1, "answered 200")] and time.monotonic() < ends:
        stop.wait(0.05)
    stop.set()
    thread.join(60)
    assert (deliveries(klass), thread.is_alive()) == ([("done", 1, "answered 200")], False)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_from_a_terminal(klass: SmallClass, receiver: Receiver, tmp_path: Path) -> None:
    """The secret is shown once; the list says how it goes."""
    admin = Terminal(tmp_path)
    said, secret = admin("webhook", "add", "math", receiver.url, "--by", "tess", "--event", "attempt.graded").splitlines()
    assert said == "webhook 1 is told of attempt.graded; `mlops worker` sends; the secret:"
    about = f"webhook 1  on  math  {receiver.url}  attempt.graded"
    assert admin("webhook", "list") == f"{about}  waiting 0  done 0  dead 0  last: nothing sent yet\n"
    klass.graded(klass.ann, FULL)
    assert admin("webhook", "send") == "1 message(s) sent or tried\n"
    headers, body = receiver.heard[0]
    assert Reference(secret).verify(body, headers)["type"] == "attempt.graded"
    assert admin("webhook", "off", "1") == "webhook 1 is off\n"
    listed = f"{about}  waiting 0  done 1  dead 0  last: answered 200\n".replace("  on  ", "  off  ")
    assert admin("webhook", "list") == listed
    for wrong in ("ftp://x/", "http://u:p@x/", "http:///x", "x"):
        with pytest.raises(BadInput, match="is no address that can be told"):
            admin("webhook", "add", "math", wrong, "--by", "tess")
    with pytest.raises(BadInput, match=r"there is no event attempt\.lost \(known: attempt\.graded, attempt\.released\)"):
        admin("webhook", "add", "math", receiver.url, "--by", "tess", "--event", "attempt.lost")
