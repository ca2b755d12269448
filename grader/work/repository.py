"""Makes the git repository that a lab's solution, starter or sample comes with: the same bytes every time."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from dulwich import porcelain
from dulwich.repo import Repo

from grader.course.tree import Lab
from grader.spec.lab import CommitSpec
from grader.work.selection import anchored

AUTHOR = b"Course <course@localhost>"
FIRST = 1_760_000_000
"""Seconds since 1970 of the first commit; each later one is an hour younger."""
HOUR = 3600


def first_commit(lab: Lab) -> Sequence[CommitSpec]:
    """The history with which a learner begins: that of the milestone before, where there is one; none for the first."""
    if lab.begins_with:
        before = lab.earlier[-1].spec.work if lab.earlier else None
        return before.history if before else ()
    return [CommitSpec(message=f"Start lab {lab.id}", files=("*",))]


def of(lab: Lab, files: Mapping[str, bytes], history: Sequence[CommitSpec] | None = None) -> dict[str, bytes]:
    """The repository of a lab whose work has one, by path: after these commits, or after the solution's. None after []."""
    if lab.spec.work is None or not lab.spec.work.repository or history == ():
        return {}
    commits = lab.spec.work.history if history is None else history
    return build(files, commits or [CommitSpec(message=f"Lab {lab.id}", files=("*",))])


def build(files: Mapping[str, bytes], history: Sequence[CommitSpec]) -> dict[str, bytes]:
    """The content of `.git` by path, after these commits. A commit without files, content or removals is empty."""
    with tempfile.TemporaryDirectory(prefix="mlops-repository-") as place:
        folder = Path(place)
        repository = Repo.init(folder, default_branch=b"main")
        for number, commit in enumerate(history):
            _apply(repository, folder, files, commit)
            when = FIRST + number * HOUR
            porcelain.commit(
                repository, message=commit.message.encode(), author=AUTHOR, committer=AUTHOR, author_timestamp=when,
                author_timezone=0, commit_timestamp=when, commit_timezone=0, sign=False,
            )  # fmt: skip
        repository.close()
        found = sorted(file for file in (folder / ".git").rglob("*") if file.is_file())
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


def _apply(repository: Repo, folder: Path, files: Mapping[str, bytes], commit: CommitSpec) -> None:
    """Change the work tree and stage what the commit holds."""
    patterns = anchored(commit.files)
    content = {name: files[name] for name in files if patterns.match_file(name)}
    content |= {name: text.encode() for name, text in commit.write.items()}
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    for name in commit.remove:
        (folder / name).unlink()
    index = repository.get_worktree()
    index.stage([name.encode() for name in (*content, *commit.remove)])
