import contextlib
import json
import re
from typing import Any

from grader.checks import Fail, Lab, NotRun, RunningImage, check
from grader.checks.shapes import Ended
from grader.checks.tables import below, tables

from .checks_scoring import MODEL, MUTANTS, REWRITTEN, expected, rows, same_scores

INIT = 'from churnlib.scoring import band, clean, score\n\n__all__ = ["band", "clean", "score"]\n'
PORT = 8000
MIB = 2**20
LOCAL_INDEX = re.compile(r"http://(?:127\.0\.0\.1|localhost):\d+/course/wheels/")
"""The course's index as `uv add` notes it down, whatever port it had on the learner's machine."""
BUDGET = 40 * MIB
TOOLS = {"mypy", "pytest", "ruff"}
PLANTED_FOR_RUFF = """\
import sys
import os as used_by_nobody


def collect(row, rows=[]):
    rows.append(row)
    return sys.path, rows
"""
WANTED_OF_RUFF = {"B006": "a mutable default", "F401": "an unused import", "I001": "imports out of order"}
PLANTED_FOR_MYPY = "def untyped(row):\n    return row\n\n\nWRONG: str = 1\n"
WANTED_OF_MYPY = {"assignment": "a number put where a text belongs", "no-untyped-def": "a function without types"}
COMPILERS = ("gcc", "g++", "cc", "c++", "cpp", "clang", "clang++", "tcc", "zig", "ld", "as", "make", "rustc", "cargo", "go")
TOOL = re.compile(r"(?:[a-z0-9_]+-linux-gnu-)?([a-z+]+)(?:-[0-9.]+)?")
"""A command's own name in `x86_64-linux-gnu-gcc-12`."""
BUILD_TOOLS = (*COMPILERS, "uv", "ruff", "mypy", "pytest", "hatchling", "poetry", "git")


def own_source(lab: Lab) -> dict[str, str]:
    """The modules of the package as they were handed in, by file name. Raises NotRun when there are none."""
    found = {
        path.rpartition("/")[2]: content.decode(errors="replace")
        for path, content in lab.run.submitted.items()
        if path.startswith("src/churnlib/") and path.endswith(".py")
    }
    if not {"scoring.py", "service.py"} <= set(found):
        raise NotRun("src/churnlib lacks scoring.py or service.py", "the package, made of what lies in handover/")
    return found


def located(lab: Lab, address: str) -> dict[str, str]:
    """Project and lock as they were handed in, with the course's index at this address."""
    lock = lab.package_index.relocated(lab.submitted("uv.lock"), address)
    return {"uv.lock": lock, "pyproject.toml": LOCAL_INDEX.sub(f"{address}/course/wheels/", lab.submitted("pyproject.toml"))}


def unseen(found: list[dict[str, str]], modules: dict[str, str], wanted: dict[str, str]) -> list[str]:
    """What a tool didn't find of the faults planted at the end of each module."""
    caught = {(one["file"], one["code"]) for one in found if one["planted"] == "yes"}
    silent = {code: [name for name in modules if (name, code) not in caught] for code in wanted}
    return [f"{code} ({wanted[code]}) in {', '.join(names)}" for code, names in silent.items() if names]


@check("locked")
def every_package_is_locked(lab: Lab) -> None:
    """Every package in `uv.lock`, the tools of development included, is pinned by a hash that the index really serves."""
    locked = [package for package in tables(lab.toml("uv.lock"), "package") if package.get("name") != "churnlib"]
    missing = ({"pyyaml", *TOOLS}) - {str(package.get("name")) for package in locked}
    if missing:
        lab.fail("pyyaml and the tools of development in the lock", f"without {', '.join(sorted(missing))}")

    def problem(package: dict[str, Any]) -> str:
        name, version = str(package.get("name")), str(package.get("version"))
        hashes = {str(wheel.get("hash", "")).removeprefix("sha256:") for wheel in tables(package, "wheels")}
        served = lab.package_index.hashes(name)
        if "" in hashes or not hashes:
            return f"{name} {version} has a file without a hash"
        return "" if hashes & served else f"no hash of {name} {version} is one of a file that the index serves"

    lab.each("packages", locked, problem, "a hash of the very file that the index serves")


@check("installs")
def an_empty_environment_is_enough(lab: Lab) -> None:
    """`uv sync --locked --no-dev` makes an empty environment in which your package imports and scores customers, and the lock
    fits `pyproject.toml`."""
    own_source(lab)
    asked = rows(lab)
    files = located(lab, "/".join(lab.run.parameters["index_url"].split("/")[:3]))
    same_scores(lab, "your project", lab.try_out("installed", files, asked, returns=list[object]), asked)


@check("lint")
def ruff_looks_and_finds_nothing(lab: Lab) -> None:
    """Ruff, as you configured it, finds nothing in your code, and does find the faults that we plant at its end."""
    modules = own_source(lab)
    found = lab.examine("linted", PLANTED_FOR_RUFF, returns=list[dict[str, str]])
    own = [f"{one['file']}:{one['line']} {one['code']}" for one in found if one["planted"] == "no"]
    blind = unseen(found, modules, WANTED_OF_RUFF)
    demands = {
        "your code": f"ruff finds {', '.join(own[:5])}" if own else "",
        "planted faults": f"ruff is silent on {', '.join(blind)}" if blind else "",
    }
    if len(blind) == len(WANTED_OF_RUFF):
        lab.fail("ruff finds planted faults of the rules F, I and B", demands["planted faults"])
    lab.each("demands", list(demands), demands.__getitem__, "clean code, and a configuration that would have told")


@check("types")
def mypy_looks_and_finds_nothing(lab: Lab) -> None:
    """mypy, as strict as asked, finds no error in your package, nothing is silenced, and it does find errors that we plant."""
    modules = own_source(lab)
    silenced = [name for name, text in modules.items() if re.search(r"#\s*(type:\s*ignore|mypy:)", text)]
    if silenced:
        lab.fail("nothing is silenced", f"{', '.join(silenced)} holds a `type: ignore` or a `mypy:` comment")
    plugged = "plugins" in below(lab.toml("pyproject.toml"), "tool", "mypy")
    if plugged or any(path.endswith(".pyi") for path in lab.run.submitted):
        lab.fail("mypy as it comes, on the code itself", "a plugin of mypy, or a stub file in front of a module")
    found = lab.examine("typed", PLANTED_FOR_MYPY, returns=list[dict[str, str]])
    own = [f"{one['file']}: {one['message']} [{one['code']}]" for one in found if one["planted"] == "no"]
    blind = unseen(found, modules, WANTED_OF_MYPY)
    if blind:
        lab.fail("mypy finds what we plant (strict = true)", f"mypy is silent on {', '.join(blind)}")
    if own:
        lab.fail("no error in your package", "; ".join(own[:4]))


def package(lab: Lab, scoring: str) -> dict[str, str]:
    """The files of a package that behaves as this scoring.py does."""
    handover = {name: lab.run.files[f"handover/{name}"].decode() for name in ("service.py", "model.yaml")}
    return {"__init__.py": INIT, "scoring.py": scoring, **handover}


def handed_over(lab: Lab) -> str:
    """The code that the learner was given."""
    return lab.run.files["handover/scoring.py"].decode()


def tested(lab: Lab, files: dict[str, str]) -> tuple[int, str]:
    """Exit code of the learner's tests on a package of these files, and what they said."""
    return lab.try_out("suite", files, returns=Ended)


def failures(said: str) -> str:
    """What pytest's output says of the first failure: the error's own lines, or its end where there are none."""
    lines = [line.strip() for line in said.splitlines() if line.startswith(("E  ", "FAILED", "ERROR"))]
    return "; ".join(lines[:4])[:400] or said[-250:]


@check("tests-green")
def tests_hold_what_the_code_promises(lab: Lab) -> None:
    """Your tests are green on your code, on the code that you were handed, and on the same code written by somebody else."""
    own_source(lab)
    code, said = tested(lab, {})
    if code != 0:
        lab.fail("pytest ends green on your own code (exit code 0)", f"exit code {code}: {failures(said)}")
    again = {"the handed-over code": handed_over(lab), "the same, written anew": REWRITTEN}

    def problem(name: str) -> str:
        code, said = tested(lab, package(lab, again[name]))
        return "" if code == 0 else f"{name}: exit code {code}: {failures(said)}"

    lab.each("ways to write it", list(again), problem, "green, for they all behave alike")


@check("tests-kill")
def tests_notice_a_fault(lab: Lab) -> None:
    """Your tests turn red on the code you were handed with one fault in it: a boundary moved, a sign turned, a refusal gone."""
    text = handed_over(lab)
    code, said = tested(lab, package(lab, text))
    if code != 0:
        raise NotRun(f"exit code {code} on the code without a fault: {said[-300:]}", "tests that are green on what is right")

    def problem(name: str) -> str:
        before, after = MUTANTS[name]
        assert text.count(before) == 1, f"mutant {name!r} does not fit the handed-over code"
        code, _ = tested(lab, package(lab, text.replace(before, after)))
        return "" if code in (1, 2) else name

    lab.each("faults", list(MUTANTS), problem, "red tests")


@check("wheel")
def the_wheel_is_on_the_index(lab: Lab) -> None:
    """`release` puts one wheel of your package on your index; installed from there, far from its source, it scores customers,
    and says that it is typed."""
    lab.once("release")
    released = lab.package_index.releases("churnlib")
    lab.expect("files of churnlib on your index", [file.filename for file in released], "after release()").equals(
        ["churnlib-1.0.0-py3-none-any.whl"]
    )
    asked, index = rows(lab), lab.run.parameters["index_url"]
    wheel = ("churnlib==1.0.0", index)
    same_scores(lab, "the wheel", lab.try_out("from_index", *wheel, asked, returns=list[object]), asked)
    lacking = sorted({"py.typed", "service.py"} - set(lab.examine("contents", *wheel, returns=list[str])))
    if lacking:
        raise Fail("a complete wheel", f"the wheel lacks churnlib/{', churnlib/'.join(lacking)}", share=0.5)


def context(lab: Lab, changes: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """What the image is built from: the files handed in, with the index of builds in project and lock."""
    own_source(lab)
    lab.submitted("Dockerfile")
    files = {name: text.encode() for name, text in located(lab, lab.package_index.build_address).items()}
    return {**lab.run.submitted, **files, **(changes or {})}


def arguments(lab: Lab) -> dict[str, str]:
    """The build arguments that CI passes."""
    index = f"{lab.package_index.build_address}/course/wheels/+simple/"
    return {"INDEX_URL": index, "VERSION": "1.0.0", "REVISION": lab.run.parameters["commit"]}


def query(row: dict[str, str]) -> str:
    """The path that asks the service for this customer."""
    pairs = "&".join(f"{name}={value.replace(' ', '%20')}" for name, value in row.items())
    return f"/score?{pairs}"


def served(container: RunningImage, row: dict[str, str]) -> Any:
    """What the service of an image says of this customer: its `churn`, or else all that it said."""
    status, body = container.get(PORT, query(row), seconds=20)
    with contextlib.suppress(ValueError, RecursionError):
        answer = json.loads(body)
        if status == 200 and isinstance(answer, dict) and "churn" in answer:
            return answer["churn"]
    return f"status {status}: {body}"


@check("image-healthy")
def the_image_serves_and_tells_the_truth(lab: Lab) -> None:
    """The image built from your Dockerfile starts, scores customers, becomes healthy, and turns unhealthy when its service is
    not there."""
    image = lab.images.build(context(lab), arguments(lab))
    row = rows(lab, 2)[1]
    with lab.images.running(image) as container:
        answer = served(container, row)
        lab.expect("score of a drawn customer", answer, f"GET {query(row)[:40]}… on port {PORT}").close_to(
            expected(lab, row), within=1e-9
        )
        health = container.health(seconds=20)
    if health.status != "healthy":
        lab.fail("the image becomes healthy", f"{health.status}: {health.log}")
    with lab.images.running(image, ("sleep", "60")) as container:
        health = container.health(seconds=30)
    if health.status != "unhealthy":
        lab.fail(
            "unhealthy when the service is not there (we start the image with `sleep` in its place)",
            f"{health.status}: {health.log}",
        )


@check("image-lean")
def the_image_holds_what_it_needs(lab: Lab) -> None:
    """The image runs as a user that is not root, holds no compiler and no tool of development, and adds at most 40 MiB to its
    base."""
    image = lab.images.build(context(lab), arguments(lab))
    files = lab.images.files(image)
    if not any(path.endswith("churnlib/model.yaml") for path in files):
        lab.fail("an image with churnlib in it", "no churnlib/model.yaml in the last stage")

    def user() -> str:
        with lab.images.running(image) as container:
            container.get(PORT, "/health", seconds=20)
            users = container.users()
        return "it runs as root" if 0 in users else "nothing runs in it" if not users else ""

    def tools() -> str:
        named = (TOOL.fullmatch(path.rpartition("/")[2]) for path, executable in files.items() if executable)
        found = sorted({match[1] for match in named if match} & set(BUILD_TOOLS))
        return f"it holds {', '.join(found)}" if found else ""

    def size() -> str:
        return f"it adds {image.added_bytes / MIB:.0f} MiB" if image.added_bytes > BUDGET else ""

    lab.each("demands", [user, tools, size], lambda demand: demand(), "another user than root, no tools, at most 40 MiB")


@check("layer-cache")
def a_change_of_the_source_keeps_the_dependencies(lab: Lab) -> None:
    """After a change in `src`, the next build takes the layer of the dependencies from the cache, and the change is in it."""
    lab.images.build(context(lab), arguments(lab))
    intercept = round(lab.random.uniform(-3, 1), 4)
    model = lab.run.files[MODEL].decode().replace("intercept: -1.6048", f"intercept: {intercept}")
    changed = f"{model}# {lab.run.parameters['commit']}\n".encode()  # of this run only: no earlier build can have seen it
    image = lab.images.build(context(lab, {"src/churnlib/model.yaml": changed}), arguments(lab))
    row = rows(lab, 2)[1]
    with lab.images.running(image) as container:
        answer = served(container, row)
    lab.expect("score after a change of model.yaml", answer).close_to(expected(lab, row, intercept), within=1e-9)
    again = sorted(path for path in image.written if path.endswith("/yaml/__init__.py"))
    if again:
        lab.fail("PyYAML comes from the cache", f"the second build installed it again: {again[0]}")


@check("pushed")
def what_is_pushed_can_be_told_apart(lab: Lab) -> None:
    """Pushed under the tags that `tags` gives, your image is found by its version and by its commit, never under a tag that
    moves, and its labels say both."""
    commit = lab.run.parameters["commit"]
    found = lab.call("tags", "1.0.0", commit, returns=list[str])
    lab.expect('tags("1.0.0", commit)', sorted(found)).equals(sorted(["1.0.0", commit]))
    image = lab.images.build(context(lab), arguments(lab))
    lab.images.push(image, "churnlib", found)
    registry = lab.images.registry
    digests = {registry.digest("churnlib", tag) for tag in registry.tags("churnlib")}
    lab.expect("digests behind both tags", len(digests), "on the registry").equals(1)
    labels = registry.labels("churnlib", commit)
    wanted = {"org.opencontainers.image.version": "1.0.0", "org.opencontainers.image.revision": commit}
    lab.expect("labels", {name: labels.get(name) for name in wanted}, "on the registry").equals(wanted)
