"""The package index: a user and an index for each run, above the course's own wheels."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from grader.backends.protocol import Address
from grader.services.package_index_client import COURSE, PackageIndexAdmin
from grader.services.package_index_questions import PackageIndexQuestions
from grader.services.protocol import Grant

INDEX = "lab"
"""A namespace's index is called `<namespace>/lab`."""


class PackageIndexService:
    """A devpi server. The namespace is the name of a user, who may upload to one index and change nothing else.

    That index inherits `course/wheels`, which nobody but the administrator may upload to. Neither lets a file be
    replaced. Who knows an index's name may install from it. `secrets` are the service's own: `root-password`.
    """

    def __init__(self, address: Address, secrets: Mapping[str, str]) -> None:
        self._admin = PackageIndexAdmin(address, secrets["root-password"])

    def check(self) -> None:
        """Log in, unless that was done, and look at the course's index."""
        self._admin.send("GET", f"/{COURSE}")

    def open(self, namespace: str, inside: Address) -> Grant:
        """A user with a fresh password, and an index of its own."""
        password = secrets.token_urlsafe(24)
        there = self._admin.send("GET", f"/{namespace}", missing_is_fine=True).ok
        self._admin.send("PATCH" if there else "PUT", f"/{namespace}", {"password": password})
        index = {"type": "stage", "bases": [COURSE], "volatile": False, "acl_upload": [namespace]}
        if not self._admin.send("GET", f"/{namespace}/{INDEX}", missing_is_fine=True).ok:
            self._admin.send("PUT", f"/{namespace}/{INDEX}", index)
        own, course = f"{inside.url}/{namespace}/{INDEX}", f"{inside.url}/{COURSE}/+simple/"
        return Grant(
            variables={
                "UV_DEFAULT_INDEX": course,
                "PIP_INDEX_URL": course,
                "UV_PUBLISH_URL": f"{own}/",
                "UV_PUBLISH_USERNAME": namespace,
                "UV_PUBLISH_PASSWORD": password,
                "LAB_INDEX_URL": f"{own}/+simple/",
            },
            parameters={"index_url": f"{own}/+simple/"},
        )

    def close(self, namespace: str) -> None:
        """Remove the user with the index and all its files."""
        if self._admin.send("GET", f"/{namespace}/{INDEX}", missing_is_fine=True).ok:
            # An index whose files can't be replaced can't be deleted, either.
            self._admin.send("PATCH", f"/{namespace}/{INDEX}", ["volatile=True"])
            self._admin.send("DELETE", f"/{namespace}/{INDEX}")
        self._admin.send("DELETE", f"/{namespace}", missing_is_fine=True)

    def questions(self, namespace: str) -> PackageIndexQuestions:
        """Questions on the namespace's index and the course's."""
        return PackageIndexQuestions(self._admin, f"{namespace}/{INDEX}")
