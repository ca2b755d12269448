"""What whoever runs the service may set."""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.accounts.sign_ins import Lifetime
from grader.spec.limits import MAX_NOTEBOOK_BYTES


@dataclass(frozen=True)
class Oidc:
    """A provider of accounts, and what this service is called there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """Times are in seconds, sizes in bytes, rates per minute."""

    public_url: str = ""
    """Where people reach it, such as https://mlops.example.org; with https, cookies are sent over https only."""
    sign_ins: Lifetime = field(default_factory=Lifetime)
    oidc: Oidc | None = None
    """Whose accounts people sign in with, too."""
    max_upload: int = 2 * MAX_NOTEBOOK_BYTES
    max_body: int = 2**18
    """Of any request but an upload."""
    uploads_at_once: int = 4
    """Uploads that are looked into at the same time; the others wait, on disk."""
    upload_seconds: float = 300.0
    """How long the bytes of an upload may take to arrive."""
    requests: int = 600
    """Of one person, or of one address where nobody is signed in."""
    uploads: int = 30
    sign_in_tries: int = 10
    """For one name, and (ten times as many: a class sits behind one address) from one address."""
    busy_seconds: float = 10.0
    """How long a request waits for the database."""
    min_free: int = 64 * 2**20
    """With less space on the disk of the blobs the service is not ready."""
    open_metrics: bool = False
    """Whether /metrics is for everybody who can reach the port; else it needs an admin's token."""
    events_seconds: float = 600.0
    """How long one stream of events lasts; a client that wants more connects again."""
    poll_seconds: float = 0.5
    """How often the database is asked what has become of the submissions that somebody watches."""

    @property
    def secure(self) -> bool:
        """Whether people reach it by https."""
        return self.public_url.startswith("https://")
