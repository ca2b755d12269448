"""`grade()`: a submission's way through the product, as one straight line.

seal → rebuild on the author's notebook → namespaces on live services → papermill in a sandbox → questions → score
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader.backends.protocol import Backend, Running
from grader.checks import registry
from grader.checks.images import ImageQuestions
from grader.checks.judge import judge, not_run
from grader.checks.lab import Lab as Hand
from grader.checks.lab import Run
from grader.course import data
from grader.course.tree import Course, Lab
from grader.errors import BadInput, ContentError, OurFault, SandboxFailed
from grader.grading import evidence
from grader.grading.sandboxes import EXAMINER, Sandboxes
from grader.grading.submission import Submission
from grader.grading.watched import watched
from grader.notebook.rebuild import rebuild
from grader.result import CheckResult, Result, Seconds
from grader.run.evidence import Evidence
from grader.run.questions import Witness
from grader.run.run import run
from grader.spec.lab import TaskSpec
from grader.stack.images import Images
from grader.stack.lease import lease
from grader.stack.stack import Stack
from grader.work import author

TRIES = 3
"""A run that fails through our fault is tried this often before it is reported as ours."""
BACKOFF_SECONDS = 0.5
SUBMITTED = "submitted"
"""The folder in which an examiner finds the files that were handed in."""


@dataclass(frozen=True)
class Place:
    """Where a grading happens: the course, a backend, the services that are up there, and a folder for evidence."""

    course: Course
    backend: Backend
    stack: Stack
    running: Mapping[str, Running]
    evidence: Path
    images: Images | None = None
    """Where images are built and pushed; None on a machine that can't."""
    afterwards: contextlib.ExitStack | None = None
    """Given where somebody waits for this one verdict: it takes over what the run leaves to close, and the examiner's sandbox
    is opened beside the cells, whether it will be asked or not. None: all is closed first, and a run whose traces can't be
    removed is our fault."""

    @property
    def present(self) -> tuple[str, ...]:
        """What checks may need, and is here."""
        return ("docker",) if self.images else ()


def grade(lab: Lab, submission: Submission, place: Place, tasks: Collection[str] | None = None) -> Result:
    """Grade one submission. Never raises for what a submission does; what is our fault is retried, then reported.

    With `tasks` only their checks are made: the result holds no others, and what it earned is their points alone.

    Raises BadInput when the submission is no notebook of this lab, ContentError when the lab itself is broken.
    """
    checks = registry.load(lab)
    asked = [task for task in lab.spec.tasks if tasks is None or task.id in tasks]
    result = functools.partial(_result, lab, version(place.course, lab), submission)
    if submission.tampered:
        return result("tampered", submission.tampered, not_run(asked, checks, f"nothing ran: {submission.tampered}"))
    rebuilt = rebuild(lab, submission.notebook)
    for attempt in itertools.count(1):
        try:
            if attempt > 1:  # what failed may have been a service that died: what comes in its place has another address
                place = replace(place, running=place.stack.again(lab.spec.services))
            folder = evidence.new_attempt(place.evidence, submission)
            graded, found, seconds = _attempt(lab, asked, checks, rebuilt.notebook, submission, place, folder)
            final = result(found.outcome, found.detail, graded, rebuilt.flags, seconds)
            evidence.keep(folder, final)
        except (BadInput, ContentError):
            raise
        except Exception as error:  # whatever breaks here is ours: it must cost nobody a point, nor end a batch
            fault = error if isinstance(error, OurFault) else OurFault(f"{type(error).__name__}: {error}")
            if attempt == TRIES:
                return result(fault.outcome, str(fault), not_run(asked, checks, "not judged: our fault"), rebuilt.flags)
            time.sleep(BACKOFF_SECONDS * 2**attempt)
        else:
            return final
    raise AssertionError("unreachable")


def _attempt(
    lab: Lab,
    asked: Sequence[TaskSpec],
    checks: Mapping[str, registry.Check],
    notebook: Any,
    submission: Submission,
    place: Place,
    folder: Path,
) -> tuple[list[CheckResult], Evidence, Seconds]:
    started = time.monotonic()
    nonce = secrets.token_hex(20)
    seed, work = submission.seed, submission.files
    files = author.given(lab) | {d.file: data.visible(place.course, d, seed) for d in lab.spec.data}
    with contextlib.ExitStack() as stack:
        leased = stack.enter_context(lease(place.stack, place.running, lab.spec.services, place.backend))
        parameters = {**leased.parameters, "seed": seed % 10_000, "commit": nonce}
        sandboxes = Sandboxes(stack, place.course, lab, place.backend, leased)
        examined = {**files, **{f"{SUBMITTED}/{path}": content for path, content in work.items()}}
        kernel = sandboxes.kernel("run", {**work, **files})
        stack.enter_context(watched(leased.same, kernel.sandbox))
        if place.afterwards is not None and (lab.folder / EXAMINER).exists():
            sandboxes.begin("examiner", examined)
        ready = time.monotonic()
        found = run(notebook, kernel, parameters, lab.spec.limits, folder, leased.check)
        judging = time.monotonic()
        facts = Run(seed, parameters, files, work)
        hand = functools.partial(
            Hand, place.course, lab, facts, found, Witness(kernel, lab.spec.limits.cell_seconds),
            {**leased.questions(), **_image_questions(stack, place, leased.namespace)},
            functools.partial(sandboxes.examiner, files=examined),
        )  # fmt: skip
        graded = judge(asked, checks, hand, place.present)
        leased.check()
        vanished = kernel.sandbox.poll()
        if vanished is not None and vanished.how == "vanished":
            raise SandboxFailed(f"the sandbox was taken away during the checks: {vanished.detail}")
        if place.afterwards is not None:
            place.afterwards.push(stack.pop_all())
    seconds = Seconds(
        services=round(ready - started, 3), cells=round(found.seconds, 3), checks=round(time.monotonic() - judging, 3)
    )
    return graded, found, seconds


def _image_questions(stack: contextlib.ExitStack, place: Place, namespace: str) -> dict[str, Any]:
    """What builds and pushes images for this run, where that can be; its repositories go with the run."""
    if place.images is None:
        return {}
    stack.callback(place.images.registry.close, namespace)
    return {"images": ImageQuestions(place.images, namespace)}


def version(course: Course, lab: Lab) -> str:
    """What identifies the lab's content and its environment: a hash over the lab's files (but the samples) and the lock."""
    ours = (f for f in lab.content.rglob("*") if f.is_file() and not {"samples", *author.CACHES} & set(f.parts))
    files = sorted(f for f in ours if f.suffix != ".pyc")
    files += [course.environment(lab.spec.environment).folder / name for name in ("pyproject.toml", "uv.lock")]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(course.root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _result(
    lab: Lab,
    lab_version: str,
    submission: Submission,
    outcome: Any,
    detail: str,
    checks: list[CheckResult],
    flags: tuple[str, ...] = (),
    seconds: Seconds | None = None,
) -> Result:
    return Result(
        lab=lab.id, lab_version=lab_version, submission=submission.path, student=submission.student,
        submission_sha256=submission.sha256, outcome=outcome, detail=detail,
        earned=round(sum(c.earned for c in checks), 2), possible=sum(c.possible for c in checks), checks=tuple(checks),
        flags=flags, seconds=seconds or Seconds(),
    )  # fmt: skip
