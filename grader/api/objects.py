"""The objects of `/api/v1`. What is sent to the service is closed to unknown fields; what it sends may get more of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from grader.result import Result, printable

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _clean(text: str) -> str:
    if printable(text) != text.replace("\r\n", "\n"):
        raise ValueError("it holds control characters")
    return text


def _sane(moment: datetime) -> datetime:
    if not FIRST.replace(tzinfo=None) <= moment.replace(tzinfo=None) <= LAST.replace(tzinfo=None):
        raise ValueError("a time between 2000 and 2200 is meant")
    return moment


Name = Annotated[str, Field(pattern=r"^\w[\w .@+-]{0,63}$"), AfterValidator(_clean)]
Line = Annotated[str, Field(max_length=200), AfterValidator(_clean)]
Words = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_clean)]
Reason = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_clean)]
Secret = Annotated[str, Field(min_length=1, max_length=200)]
Moment = Annotated[AwareDatetime, AfterValidator(_sane)]
Points = Annotated[float, Field(ge=-10_000, le=10_000, allow_inf_nan=False)]
Role = Literal["student", "grader", "instructor", "admin"]
Scope = Literal["read", "submit", "teach", "admin"]


class Asked(BaseModel):
    """Base of what is sent to the service."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """Base of what the service sends."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Password(Asked):
    """Sign in by name (or e-mail address) and password."""

    name: Line
    password: Secret


class Link(Asked):
    """Sign in by a link's secret, once."""

    link: Secret


class SetUp(Asked):
    """Make the first admin, by the secret that the service printed when it started."""

    link: Secret
    name: Name
    password: Secret


class NewPassword(Asked):
    """Another password. `current` is needed unless the sign-in was by a link, or there is none yet."""

    password: Secret
    current: Annotated[str, Field(max_length=200)] = ""


class NewToken(Asked):
    """A token for a program."""

    label: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_clean)]
    scopes: tuple[Scope, ...] = ("read", "submit")
    days: Annotated[int, Field(ge=1, le=366)] = 180


class TokenShown(Told):
    """A token, but for itself."""

    id: int
    label: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime


class TokenMade(TokenShown):
    """… and itself: it is never shown again."""

    token: str


class Tokens(Told):
    """Somebody's tokens."""

    items: tuple[TokenShown, ...]


class CourseShown(Told):
    """A course, and one's role in it."""

    name: str
    title: str
    role: Role


class Courses(Told):
    """A page of courses; `next` is the `after` of the following page."""

    items: tuple[CourseShown, ...]
    next: str | None = None


class NewCourse(Asked):
    """A course to be."""

    name: Name
    title: Annotated[Line, Field(min_length=1)]


class Me(Told):
    """Who one is to the service."""

    name: str
    full_name: str
    site_admin: bool
    by: Literal["password", "link", "oidc", "token"]
    scopes: tuple[Scope, ...]
    courses: tuple[CourseShown, ...]
    csrf_token: str = ""
    """What a change must carry as the header X-CSRF-Token; empty for a token's requests, which need none."""


class PersonShown(Told):
    """Somebody in a course."""

    name: str
    full_name: str
    email: str | None
    role: Role


class People(Told):
    """A page of a course's people."""

    items: tuple[PersonShown, ...]
    next: str | None = None


class Enrol(Asked):
    """Somebody's role in a course, and what is known of them."""

    role: Role = "student"
    full_name: Line = ""
    email: Annotated[Line, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None


class LinkMade(Told):
    """A link that signs somebody in, once. Its secret stands behind the #, which browsers send to nobody."""

    link: str
    expires_at: datetime


class Moved(Asked):
    """Other dates for one person."""

    due_at: Moment
    closes_at: Moment | None = None
    reason: Reason


class Regrade(Asked):
    """Grade again: `all`, those without full marks (`failed`), or those that failed through our fault (`ours`). `again`:
    also what this version of the lab graded already."""

    which: Literal["all", "failed", "ours"] = "all"
    reason: Reason
    again: bool = False


class RegradeOne(Asked):
    """Grade one submission again."""

    reason: Reason
    again: bool = True


class Regrading(Told):
    """How many submissions were meant, and how many of them wait now; the others are graded on this version already."""

    meant: int
    waiting: int


class Released(Told):
    """How many results their students see from now on that they did not see before."""

    released: int


class NewMark(Asked):
    """Points by hand for a check, or (`check` empty) on top of the sum; null takes back what was given."""

    check: Line = ""
    points: Points | None
    reason: Reason


class MarkShown(Told):
    """A mark by hand."""

    check: str
    points: float | None
    reason: str
    given_by: str
    created_at: datetime


class NewComment(Asked):
    """Words about a submission, or about one of its checks."""

    check: Line = ""
    words: Words


class CommentShown(Told):
    """A comment."""

    check: str
    words: str
    written_by: str
    created_at: datetime


State = Literal["waiting", "running", "graded", "released", "stuck"]
"""Of a submission: in the queue; being graded; graded and not shown yet; shown; failed through our fault, a person looks."""
FINAL: tuple[State, ...] = ("graded", "released", "stuck")


class Status(Told):
    """Where a submission is."""

    submission: int
    course: str
    assignment: str
    student: str
    sha256: str
    received_at: datetime
    state: State
    ahead: int = 0
    """How many gradings go before it, as it looks now."""
    regrading: bool = False
    earned: float | None = None
    """By the result that one may see: the released one, or (for who teaches) the last."""
    possible: float | None = None


class Submissions(Told):
    """A page of submissions, the newest first."""

    items: tuple[Status, ...]
    next: str | None = None


class Receipt(Told):
    """That an upload was accepted: from here on it is graded, whatever happens."""

    receipt: int
    submission: int
    repeated: bool
    """Whether this request was answered before, by its idempotency key."""
    sha256: str
    status: str
    """Where to ask what has become of it."""
    events: str
    """Where to be told."""


class Feedback(Told):
    """What a submission came to, as far as one may see it."""

    submission: int
    attempt: int
    released: bool
    result: Result
    earned: float
    """By the grader and by hand, before lateness."""
    possible: float
    held_back: float = 0.0
    """Points of hidden checks, which are not part of the above before they are revealed."""
    marks: tuple[MarkShown, ...]
    comments: tuple[CommentShown, ...]


class ChangeShown(Told):
    """A check that two attempts judge differently."""

    check: str
    before: str | None
    after: str | None
    points: float


class AttemptShown(Told):
    """One grading of a submission: who asked for it and why, and what it says differently from the one before."""

    number: int
    outcome: str
    earned: float
    possible: float
    released: bool
    counts: bool
    lab_version: str
    requested_by: str | None
    reason: str
    created_at: datetime
    changes: tuple[ChangeShown, ...]


class Attempts(Told):
    """All attempts at a submission, in order."""

    items: tuple[AttemptShown, ...]


class DeadLetter(Told):
    """A grading that failed through our fault too often, and waits for a person."""

    job: int
    submission: int
    assignment: str
    student: str
    tries: int
    fault: str


class Jobs(Told):
    """A course's part of the queue."""

    depth: dict[Literal["waiting", "leased", "done", "dead"], int]
    dead: tuple[DeadLetter, ...]


class ScoreShown(Told):
    """A score, and how lateness came into it."""

    assignment: str
    submission: int | None = None
    points: float | None = None
    """What counts; null without a result that one may see."""
    earned: float | None = None
    possible: float | None = None
    days_late: int = 0
    share: float = 1.0
    held_back: bool = False
    """Whether there is a score, not shown before the assignment's hidden checks are revealed."""


class Row(Told):
    """A student's scores, in the order of the assignments."""

    student: str
    full_name: str
    scores: tuple[ScoreShown, ...]
    total: float


class Gradebook(Told):
    """A page of the gradebook: all assignments, some students."""

    assignments: tuple[str, ...]
    items: tuple[Row, ...]
    next: str | None = None
