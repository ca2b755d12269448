"""Nothing imports upwards (design, section 2): read from the source of every module, imports inside functions included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = ("grader.tests", "grader.bench")

ORDER = (
    "errors", "spec", "result", "backends", "cluster", "course", "notebook", "work", "services", "stack", "run", "checks",
    "grading", "similarity", "quiz", "learner", "drills", "capstone", "lint", "gradebook", "queue", "worker", "exchange",
    "accounts", "api", "server", "web", "cli", "magic", "jupyter",
)  # fmt: skip
LAYERS = {own: set(ORDER[:place]) for place, own in enumerate(ORDER)}
"""What each layer may import besides itself: those below it …"""
LAYERS |= {
    "backends": {"errors", "spec"},
    "cluster": {"backends"},
    "services": {"errors", "spec", "backends"},
    "gradebook": {"errors", "spec", "result"},
}
"""… and these four even less."""
PROTOCOL = "grader.backends.protocol"


def modules() -> dict[str, Path]:
    """The product's modules by name."""
    found = {}
    for file in sorted((ROOT / "grader").rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if not name.startswith(SKIPPED):
            found[name] = file
    return found


def imports(name: str, file: Path, known: set[str]) -> Iterator[tuple[str, int]]:
    """Every module of ours that a module imports, with the line."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] + "." if node.level else ""
            source = f"{base}{node.module or ''}".rstrip(".")
            inner = [f"{source}.{alias.name}" for alias in node.names]
            targets = [target if target in known else source for target in inner]
        for target in targets:
            if target.split(".")[0] == "grader":
                yield target, getattr(node, "lineno", 1)


def breaches(allowed: str) -> list[str]:
    """`path:line: module imports module` for every import that the rule of this name forbids."""
    found, known = [], modules()
    for name, file in known.items():
        for target, line in imports(name, file, set(known)):
            if not RULES[allowed](name, target):
                found.append(f"{file.relative_to(ROOT)}:{line}: {name} imports {target}")
    return found


def layer(module: str) -> str:
    """The layer that a module belongs to; "" for the package itself."""
    return [*module.split("."), ""][1]


def downwards(name: str, target: str) -> bool:
    """A module imports its own layer and lower ones."""
    own, other = layer(name), layer(target)
    return own == other or other == "" or (own != "" and other in LAYERS[own])


def backends_apart(name: str, target: str) -> bool:
    """No backend (a package with a `backend.py`) knows another; what they share lies beside them."""
    if layer(name) != "backends" or layer(target) != "backends":
        return True
    own, other = ([*module.split("."), ""][2] for module in (name, target))
    packages = {file.parent.name for file in (ROOT / "grader" / "backends").glob("*/backend.py")}
    return other not in packages or own == other


def backends_by_protocol(name: str, target: str) -> bool:
    """Only the command line, which puts the parts together, and `cluster`, which looks at what one of them needs, name a
    backend: all others know the protocol."""
    return layer(target) != "backends" or layer(name) in ("backends", "cluster", "cli") or target == PROTOCOL


RULES = {"downwards": downwards, "backends-apart": backends_apart, "backends-by-protocol": backends_by_protocol}


@pytest.mark.parametrize("rule", RULES)
def test_imports(rule: str) -> None:
    """No import breaks the rule."""
    assert breaches(rule) == []


def test_every_layer_is_known() -> None:
    """A new package gets a place in the order before it gets a module."""
    assert {layer(module) for module in modules()} - {""} == set(LAYERS)


def test_services_know_no_course() -> None:
    """Services import errors, specs and the backends' protocol, and nothing else of ours."""
    known = modules()
    found = {
        target for name, file in known.items() if layer(name) == "services" for target, _ in imports(name, file, set(known))
    }
    assert {t for t in found if layer(t) not in ("services", "errors", "spec") and t != PROTOCOL} == set()


def test_imports_are_seen(tmp_path: Path) -> None:
    """The reader of imports sees every form: whole, from, relative, inside a function, and under TYPE_CHECKING."""
    file = tmp_path / "x.py"
    file.write_text(
        "import json\nimport grader.a\nfrom grader.b import c, D\nfrom grader import e\nfrom . import f\nfrom ..g import h\n"
        "def x():\n    from grader.i import J\nif TYPE_CHECKING:\n    import grader.k as k\n",
        encoding="utf-8",
    )
    known = {"grader.b.c", "grader.e", "grader.m.n.f"}
    assert sorted(imports("grader.m.n.x", file, known), key=lambda item: (item[1], item[0])) == [
        ("grader.a", 2), ("grader.b", 3), ("grader.b.c", 3), ("grader.e", 4), ("grader.m.n.f", 5), ("grader.m.g", 6),
        ("grader.i", 8), ("grader.k", 10),
    ]  # fmt: skip
