# Runs in a fresh sandbox that holds the submitted files and not one line of code that could run: the student's Python is
# parsed here, never executed. It says what the repository holds; the grader compares.
import ast
import hashlib
import re
from pathlib import Path

import yaml
from dulwich.errors import NotGitRepository
from dulwich.ignore import IgnoreFilter
from dulwich.object_store import iter_tree_contents
from dulwich.repo import Repo

FOLDER = Path("submitted")
FUNCTIONS = ("load", "split", "train", "evaluate")
MOST_COMMITS, MOST_FILES, MOST_BYTES = 300, 3000, 2 * 2**20


def report(secrets, probes):
    """The repository's commits, oldest first, and what they hold; `problem` says why there is none to read."""
    try:
        repo = Repo(str(FOLDER))
        head, tips = repo.head(), sorted({repo.get_peeled(name) for name in repo.refs.as_dict()})
        commits = [entry.commit for entry in repo.get_walker(include=[head], max_entries=MOST_COMMITS)][::-1]
        everything = [entry.commit for entry in repo.get_walker(include=[head, *tips], max_entries=MOST_COMMITS)]
        states = {commit.id: state(repo, commit) for commit in commits}
        files, leaks = contents(repo, everything, re.compile("|".join(secrets).encode()))
        return {
            "problem": "",
            "commits": [told(commit, states) for commit in commits],
            "files": files,
            "leaks": leaks,
            "uncommitted": uncommitted(tree(repo, commits[-1])),
            "ignored": ignored(repo, commits[-1], probes),
        }
    except NotGitRepository:
        return {"problem": "no git repository was handed in"}
    except Exception as error:  # whatever a broken or hostile repository leads to
        return {"problem": f"the repository can't be read: {type(error).__name__}: {error}"[:300]}


def tree(repo, commit):
    """Path and blob id of all files of a commit."""
    entries = iter_tree_contents(repo.object_store, commit.tree)
    return {entry.path.decode("utf-8", "replace"): entry.sha for entry in entries if entry.mode in (0o100644, 0o100755)}


def content(repo, blob):
    """A file's bytes; of one that is too large, nothing."""
    data = repo[blob].data
    return data if len(data) <= MOST_BYTES else b""


def state(repo, commit):
    """What the code does at a commit: a hash that no comment changes, the functions that are written, what can't be parsed."""
    meaning, written, broken = [], set(), []
    for path, blob in sorted(tree(repo, commit).items()):
        if path == "config.yaml" or (path.startswith("churn/") and path.endswith(".py")):
            try:
                text = content(repo, blob).decode()
                if path == "config.yaml":
                    meaning.append(repr(yaml.safe_load(text)))
                    continue
                parsed = bare(ast.parse(text))
            except Exception as error:  # not UTF-8, no Python, no YAML, nested too deep
                broken.append(f"{path}: {type(error).__name__}: {error}"[:150])
                continue
            meaning += [f"{path} {ast.dump(parsed)}"] if parsed.body else []
            functions = [node for node in parsed.body if isinstance(node, ast.FunctionDef)]
            written |= {node.name for node in functions if node.name in FUNCTIONS and not is_stub(node)}
    return {"meaning": hashlib.sha256("\n".join(meaning).encode()).hexdigest(), "written": written, "broken": broken}


def bare(parsed):
    """The same without docstrings and other texts that stand by themselves."""
    for node in ast.walk(parsed):
        if isinstance(getattr(node, "body", None), list):
            node.body = [n for n in node.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    return parsed


def is_stub(function):
    """Whether it does nothing but refuse, or nothing at all."""
    return all(isinstance(node, ast.Raise | ast.Pass) for node in function.body)


def told(commit, states):
    """A commit as the grader judges it, compared with its first parent; a first commit of stubs changes nothing."""
    now, before = states[commit.id], states.get(commit.parents[0]) if commit.parents else None
    written = now["written"] - (before["written"] if before else set())
    return {
        "id": commit.id.decode()[:7],
        "message": commit.message.decode("utf-8", "replace").strip()[:500],
        "changed": now["meaning"] != before["meaning"] if before else bool(written),
        "written": sorted(written),
        "there": sorted(now["written"]),
        "broken": now["broken"],
    }


def contents(repo, commits, secrets):
    """Path and size of every file of every commit, and where a secret stands: in a file, or in a message."""
    files, leaks, seen = {}, [], set()
    for commit in commits:
        if secrets.search(commit.message):
            leaks.append([commit.id.decode()[:7], "its message"])
        for path, blob in tree(repo, commit).items():
            if (path, blob) in seen or len(seen) >= MOST_FILES:
                continue
            seen.add((path, blob))
            data = repo[blob].data
            files[path] = max(len(data), files.get(path, 0))
            if secrets.search(data):
                leaks.append([commit.id.decode()[:7], path])
    return sorted(files.items()), leaks[:50]


def uncommitted(committed):
    """Files that are handed in otherwise than the last commit has them, or not in it at all."""
    found = []
    for file in sorted(FOLDER.rglob("*")):
        path = file.relative_to(FOLDER).as_posix()
        if file.is_file() and not path.startswith(".git/"):
            data = file.read_bytes()
            blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
            if committed.get(path, b"").decode() != blob:
                found.append(path)
    return found[:20]


def ignored(repo, commit, probes):
    """For each path whether the last commit's .gitignore keeps it out."""
    blob = tree(repo, commit).get(".gitignore")
    rules = IgnoreFilter(content(repo, blob).splitlines() if blob else [])
    return {path: any(rules.is_ignored(part) is True for part in parts(path)) for path in probes}


def parts(path):
    """The path and the folders above it, as git looks at them."""
    names = path.split("/")
    return ["/".join(names[:n]) + "/" for n in range(1, len(names))] + [path]
