"""The objects of `/api/v1` about people and courses, and what all have in common: what is sent to the service is closed to
unknown fields; what it sends may get more of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from grader.result import printable

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
Typed = Annotated[str, Field(max_length=2000, pattern=r"^[^\r\n]*$"), AfterValidator(_clean)]
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
    """Another password. `current` is needed unless the sign-in was by a link, or there is none yet. All other sign-ins end,
    and all tokens, too, unless `revoke_tokens` says no."""

    password: Secret
    current: Annotated[str, Field(max_length=200)] = ""
    revoke_tokens: bool = True


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
    last_used_at: datetime | None = None
    """To some minutes; null for one that nobody has used yet."""


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


class Enrolled(Told):
    """How many people a file put in a course, or gave another role."""

    number: int


class LinkMade(Told):
    """A link that signs somebody in, once. Its secret stands behind the #, which browsers send to nobody."""

    link: str
    expires_at: datetime


class Moved(Asked):
    """Other dates for one person."""

    due_at: Moment
    closes_at: Moment | None = None
    reason: Reason
