# Runs in a fresh sandbox that holds the run's credentials, the team's scripts as the author gave them, and no code of the
# student. It clones what was handed in, hands out what git and DVC hold there, and reruns the pipeline while a stand-in
# for `python` writes down which script was really started. The grader compares.
import base64
import configparser
import hashlib
import tempfile
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_NOTE = 64 * 1024
CLONE = Path("clone").resolve()  # noqa: F821  # from the given cell
STARTED = Path("started").resolve()  # noqa: F821


class Entry(BaseModel):
    model_config = ConfigDict(extra="allow")
    path: str
    md5: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    size: int = 0


class Pointer(BaseModel):
    # an old form of this file may have a command
    model_config = ConfigDict(extra="forbid")
    outs: Annotated[list[Entry], Field(min_length=1, max_length=1)]


class LockedStage(BaseModel):
    deps: list[Entry] = []
    outs: list[Entry] = []


class Lock(BaseModel):
    stages: dict[str, LockedStage]


class Stage(BaseModel):
    # whatever else a stage may say could start another command, or the same one elsewhere
    model_config = ConfigDict(extra="forbid")
    deps: Any = None
    params: Any = None
    outs: Any = None
    metrics: Any = None
    desc: Any = None
    frozen: Any = None
    always_changed: Any = None


class PrepareStage(Stage):
    cmd: Literal["python src/prepare.py"]


class FeaturesStage(Stage):
    cmd: Literal["python src/features.py"]


class Stages(BaseModel):
    model_config = ConfigDict(extra="forbid")
    prepare: PrepareStage
    features: FeaturesStage


class Pipeline(BaseModel):
    model_config = ConfigDict(extra="forbid")
    stages: Stages


class Prepare(BaseModel):
    min_tenure: Annotated[int, Field(ge=0, le=24)]


class Features(BaseModel):
    bands: Annotated[list[int], Field(max_length=20)]


class Params(BaseModel):
    prepare: Prepare
    features: Features


FORMS = {
    "data/customers.csv.dvc": Pointer,
    "dvc.yaml": Pipeline,
    "dvc.lock": Lock,
    "params.yaml": Params,
}


def git(*arguments, binary=False):
    done = subprocess.run(["git", *arguments], cwd=CLONE, capture_output=True, check=False)  # noqa: F821
    if done.returncode:
        raise ValueError(done.stderr.decode("utf-8", "replace").strip()[-200:])
    return done.stdout if binary else done.stdout.decode("utf-8", "replace")


def clone(bundle):
    """Clone the repository; gives its tags, the remote that DVC finds there, and what has no place in git."""
    with tempfile.NamedTemporaryFile(suffix=".bundle") as file:
        file.write(base64.b64decode(bundle))
        file.flush()
        command = ["git", "clone", "-q", file.name, str(CLONE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: F821
    if done.returncode:
        return {"problem": done.stderr.strip()[-200:], "tags": [], "remote": {}, "leaks": [], "large": []}
    return {"problem": "", "tags": git("tag").split()[:50], "remote": remote(), "leaks": leaks(), "large": large()}


def remote():
    """DVC's default remote as the newest commit configures it: `name` and `url`, empty where there is none."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(git("show", "HEAD:.dvc/config"))
    except (ValueError, configparser.Error) as error:
        return {"problem": str(error), "name": "", "url": ""}
    name = parser.get("core", "remote", fallback="").strip()
    return {"problem": "", "name": name, "url": parser.get(f"'remote \"{name}\"'", "url", fallback="").strip()}


def objects():
    """Every blob of the history: its id, size and path."""
    listed = dict(line.partition(" ")[::2] for line in git("rev-list", "--objects", "--all").splitlines())
    sizes = git("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", "--batch-all-objects").splitlines()
    rows = (line.split() for line in sizes)
    return [(name, int(size), listed[name]) for name, kind, size in rows if kind == "blob" and name in listed]


def leaks():
    """The files of any commit that hold one of this run's credentials."""
    keys = [os.environ[name].encode() for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]  # noqa: F821
    small = [(name, path) for name, size, path in objects() if size <= MAX_NOTE]
    ids = "".join(f"{name}\n" for name, _ in small).encode()
    command = ["git", "cat-file", "--batch"]
    contents = subprocess.run(command, cwd=CLONE, input=ids, capture_output=True, check=True).stdout  # noqa: F821
    if not any(key in contents for key in keys):
        return []
    return sorted(
        {path for name, path in small[:500] if any(key in git("cat-file", "blob", name, binary=True) for key in keys)}
    )


def large():
    """The files of any commit that are larger than a note may be, with their size."""
    return [[path, size] for _, size, path in objects() if size > MAX_NOTE][:20]


def read(tag, path):
    """A file at a tag in the form that it must have: its `value`, or the `problem`."""
    try:
        size = int(git("cat-file", "-s", f"refs/tags/{tag}:{path}"))
    except ValueError:
        return {"problem": "there is no such file", "value": None}
    if size > MAX_NOTE:
        return {"problem": f"it holds {size} bytes", "value": None}
    text = git("show", f"refs/tags/{tag}:{path}")
    if path.endswith(".py"):
        same = text == Path("repo", path).read_text()  # noqa: F821
        return {"problem": "" if same else "it is not the script that was given", "value": None}
    try:
        value = FORMS[path].model_validate(yaml.safe_load(text), strict=True)  # noqa: F821
    except yaml.YAMLError as error:  # noqa: F821
        return {"problem": f"it can't be read: {error}"[:200], "value": None}
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        return {"problem": f"{place}: {first['msg']}; there is {str(first['input'])[:80]}", "value": None}
    return {"problem": "", "value": value.model_dump(exclude_none=True)}


def check_out(tag, url):
    """The tag's files, pulled from the remote with this run's own keys; says what there is that must not be.

    Nothing that the student wrote runs here: `read` has found the given scripts, and stages that start those only.
    """
    entries = [line.split("\t") for line in git("ls-tree", "-r", "--full-tree", f"refs/tags/{tag}").splitlines()]
    for kind, path in entries:
        if not kind.startswith("100") or (path.endswith((".dvc", "dvc.yaml")) and path not in FORMS):
            return path
    git("checkout", "-q", "--force", f"refs/tags/{tag}")
    shutil.rmtree(CLONE / ".dvc", ignore_errors=True)  # noqa: F821
    (CLONE / ".dvc").mkdir()
    (CLONE / ".dvc" / "config").write_text(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {url}\n")
    stand_in = Path("stand-in").resolve()  # noqa: F821
    stand_in.mkdir()
    (stand_in / "python").write_text(f'#!/bin/sh\necho "$*" >> "{STARTED}"\nexec "{sys.executable}" "$@"\n')  # noqa: F821
    (stand_in / "python").chmod(0o755)
    os.environ["PATH"] = f"{stand_in}{os.pathsep}{os.environ['PATH']}"  # noqa: F821
    for path in ("dvc.yaml", "data/customers.csv.dvc"):  # as it was understood here, lest DVC's parser understand it otherwise
        (CLONE / path).write_text(yaml.safe_dump(read(tag, path)["value"]))  # noqa: F821
    dvc("pull")  # what can't be pulled shows in what follows
    return ""


def dvc(*arguments):
    """What DVC complained of; empty when it succeeded."""
    done = subprocess.run(["dvc", *arguments], cwd=CLONE, capture_output=True, text=True, check=False)  # noqa: F821
    return "" if done.returncode == 0 else (done.stderr.strip() or f"exit code {done.returncode}")[:300]


def reproduce(changes, rows, script):
    """Change what is given (parameters, the number of customers, a line in a script), rerun, and say which scripts were
    started and what is there afterwards."""
    if changes:
        params = yaml.safe_load((CLONE / "params.yaml").read_text())  # noqa: F821
        for name, values in changes.items():
            params[name] = {**params.get(name, {}), **values}
        (CLONE / "params.yaml").write_text(yaml.safe_dump(params))  # noqa: F821
    customers = CLONE / "data/customers.csv"
    if rows and customers.is_file():
        lines = customers.read_text().splitlines(keepends=True)
        customers.unlink()
        customers.write_text("".join(lines[: rows + 1]))
    if script:
        with (CLONE / script).open("a") as file:
            file.write("# changed\n")
    STARTED.write_text("")
    problem = dvc("repro")
    started = [line.removeprefix("src/").removesuffix(".py") for line in STARTED.read_text().splitlines()]
    outputs = {name: hashed(CLONE / name) for name in ("data/prepared.csv", "data/features.csv", "metrics.json")}
    return {"problem": problem, "started": started, "outputs": outputs}


def hashed(path):
    """The MD5 that DVC knows content by; empty where there is none."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() if path.is_file() else ""
