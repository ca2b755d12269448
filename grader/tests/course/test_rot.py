"""What lessons, labs and quizzes name in passing exists in the pinned tools: commands, and functions by their full name.

Cells and blocks are executed elsewhere; this holds the words around them, which rot just as well.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from grader.backends.local import venv
from grader.cli import app as cli
from grader.cli.main import run_here
from grader.course.tree import Course
from grader.notebook import source
from grader.tests import kept

ROOT = Path(__file__).resolve().parents[3]
MODULES = [file.parent.name for file in sorted(ROOT.glob("modules/*/module.yaml"))]
SPAN = re.compile(r"`([^`\n]+)`")
DOTTED = re.compile(r"[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)+")
LIBRARIES = {
    "mlflow", "pandas", "numpy", "sklearn", "boto3", "pandera", "great_expectations", "yaml", "hashlib", "random", "json",
    "subprocess", "pathlib", "dulwich", "zipfile", "tomllib", "contextlib",
}  # fmt: skip
ALIASES = {"pd": "pandas", "np": "numpy", "pa": "pandera.pandas", "gx": "great_expectations"}
TOOLS = ("dvc", "git", "uv", "pip", "mlflow", "ruff", "pre-commit")
"""Commands whose subcommands are asked of the tool itself."""
LOOK = """
import importlib, json, sys
def exists(name):
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return None
names = json.load(sys.stdin)
tags = set()
if any(name.startswith("mlflow.") for name in names):
    from mlflow.utils import mlflow_tags
    tags = {value for value in vars(mlflow_tags).values() if isinstance(value, str)}
json.dump({name: name in tags or exists(name) for name in names}, sys.stdout)
"""
SECONDS = 300


def spans(course: Course, module: str) -> Iterator[tuple[str, str]]:
    """Where, and each piece of inline code in the prose of a module's lessons, its lab and its quiz."""
    found = course.module(module)
    notebooks = [found.lesson(stem) for stem in found.spec.lessons]
    if found.spec.lab:
        notebooks.append(course.lab(found.spec.lab).source)
    for file in notebooks:
        for cell in source.read(file).cells:
            if cell.cell_type == "markdown":
                for span in SPAN.findall(re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)):
                    yield f"{file.parent.parent.name}/{file.stem}#{cell['id']}", span
    texts = [course.root / "quizzes" / f"{found.spec.quiz}.yaml"] if found.spec.quiz else []
    texts += [course.lab(found.spec.lab).folder / "lab.yaml"] if found.spec.lab else []
    for text in texts:
        for span in SPAN.findall(text.read_text(encoding="utf-8")):
            yield text.name, span


def python_of(course: Course, module: str) -> Path:
    """The Python of the module's environment, installed where other tests find it again."""
    environment = course.environment(course.module(module).spec.environment)
    return venv.executables(venv.prepare(environment, kept.environments())) / "python"


@pytest.mark.parametrize("module", MODULES)
def test_functions_that_prose_names_exist(course: Course, module: str) -> None:
    """`mlflow.search_runs` and its like are there in the pinned version."""
    named: dict[str, str] = {}
    for where, span in spans(course, module):
        for name in DOTTED.findall(span.split("(")[0]):
            first, _, rest = name.partition(".")
            full = f"{ALIASES.get(first, first)}.{rest}"
            if full.split(".")[0] in LIBRARIES and not re.search(r"\.(py|json|yaml|toml|csv|ini|log|txt)$", full):
                named.setdefault(full, where)
    done = subprocess.run(
        [python_of(course, module), "-c", LOOK], input=json.dumps(sorted(named)), capture_output=True, text=True,
        timeout=SECONDS, check=True, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )  # fmt: skip
    known = json.loads(done.stdout.strip().splitlines()[-1])
    assert {name: named[name] for name, there in known.items() if there is False} == {}


@pytest.mark.parametrize("module", MODULES)
def test_commands_that_prose_names_exist(course: Course, module: str) -> None:
    """`dvc gc`, `git bisect` and `mlops check` are commands of the pinned tools; what isn't installed there isn't asked."""
    commands = python_of(course, module).parent
    named: dict[tuple[str, str], str] = {}
    for where, span in spans(course, module):
        words = span.split()
        if len(words) > 1 and words[0] in (*TOOLS, "mlops") and re.fullmatch(r"[a-z][a-z-]+", words[1]):
            named.setdefault((words[0], words[1]), where)
    assert callable(run_here)  # its module has registered all commands
    ours = set(vars(typer.main.get_command(cli.app))["commands"])
    missing = {}
    for (tool, subcommand), where in sorted(named.items()):
        if not (subcommand in ours if tool == "mlops" else _has(commands, tool, subcommand)):
            missing[f"{tool} {subcommand}"] = where
    assert missing == {}


def _has(commands: Path, tool: str, subcommand: str) -> bool:
    """Whether the tool knows the subcommand: it can show its help. Tools that this environment lacks know everything."""
    if tool == "git":
        extension = re.search(rf'^name = "git-{re.escape(subcommand)}"$', _locks(), re.MULTILINE)
        return extension is not None or re.search(rf"^ +{re.escape(subcommand)}\b", _git_commands(), re.MULTILINE) is not None
    if not (commands / tool).exists():
        return True
    # not by the script: it names the Python of the place where the environment was first installed
    asked = [str(commands / "python"), "-m", tool.replace("-", "_"), subcommand, "--help"]
    return subprocess.run(asked, capture_output=True, timeout=SECONDS, check=False).returncode == 0


@functools.cache
def _git_commands() -> str:
    return subprocess.run(["git", "help", "-a"], capture_output=True, text=True, timeout=SECONDS, check=True).stdout


@functools.cache
def _locks() -> str:
    return "".join(file.read_text(encoding="utf-8") for file in sorted(ROOT.glob("environments/*/uv.lock")))
