"""What a check may ask of the package index."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.services.package_index_client import COURSE, PackageIndexAdmin

BUILD_ADDRESS = "http://127.0.0.1:3141"
"""Where an image build finds the course's wheels."""
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
"""A project's name: https://packaging.python.org/en/latest/specifications/name-normalization/"""
_FILE = re.compile(r'url = "[^"]*/([^"/]+)", hash = "sha256:([0-9a-f]{64})"')
_REGISTRY = re.compile(r'registry = "[^"]*"')


@dataclass(frozen=True)
class Release:
    """A file on the index, by the SHA-256 of its content."""

    filename: str
    sha256: str


class PackageIndexQuestions:
    """Looks at one namespace's index with the grader's own credentials. Every method that asks raises ServiceFailed."""

    build_address = BUILD_ADDRESS

    def __init__(self, admin: PackageIndexAdmin, index: str) -> None:
        self._admin, self.index = admin, index

    def releases(self, project: str) -> list[Release]:
        """The files of a project that this run published; what it inherits is not among them."""
        answer = self._admin.send("GET", f"/{self.index}/{project}?no_projects", missing_is_fine=True)
        versions = answer.json().get("result") or {} if answer.ok else {}
        links = [link for version in versions.values() if isinstance(version, dict) for link in version.get("+links", [])]
        files = [link for link in links if link["rel"] == "releasefile" and f"/{self.index}/" in link["href"]]
        named = [(link["href"].rpartition("/")[2].partition("#")[0], link["hash_spec"]) for link in files]
        return [Release(name, hashed.partition("=")[2]) for name, hashed in named]

    def hashes(self, project: str) -> frozenset[str]:
        """The SHA-256 of every file of a project that the course's index serves; none when it lacks the project, or when no
        project can be called so."""
        if not NAME.fullmatch(project):
            return frozenset()
        answer = self._admin.send("GET", f"/{COURSE}/+simple/{project}/", missing_is_fine=True)
        return frozenset(re.findall(r"sha256=([0-9a-f]{64})", answer.text)) if answer.ok else frozenset()

    @staticmethod
    def relocated(lock: str, address: str = BUILD_ADDRESS) -> str:
        """A `uv.lock` that names the course's index at this address instead of the index that it was made with.

        Only addresses change: a file is still identified by its hash, which is also where devpi keeps it.
        """
        root = f"{address}/{COURSE}"

        def file(match: re.Match[str]) -> str:
            name, digest = match.groups()
            return f'url = "{root}/+f/{digest[:3]}/{digest[3:16]}/{name}", hash = "sha256:{digest}"'

        return _FILE.sub(file, _REGISTRY.sub(f'registry = "{root}/+simple/"', lock))
