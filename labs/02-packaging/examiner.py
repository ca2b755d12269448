# Runs in two fresh sandboxes beside what was handed in: one for what is read, one for what is tried out. Code of theirs runs
# in the second alone, as a process of its own, and can only answer: an exit code, a score. The grader decides what is right.
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path.cwd()
SECONDS = 60
SHOWN = 600
PLAIN = {
    **os.environ, "UV_CACHE_DIR": str(HERE / "cache"), "UV_LINK_MODE": "copy", "UV_PYTHON_DOWNLOADS": "never",
    "UV_PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", "HOME": str(HERE),
}  # fmt: skip
SCORE = "import json, sys, churnlib; print(json.dumps([churnlib.score(row) for row in json.load(sys.stdin)]))"


def ran(command, folder, standard_input="", **variables):
    """Exit code, standard output and the end of everything else that it said; -1 when it took too long or isn't there."""
    try:
        done = subprocess.run(
            [str(part) for part in command], cwd=folder, input=standard_input, capture_output=True, text=True, errors="replace",
            timeout=SECONDS, env={**PLAIN, **variables}, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, "", f"no end within {SECONDS} s"
    except OSError as error:
        return -1, "", str(error)
    return done.returncode, done.stdout, (done.stderr + done.stdout)[-SHOWN:]


HANDED_IN = {
    file.relative_to(HERE / "submitted"): file.read_bytes() for file in (HERE / "submitted").rglob("*") if file.is_file()
}
"""Read before any code of theirs runs here, which might write to these files."""


def project(name, changes=()):
    """A fresh copy of what was handed in, with other content in some files."""
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    for path, content in {**HANDED_IN, **{Path(path): text.encode() for path, text in dict(changes).items()}}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def planted(name, faults):
    """A fresh copy in which every module of the package ends with these faults, and the lines that the modules had."""
    modules = {path: text.decode() for path, text in HANDED_IN.items() if path.match("src/churnlib/*.py")}
    folder = project(name, {path: f"{text.rstrip()}\n\n\n{faults}" for path, text in modules.items()})
    return folder, {path.name: len(text.rstrip().splitlines()) for path, text in modules.items()}


def told(file, code, line, message, lines):
    """A finding; `planted` says whether it stands in what was put at the end of its module."""
    name = Path(file).name
    ours = line > lines.get(name, sys.maxsize)
    return {"file": name, "code": code or "error", "line": str(line), "message": message, "planted": "yes" if ours else "no"}


def scores(environment, rows):
    """What the installed package says of these rows, far from its source."""
    code, out, said = ran([HERE / environment / "bin" / "python", "-I", "-c", SCORE], "/", json.dumps(rows))
    return [code, json.loads(out) if code == 0 else said]


def installed(files, rows):
    """Sync an empty environment with this project and lock, without the tools of development, and ask the package."""
    folder = project("to-install", files)
    command = ["uv", "sync", "--locked", "--no-dev", "--no-editable", "--no-progress"]
    code, _, said = ran(command, folder, UV_PROJECT_ENVIRONMENT=str(HERE / "runtime"))
    return scores("runtime", rows) if code == 0 else [code, said]


def from_index(requirement, index, rows):
    """Install a published package, and what it asks for, into an empty environment, and ask it."""
    shutil.rmtree(HERE / "published", ignore_errors=True)
    ran(["uv", "venv", "published"], HERE)
    command = ["uv", "pip", "install", "--no-progress", "--python", "published", "--default-index", index, requirement]
    code, _, said = ran(command, HERE)
    return scores("published", rows) if code == 0 else [code, said]


def contents(requirement, index):
    """The files that the wheel puts into the package: unpacked, and never imported, for an import could add some."""
    shutil.rmtree(HERE / "unpacked", ignore_errors=True)
    only = ["--no-deps", "--only-binary", ":all:", "--target", "unpacked", "--default-index", index]
    ran(["uv", "pip", "install", "--no-progress", *only, requirement], HERE)
    return sorted(file.name for file in (HERE / "unpacked" / "churnlib").glob("*"))


def linted(faults):
    """Ruff's findings, as the project configures it, with these faults at the end of each module."""
    folder, lines = planted("to-lint", faults)
    command = ["ruff", "check", "--no-cache", "--ignore-noqa", "--output-format=json", "--exit-zero", "src", "tests"]
    code, out, said = ran(command, folder)
    if code != 0:
        return [told("pyproject.toml", f"ruff does not run: {said}", 1, "", {})]
    return [told(one["filename"], one["code"], one["location"]["row"], one["message"], lines) for one in json.loads(out)]


def typed(faults):
    """mypy's errors, as the project configures it, with these faults at the end of each module."""
    folder, lines = planted("to-type", faults)
    code, out, said = ran([sys.executable, "-m", "mypy", "--output=json", "--no-incremental", "src"], folder)
    if code not in (0, 1):
        return [told("pyproject.toml", "", 1, f"mypy does not run: {said}", {})]
    found = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    errors = [one for one in found if one["severity"] == "error"]
    return [told(one["file"], one["code"], one["line"], one["message"], lines) for one in errors]


def suite(package):
    """How their tests end on a package made of these modules by file name: pytest's exit code, and the end of what it said."""
    folder = project("to-test")
    inside = folder / "src" / "churnlib"
    for name, text in package.items():
        (inside / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests"]
    code, _, said = ran(command, folder, PYTHONPATH=str(folder / "src"))
    return [code, said]
