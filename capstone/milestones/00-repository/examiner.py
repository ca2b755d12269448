# Runs in fresh sandboxes that hold the submitted files. It says what the repository holds; the grader compares. What of the
# student's runs (their tests, in a clone) runs in a sandbox for that, as a process of its own, and answers an exit code.
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from dulwich.errors import NotGitRepository
from dulwich.ignore import IgnoreFilter
from dulwich.object_store import iter_tree_contents
from dulwich.repo import Repo

HANDED_IN = Path("submitted").resolve()
MOST_COMMITS, MOST_FILES, MOST_BYTES, SHOWN = 300, 3000, 4 * 2**20, 500


def history(secrets, probes):
    """The commits, oldest first, and what they hold; `problem` says why there is none to read."""
    try:
        repo = Repo(str(HANDED_IN))
        head = repo.head()
        tips = sorted({repo.get_peeled(name) for name in repo.refs.as_dict()})
        everything = [entry.commit for entry in repo.get_walker(include=[head, *tips], max_entries=MOST_COMMITS)][::-1]
        commits = [entry.commit for entry in repo.get_walker(include=[head], max_entries=MOST_COMMITS)][::-1]
        files, leaks = held(repo, everything, re.compile("|".join(secrets).encode()))
        return {
            "problem": "",
            "branch": repo.refs.read_ref(b"HEAD").decode(errors="replace").removeprefix("ref: refs/heads/"),
            "commits": [
                {"id": c.id.decode()[:7], "message": c.message.decode("utf-8", "replace").strip()[:300]} for c in commits
            ],
            "tracked": sorted(tree_of(repo, commits[-1]))[:MOST_FILES],
            "files": files,
            "leaks": leaks,
            "uncommitted": uncommitted(tree_of(repo, commits[-1])),
            "ignored": ignored(repo, commits[-1], probes),
        }
    except NotGitRepository:
        return {"problem": "no git repository was handed in"}
    except KeyError:
        return {"problem": "the git repository has no commit yet"}
    except Exception as error:  # whatever a broken or hostile repository leads to
        return {"problem": f"the repository can't be read: {type(error).__name__}: {error}"[:300]}


def tree_of(repo, commit):
    """Path and blob id of all regular files of a commit."""
    entries = iter_tree_contents(repo.object_store, commit.tree)
    return {entry.path.decode("utf-8", "replace"): entry.sha for entry in entries if entry.mode in (0o100644, 0o100755)}


def held(repo, commits, secrets):
    """Path and size of every file of every commit, and where a secret stands: in a file, or in a message."""
    files, leaks, seen = {}, [], set()
    for commit in commits:
        if secrets.search(commit.message):
            leaks.append([commit.id.decode()[:7], "its message"])
        for path, blob in tree_of(repo, commit).items():
            if (path, blob) not in seen and len(seen) < MOST_FILES:
                seen.add((path, blob))
                data = repo[blob].data
                files[path] = max(len(data), files.get(path, 0))
                if path != "uv.lock" and secrets.search(data):
                    leaks.append([commit.id.decode()[:7], path])
    return sorted(files.items()), leaks[:50]


def uncommitted(committed):
    """Files that are handed in otherwise than the last commit has them, or not in it at all."""
    found = []
    for file in sorted(HANDED_IN.rglob("*")):
        path = file.relative_to(HANDED_IN).as_posix()
        if file.is_file() and not path.startswith(".git/"):
            data = file.read_bytes()
            blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
            if committed.get(path, b"").decode() != blob:
                found.append(path)
    return found[:20]


def ignored(repo, commit, probes):
    """For each path whether the last commit's .gitignore keeps it out."""
    blob = tree_of(repo, commit).get(".gitignore")
    rules = IgnoreFilter(repo[blob].data[:MOST_BYTES].splitlines() if blob else [])
    return {path: any(rules.is_ignored(part) is True for part in parts_of(path)) for path in probes}


def parts_of(path):
    """The path and the folders above it, as git looks at them."""
    names = path.split("/")
    return ["/".join(names[:n]) + "/" for n in range(1, len(names))] + [path]


def cloned(name):
    """A fresh folder with the files of the last commit, and nothing else."""
    folder = Path(name).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    repo = Repo(str(HANDED_IN))
    for path, blob in tree_of(repo, repo[repo.head()]).items():
        target = folder / path
        if not target.resolve().is_relative_to(folder):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(repo[blob].data)
    return folder


def ran_in(folder, *command, seconds=100, shown=SHOWN, **variables):
    """Exit code and the end of what a command says; -1 when it took too long or isn't there."""
    plain = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", "HOME": str(Path.cwd()), **variables}
    try:
        done = subprocess.run(
            [str(part) for part in command], cwd=folder, env=plain, capture_output=True, text=True, errors="replace",
            timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, f"no end within {seconds} s"
    except OSError as error:
        return -1, str(error)
    return done.returncode, (done.stderr + done.stdout).strip()[-shown:]


def tests_of_a_clone():
    """How the tests end in a fresh clone."""
    return ran_in(cloned("clone"), sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")
