"""The learner's folder of a drill: files to work on, and `env.sh`, which makes a shell the drill's."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.course.tree import Drill
from grader.drills.access import Key
from grader.errors import BadInput

WORK_VARIABLE = "MLOPS_WORK"
"""The same as for labs; the module that says so imports notebook formats, which takes two seconds."""
ENV = "env.sh"
PRIVATE = ".mlops"
"""Inside the folder: what the tools keep for it (credentials, caches), so that nothing of a drill lies elsewhere."""
GITCONFIG = """[user]
\tname = On Call
\temail = oncall@localhost
[init]
\tdefaultBranch = main
[advice]
\tdetachedHead = false
"""


def folder_of(drill: Drill) -> Path:
    """`$MLOPS_WORK`/drills/<id>, by default below ~/mlops-labs."""
    return Path(os.environ.get(WORK_VARIABLE) or Path.home() / "mlops-labs").expanduser() / "drills" / drill.id


def make(drill: Drill, folder: Path) -> None:
    """Make the folder with the drill's given files. Raises BadInput when something else lies there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} is there already, and is no drill under way", "move it away, or name another: --dir")
    folder.mkdir(parents=True, exist_ok=True)
    if drill.given.exists():
        shutil.copytree(drill.given, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / PRIVATE).mkdir(mode=0o700)
    (folder / PRIVATE / "gitconfig").write_text(GITCONFIG, encoding="utf-8")


def variables(folder: Path, path: str) -> dict[str, str]:
    """What every drill's shell has: commands of the drill's environments, and tools that keep to its folder."""
    private = folder / PRIVATE
    return {
        "PATH": path,
        "AWS_SHARED_CREDENTIALS_FILE": str(private / "aws-credentials"),
        "AWS_CONFIG_FILE": str(private / "aws-config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(private / "dvc-site-cache"),
        "GIT_CONFIG_GLOBAL": str(private / "gitconfig"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def write_operator(folder: Path, key: Key) -> None:
    """Put the operator's key where `aws --profile operator` finds it."""
    lines = [f"aws_access_key_id = {key.aws_access_key_id}", f"aws_secret_access_key = {key.aws_secret_access_key}"]
    file = folder / PRIVATE / "aws-credentials"
    file.touch(mode=0o600)
    file.write_text("\n".join(["[operator]", *lines, ""]), encoding="utf-8")


def write_env(folder: Path, given: Mapping[str, str], first: Sequence[Path]) -> None:
    """Write `env.sh`: read it with `. ./env.sh`."""
    lines = ["# The drill's shell: its commands, its services and your credentials. Read it with: . ./env.sh"]
    lines += ["unset PYTHONPATH PYTHONHOME VIRTUAL_ENV"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in sorted(given.items()) if name != "PATH"]
    lines += [f"export PATH={shlex.quote(os.pathsep.join(map(str, first)))}{os.pathsep}$PATH"]
    file = folder / ENV
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
