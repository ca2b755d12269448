"""How fast requests may come, by the `limits` library. Each process of the service counts by itself."""

from __future__ import annotations

import time

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from grader.server.problem import TooMany
from grader.server.settings import Settings

ADDRESS_SHARE = 10
"""A class sits behind one address: it may try so many times as often as one name."""


class Limits:
    """Counters in memory."""

    def __init__(self, settings: Settings) -> None:
        self._windows = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._requests = RateLimitItemPerMinute(settings.requests)
        self._anonymous = RateLimitItemPerMinute(settings.requests * ADDRESS_SHARE)
        self._uploads = RateLimitItemPerMinute(settings.uploads)
        self._name = RateLimitItemPerMinute(settings.sign_in_tries)
        self._address = RateLimitItemPerMinute(settings.sign_in_tries * ADDRESS_SHARE)

    def request(self, request: Request, person: int | None) -> None:
        """Count a request. Raises TooMany."""
        if person is None:
            self._hit(self._anonymous, "from", address(request))
        else:
            self._hit(self._requests, "person", str(person))

    def upload(self, person: int) -> None:
        """Count an upload. Raises TooMany."""
        self._hit(self._uploads, "upload", str(person))

    def sign_in(self, request: Request, name: str) -> None:
        """Count a try to sign in. Raises TooMany."""
        self._hit(self._address, "sign-in-from", address(request))
        if name:
            self._hit(self._name, "sign-in-as", name.strip().casefold())

    def _hit(self, item: RateLimitItemPerMinute, *whose: str) -> None:
        if not self._windows.hit(item, *whose):
            seconds = 1 + max(int(self._windows.get_window_stats(item, *whose).reset_time - time.time()), 0)
            raise TooMany(
                f"more than {item.amount} in a minute", f"wait {seconds} s, then go on", {"Retry-After": str(seconds)}
            )


def address(request: Request) -> str:
    """Where a request comes from; behind a proxy that uvicorn trusts, the client's address."""
    return request.client.host if request.client else "unknown"
