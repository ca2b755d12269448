"""The queue's rules, one by one, with the clock in the test's hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from grader.errors import BadInput
from grader.gradebook.tables import Job, JobEvent, Submission
from grader.gradebook.work import attempts
from grader.queue import jobs
from grader.queue.queue import Lease, LeaseLost, Queue
from grader.queue.rules import REGRADE, Rules
from grader.tests.gradebook.small_class import FULL, IMAGE, MONDAY, VERSION, SmallClass, result

RULES = Rules()


def job(klass: SmallClass, number: int = 1) -> Job:
    with klass.database.reading() as session:
        return session.get_one(Job, number)


def history(klass: SmallClass, number: int = 1) -> list[tuple[str, int, str]]:
    """What happened to a job: what, under which token, by which worker."""
    with klass.database.reading() as session:
        found = session.scalars(select(JobEvent).where(JobEvent.job_id == number).order_by(JobEvent.id))
        return [(e.what, e.token, e.worker) for e in found]


def earned(klass: SmallClass, submission: int = 1) -> list[tuple[str, float]]:
    """The attempts at a submission: who wrote them, and the points."""
    with klass.database.reading() as session:
        return [(a.worker, a.earned) for a in attempts(session, submission)]


def test_a_job_is_leased_once_and_done_once(klass: SmallClass) -> None:
    """Nobody else gets it; its result is one attempt; calling again writes nothing again."""
    klass.wait_for(klass.ann)
    lease = klass.lease("w1")
    assert lease == Lease(1, 1, "w1", 1, "01-adding", MONDAY, MONDAY)
    assert klass.queue.lease("w2") is None
    for _ in range(2):
        klass.queue.complete(lease, result(FULL), IMAGE)
    assert earned(klass) == [("w1", 100)]
    assert (job(klass).state, klass.queue.lease("w2"), klass.queue.unfinished()) == ("done", None, 0)
    assert history(klass) == [("enqueued", 0, ""), ("leased", 1, "w1"), ("done", 1, "w1")]


def test_a_lease_that_ends_is_taken_over_and_its_late_writer_is_refused(klass: SmallClass) -> None:
    """The token decides: the second holder writes, the first can't, before or after that."""
    klass.wait_for(klass.ann)
    first = klass.lease("w1")
    klass.clock.forward(seconds=RULES.lease - 1)
    assert klass.queue.lease("w2") is None
    klass.clock.forward(seconds=2)
    second = klass.lease("w2")
    with pytest.raises(LeaseLost, match="job 1 is no longer w1's: it is leased, token 2, not 1"):
        klass.queue.complete(first, result(), IMAGE)
    with pytest.raises(LeaseLost):
        klass.queue.fault(first, "x")
    klass.queue.hand_back(first)
    klass.queue.complete(second, result(FULL), IMAGE)
    with pytest.raises(LeaseLost):
        klass.queue.complete(first, result(), IMAGE)
    assert earned(klass) == [("w2", 100)]


def test_a_worker_that_was_only_slow_may_write_while_nobody_else_has_the_job(klass: SmallClass) -> None:
    """Its lease has ended, and that was noticed when bob's job was leased; but its token is still the last one."""
    klass.wait_for(klass.ann, priority=REGRADE)
    slow = klass.lease("w1")
    klass.wait_for(klass.bob)
    klass.clock.forward(seconds=RULES.lease + 1)
    assert (klass.lease("w2").job, job(klass).state) == (2, "waiting")
    klass.queue.complete(slow, result(FULL), IMAGE)
    assert (job(klass).state, earned(klass)) == ("done", [("w1", 100)])


def test_a_heartbeat_keeps_a_lease(klass: SmallClass) -> None:
    """As long as it comes in time; what is lost is told."""
    klass.wait_for(klass.ann)
    lease = klass.lease("w1")
    for _ in range(5):
        klass.clock.forward(seconds=RULES.lease - 1)
        assert klass.queue.heartbeat([lease]) == []
        assert klass.queue.lease("w2") is None
    klass.clock.forward(seconds=RULES.lease + 1)
    klass.lease("w2")
    assert klass.queue.heartbeat([lease]) == [lease]


def test_only_our_faults_are_tried_again(klass: SmallClass) -> None:
    """What a student did is a verdict; a fault of ours comes back after 2, 4, 8 s, then it is a dead letter. Every try is
    kept, none is a verdict."""
    klass.wait_for(klass.ann)
    waits = []
    for _ in range(RULES.tries):
        klass.queue.complete(klass.lease(), result(outcome="sandbox_failed"), IMAGE)
        waits.append((job(klass).not_before - klass.clock.time).total_seconds())
        assert klass.queue.lease("w1") is None
        klass.clock.forward(seconds=waits[-1])
    assert (waits[:3], job(klass).state, job(klass).fault) == ([2, 4, 8], "dead", "sandbox_failed: ")
    assert klass.queue.lease("w1") is None
    with klass.database.reading() as session:
        assert [a.ours for a in attempts(session, 1)] == [True] * RULES.tries
        assert jobs.depth(session) == {"waiting": 0, "leased": 0, "done": 0, "dead": 1}
    klass.wait_for(klass.bob)
    klass.queue.complete(klass.lease(), result(outcome="timed_out"), IMAGE)
    assert job(klass, 2).state == "done"


def test_the_wait_is_bounded() -> None:
    """However often it was tried."""
    assert [Rules().wait(tries) for tries in (1, 2, 8, 9, 60)] == [2, 4, 256, 300, 300]


def test_a_submission_that_takes_its_workers_down_becomes_a_dead_letter(klass: SmallClass) -> None:
    """After so many workers that were not heard of any more."""
    klass.wait_for(klass.ann)
    for number in range(RULES.tries):
        klass.lease(f"w{number}")
        klass.clock.forward(seconds=RULES.lease + 1)
    assert klass.queue.lease("w9") is None
    assert (job(klass).state, job(klass).fault) == ("dead", "worker w3 was not heard of any more")
    assert earned(klass) == []


def test_a_dead_letter_is_tried_again_when_a_person_says_so(klass: SmallClass) -> None:
    """From the start, and it says who; anything else can't be retried."""
    klass.wait_for(klass.ann)
    klass.queue.fault(klass.lease(), "the lab is broken\x1b[31m", final=True)
    with klass.database.writing() as session:
        assert [j.fault for j in jobs.dead(session)] == ["the lab is broken\\x1b[31m"]
        jobs.retry(session, klass.clock.time, 1, klass.tess)
    klass.queue.complete(klass.lease(), result(FULL), IMAGE)
    assert earned(klass) == [("w1", 100)]
    assert [what for what, _, _ in history(klass)] == ["enqueued", "leased", "dead", "retried", "leased", "done"]
    with pytest.raises(BadInput, match="job 1 is done, no dead letter"), klass.database.writing() as session:
        jobs.retry(session, klass.clock.time, 1, klass.tess)


def test_a_slow_worker_s_verdict_is_still_wanted_from_a_dead_letter(klass: SmallClass) -> None:
    """Nobody else has it: what was found out is written, and ends the job."""
    klass.wait_for(klass.ann)
    for _ in range(RULES.tries):
        slow = klass.lease()
        klass.clock.forward(seconds=RULES.lease + 1)
    assert (klass.queue.lease("w2"), job(klass).state) == (None, "dead")
    klass.queue.complete(slow, result(FULL), IMAGE)
    assert (job(klass).state, earned(klass)) == ("done", [("w1", 100)])


def test_what_is_handed_back_was_never_tried(klass: SmallClass) -> None:
    """A drained worker's job is free at once, for anybody, and costs no try; its old holder writes nothing."""
    klass.wait_for(klass.ann)
    lease = klass.lease("w1")
    klass.queue.hand_back(lease)
    assert job(klass).tries == 0
    second = klass.lease("w2")
    with pytest.raises(LeaseLost):
        klass.queue.complete(lease, result(), IMAGE)
    klass.queue.complete(second, result(FULL), IMAGE)
    assert earned(klass) == [("w2", 100)]


def test_who_waits_goes_before_a_regrade(klass: SmallClass) -> None:
    """Whenever they came."""
    old = [klass.wait_for(klass.ann, f"{n}", priority=REGRADE).id for n in range(3)]
    new = klass.wait_for(klass.bob).id
    assert [klass.lease().job for _ in range(4)] == [new, *old]


def test_people_take_turns(klass: SmallClass) -> None:
    """Ann's ten don't keep bob waiting: after one of hers comes one of his, and what runs counts as had."""
    anns = [klass.wait_for(klass.ann, f"{n}").id for n in range(10)]
    bobs = [klass.wait_for(klass.bob, f"{n}").id for n in range(3)]
    assert [klass.lease().job for _ in range(13)] == [
        anns[0], bobs[0], anns[1], bobs[1], anns[2], bobs[2], *anns[3:],
    ]  # fmt: skip


def test_a_new_one_does_not_pass_who_has_waited_for_a_turn(klass: SmallClass) -> None:
    """Ann's second job comes before the first ones of people who came after it was her turn again."""
    anns = [klass.wait_for(klass.ann, f"{n}").id for n in range(2)]
    klass.queue.complete(klass.lease(), result(FULL), IMAGE)
    bobs = klass.wait_for(klass.bob).id
    assert [klass.lease().job for _ in range(2)] == [anns[1], bobs]


def test_the_same_is_graded_once(klass: SmallClass) -> None:
    """By submission, lab version and image: asked for again while it waits, runs or is done, it is the same job. Another
    version is another job; another round is one only when somebody asks for it, and what waits is waited for."""
    submission = klass.hand_in(klass.ann).submission
    first = klass.enqueue(submission, priority=REGRADE).id
    assert (klass.enqueue(submission).id, job(klass).priority) == (first, 0)
    lease = klass.lease()
    assert [klass.enqueue(submission).id, klass.enqueue(submission, again=True).id] == [first, first]
    klass.queue.complete(lease, result(FULL), IMAGE)
    assert klass.enqueue(submission).id == first
    assert klass.enqueue(submission, "version-2").id != first
    again = klass.enqueue(submission, again=True)
    assert (again.id != first, again.round) == (True, 1)


def test_a_class_is_regraded_for_a_reason(klass: SmallClass) -> None:
    """All, or what has no full marks, or what failed through our fault."""
    klass.graded(klass.ann, FULL)
    klass.graded(klass.bob, {"adds": 60})
    klass.wait_for(klass.ann, "broken")
    klass.queue.complete(klass.lease(), result(outcome="service_failed"), IMAGE)
    with klass.database.reading() as session:
        chosen = {which: [s.id for s in jobs.to_regrade(session, klass.adding, which)] for which in ("all", "failed", "ours")}
        everything = session.scalars(select(Submission)).all()
    assert chosen == {"all": [1, 2, 3], "failed": [2, 3], "ours": [3]}
    with klass.database.writing() as session:
        again = ("lab", "version-2", IMAGE)
        with pytest.raises(BadInput, match="a regrade needs a reason"):
            jobs.regrade(session, MONDAY, everything, *again, " ", klass.tess)
        made = jobs.regrade(session, MONDAY, everything, *again, "check mended", klass.tess)
    assert [(j.lab_version, j.priority, j.reason, j.requested_by) for j in made] == [
        ("version-2", REGRADE, "check mended", klass.tess.id)
    ] * 3


def test_our_faults_wait_by_the_clock_of_the_database(klass: SmallClass) -> None:
    """A queue with other rules on the same database follows its own."""
    quick = Queue(klass.database, Rules(lease=5, tries=2, backoff=60))
    klass.wait_for(klass.ann)
    lease = quick.lease("w1")
    assert lease is not None
    quick.fault(lease, "x")
    assert job(klass).not_before - klass.clock.time == timedelta(seconds=60)
    assert job(klass).lab_version == VERSION
