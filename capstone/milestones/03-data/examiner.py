# DVC runs here on a clone of the last commit, with our own configuration of it; what the stages start are processes of the
# student's, and what they leave is compared by the grader. `cloned`, `ran_in` are milestone 0's, `copied` milestone 2's.
import configparser
import os
import re
import shutil
import sys
from pathlib import Path

import yaml

DVC_CLONE = Path("dvc-clone").resolve()
STAGE = re.compile(r"^Running stage '([\w.-]+)'", re.MULTILINE)
OUTPUTS = ("data/prepared.csv", "data/features.csv")
MAX_NOTE, MAX_OUTPUT = 64 * 1024, 2**20


def dvc_notes():
    """What the last commit says of its data."""
    folder = cloned(DVC_CLONE)  # noqa: F821
    try:
        pointer = noted(folder / "data" / "customers.csv.dvc")["outs"][0]["md5"]
        lock = noted(folder / "dvc.lock")
        stages = sorted(noted(folder / "dvc.yaml")["stages"])
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read_string((folder / ".dvc" / "config").read_text())
    except FileNotFoundError as error:
        return {"problem": f"there is no {Path(error.filename).relative_to(folder)}"}
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, yaml.YAMLError, configparser.Error) as error:
        return {"problem": f"they can't be read: {type(error).__name__}: {error}"[:200]}
    if stages != ["features", "prepare"]:
        return {"problem": f"the stages in dvc.yaml are {', '.join(map(str, stages))[:100]}, not prepare and features"}
    name = parser.get("core", "remote", fallback="").strip()
    section = f"'remote \"{name}\"'"
    keys = sorted(parser[section]) if parser.has_section(section) else []
    return {"problem": "", "pointer": str(pointer), "locked": outputs_in(lock), "remote_keys": keys,
            "remote": parser.get(section, "url", fallback="").strip()}  # fmt: skip


def noted(file):
    """A note of DVC's: small YAML."""
    if file.stat().st_size > MAX_NOTE:
        raise ValueError(f"{file.name} holds {file.stat().st_size} bytes")
    return yaml.safe_load(file.read_text())


def outputs_in(lock):
    """The MD5 of each output that a lock names, by path."""
    return {str(out["path"]): str(out["md5"]) for stage in lock["stages"].values() for out in stage.get("outs", [])}


def dvc_clone(bucket):
    """Put the customers into a clone, run the stages, and upload what there is; the remote is this run's bucket, the keys
    are this run's."""
    cloned(DVC_CLONE)  # noqa: F821
    (DVC_CLONE / ".dvc").mkdir(exist_ok=True)
    (DVC_CLONE / ".dvc" / "config").write_text(
        f"[core]\n    remote = store\n    analytics = false\n    no_scm = true\n['remote \"store\"']\n    url = {bucket}\n"
    )
    (DVC_CLONE / "data").mkdir(exist_ok=True)
    shutil.copyfile("data/customers.csv", DVC_CLONE / "data" / "customers.csv")
    said = dvc("repro")
    try:
        return {**said, "locked": outputs_in(noted(DVC_CLONE / "dvc.lock")), "pushed": dvc("push")}
    except (OSError, KeyError, TypeError, AttributeError, ValueError, yaml.YAMLError) as error:
        return {"code": 1, "said": f"dvc.lock can't be read: {error}"[:200]}


def dvc(*arguments):
    """How a command of DVC ends, and which stages it started."""
    bin_folder = Path(sys.executable).parent
    variables = {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(DVC_CLONE / "src"),
        "DVC_SITE_CACHE_DIR": str(Path("dvc-site").resolve()),
    }  # fmt: skip
    code, said = ran_in(DVC_CLONE, bin_folder / "dvc", *arguments, seconds=180, shown=8000, **variables)  # noqa: F821
    return {"code": code, "said": said[-500:], "started": STAGE.findall(said)}


def dvc_params():
    """The parameters of the last commit, where they have the form that the stages need."""
    params = noted(DVC_CLONE / "params.yaml")
    features = {kind: [str(name) for name in params["features"][kind]] for kind in ("numbers", "texts")}
    return {"prepare": {"min_tenure": int(params["prepare"]["min_tenure"])}, "features": features}


def dvc_repro(changes, rows):
    """Change parameters or the customers, run the stages, and hand out what they left."""
    params = noted(DVC_CLONE / "params.yaml")
    for name, value in changes.items():
        old = params.get(name)
        params[name] = {**old, **value} if isinstance(old, dict) else value
    (DVC_CLONE / "params.yaml").write_text(yaml.safe_dump(params))
    if rows is not None:
        (DVC_CLONE / "data" / "customers.csv").unlink(missing_ok=True)
        rows.to_csv(DVC_CLONE / "data" / "customers.csv", index=False)
    found = dvc("repro")
    files = {name: DVC_CLONE / name for name in OUTPUTS}
    return {**found, "outputs": {name: file.read_text()[:MAX_OUTPUT] if file.is_file() else "" for name, file in files.items()}}
