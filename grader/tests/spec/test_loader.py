"""Each kind of fault in a content file gives exactly one `path:line: message (fix)` line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from grader.errors import ContentError
from grader.spec.environment import EnvironmentSpec
from grader.spec.lab import LabSpec
from grader.spec.loader import load
from grader.spec.service import ServiceSpec
from grader.tests import small_course

LAB = small_course.FILES[small_course.LAB_YAML]
SERVICE = small_course.FILES[small_course.SERVICE_YAML]
ENVIRONMENT = small_course.FILES[small_course.ENVIRONMENT_YAML]


def problems(path: Path, spec: type[BaseModel], text: str | None = None) -> list[str]:
    """What `load` says of the text, without the folder of its file."""
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as error:
        load(path, spec)
    return [problem.replace(f"{path.parent}/", "") for problem in error.value.problems]


YAML_FAULTS = {
    "empty-file": ("", "x.yaml:1: expected keys and values, starting with `schema: 1` (see the other files of its kind)"),
    "list-instead-of-keys": (
        "- schema: 1\n",
        "x.yaml:1: expected keys and values, starting with `schema: 1` (see the other files of its kind)",
    ),
    "open-bracket": (
        "schema: 1\npreload: [a, b\ntitle: T\n",
        "x.yaml:3: expected ',' or ']', but got ':' (check the indentation and quotes there)",
    ),
    "colon-in-a-text": (
        "schema: 1\ntitle: One: two\n",
        "x.yaml:2: mapping values are not allowed here (check the indentation and quotes there)",
    ),
    "tab-as-indentation": (
        "schema: 1\nx:\n\t- a\n",
        "x.yaml:3: found character '\\t' that cannot start any token (check the indentation and quotes there)",
    ),
    "control-character": ("schema: 1\x07\n", "x.yaml:1: not valid YAML (check the indentation and quotes there)"),
    "two-documents": (
        "schema: 1\n---\nschema: 1\n",
        "x.yaml:2: but found another document (check the indentation and quotes there)",
    ),
    "unknown-alias": (
        "schema: 1\ntitle: *missing\n",
        "x.yaml:2: found undefined alias 'missing' (check the indentation and quotes there)",
    ),
    "alias-that-holds-itself": (
        "preload: &a [*a]\n",
        "x.yaml:1: nested too deeply, or an alias that holds itself (write it out flat)",
    ),
    "ten-thousand-brackets": (
        f"preload: {'[' * 10_000}\n",
        "x.yaml:1: nested too deeply, or an alias that holds itself (write it out flat)",
    ),
    "python-object": (
        'schema: 1\ntitle: !!python/object/apply:os.system ["true"]\n',
        "x.yaml:2: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system' "
        "(check the indentation and quotes there)",
    ),
    "list-as-key": (
        "schema: 1\n? [a, b]\n: c\n",
        "x.yaml:2: found unhashable key (check the indentation and quotes there)",
    ),
    "date-that-is-none": (
        "schema: 1\ntitle: 2026-13-45\n",
        "x.yaml:1: month must be in 1..12 (quote what is a text and looks like a date)",
    ),
    "key-twice": ("schema: 1\ntitle: A\nid: a\ntitle: B\n", "x.yaml:4: key 'title' stands twice (keep one)"),
}


@pytest.mark.parametrize(("text", "message"), YAML_FAULTS.values(), ids=YAML_FAULTS)
def test_text_that_is_no_yaml(tmp_path: Path, text: str, message: str) -> None:
    """A file that YAML can't read, or reads in two ways, is refused with the line of the fault."""
    assert problems(tmp_path / "x.yaml", EnvironmentSpec, text) == [message]


def test_missing_file(tmp_path: Path) -> None:
    """A file that isn't there is named."""
    assert problems(tmp_path / "x.yaml", EnvironmentSpec) == ["x.yaml:1: this file is missing (create it)"]


def test_folder_in_place_of_the_file(tmp_path: Path) -> None:
    """What can't be opened is said in the system's words."""
    (tmp_path / "x.yaml").mkdir()
    message = f"x.yaml:1: can't be read: [Errno 21] Is a directory: '{tmp_path}/x.yaml' (save it as UTF-8 text)"
    assert problems(tmp_path / "x.yaml", EnvironmentSpec) == [message.replace(f"{tmp_path}/", "")]


def test_file_in_another_encoding(tmp_path: Path) -> None:
    """A file that is no UTF-8 is refused, not guessed at."""
    (tmp_path / "x.yaml").write_bytes("title: Käse".encode("latin-1"))
    message = "'utf-8' codec can't decode byte 0xe4 in position 8: invalid continuation byte"
    assert problems(tmp_path / "x.yaml", EnvironmentSpec) == [f"x.yaml:1: can't be read: {message} (save it as UTF-8 text)"]


SPEC_FAULTS: dict[str, tuple[type[BaseModel], str, str, str, str]] = {
    "unknown-key-with-a-near-one": (
        EnvironmentSpec, ENVIRONMENT, "purpose: ", "purpos: x\npurpose: ",
        "x.yaml:4: unknown key 'purpos' (did you mean 'purpose'?)",
    ),
    "unknown-key-with-none-near": (
        EnvironmentSpec, ENVIRONMENT, "purpose: ", "qqq: x\npurpose: ",
        "x.yaml:4: unknown key 'qqq' (known keys: id, preload, purpose, schema, system, title)",
    ),
    "unknown-key-inside": (
        LabSpec, LAB, "    title: Find the mean\n", "    title: Find the mean\n    titel: x\n",
        "x.yaml:20: unknown key 'tasks.1.titel' (did you mean 'title'?)",
    ),
    "key-missing": (EnvironmentSpec, ENVIRONMENT, "title: Small\n", "", "x.yaml:1: 'title' is missing (add it)"),
    "key-missing-inside": (
        LabSpec, LAB, "        points: 40\n", "", "x.yaml:21: 'tasks.1.checks.0.points' is missing (add it)",
    ),
    "schema-missing": (EnvironmentSpec, ENVIRONMENT, "schema: 1\n", "", "x.yaml:1: 'schema' is missing (add it)"),
    "schema-of-the-future": (
        EnvironmentSpec, ENVIRONMENT, "schema: 1", "schema: 2", "x.yaml:1: schema: Input should be 1 (found '2')",
    ),
    "number-as-text": (
        LabSpec, LAB, "minutes: 5", "minutes: soon",
        "x.yaml:6: minutes: Input should be a valid integer, unable to parse string as an integer (found 'soon')",
    ),
    "number-out-of-range": (
        LabSpec, LAB, "minutes: 5", "minutes: 0", "x.yaml:6: minutes: Input should be greater than 0 (found '0')",
    ),
    "points-that-are-no-number": (
        LabSpec, LAB, "points: 40", "points: .nan",
        "x.yaml:22: tasks.1.checks.0.points: Input should be greater than 0 (found 'nan')",
    ),
    "id-with-a-capital": (
        EnvironmentSpec, ENVIRONMENT, "id: small", "id: Small",
        "x.yaml:2: id: String should match pattern '^[a-z0-9]+(-[a-z0-9]+)*$' (found 'Small')",
    ),
    "empty-text": (
        EnvironmentSpec, ENVIRONMENT, "title: Small", 'title: " "',
        "x.yaml:3: title: String should have at least 1 character (found ' ')",
    ),
    "data-file-in-another-folder": (
        LabSpec, LAB, "file: numbers.csv", "file: ../numbers.csv",
        r"x.yaml:10: data.0.file: String should match pattern "
        r"'^\.?[\w@+-][\w.@+-]*(/\.?[\w@+-][\w.@+-]*)*$' (found '../numbers.csv')",
    ),
    "points-not-100": (
        LabSpec, LAB, "points: 40", "points: 39.5",
        "x.yaml:1: the file: points add up to 99.5, not 100 (change the checks' points)",
    ),
    "task-id-twice": (
        LabSpec, LAB, "  - id: mean\n", "  - id: add\n",
        "x.yaml:1: the file: task id used twice: add (give each task an id of its own)",
    ),
    "check-id-twice": (
        LabSpec, LAB, "- id: means", "- id: adds",
        "x.yaml:1: the file: check id used twice: adds (give each check an id of its own)",
    ),
    "placeholder-unknown": (
        ServiceSpec, SERVICE, "${port.http}", "${port.grpc}",
        "x.yaml:1: the file: unknown placeholder ${port.grpc} (known: bind, data, files, port.http, secret.admin, "
        "peer.<need>.…)",
    ),
    "beside-is-no-need": (
        ServiceSpec, SERVICE, "endpoint: http", "endpoint: http\nbeside: [postgres]",
        "x.yaml:1: the file: beside names postgres, which needs does not (name it there, too)",
    ),
    "endpoint-is-no-port": (
        ServiceSpec, SERVICE, "endpoint: http", "endpoint: grpc",
        "x.yaml:1: the file: port 'grpc' is not among ports (name one of: http)",
    ),
    "probe-of-no-port": (
        ServiceSpec, SERVICE, "ready: {port: http", "ready: {port: grpc",
        "x.yaml:1: the file: port 'grpc' is not among ports (name one of: http)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spec", "text", "old", "new", "message"), SPEC_FAULTS.values(), ids=SPEC_FAULTS)
def test_value_that_the_schema_refuses(
    tmp_path: Path, spec: type[BaseModel], text: str, old: str, new: str, message: str
) -> None:
    """A value that breaks the schema is refused with its line, what was found and the fix."""
    assert text.count(old) == 1
    assert problems(tmp_path / "x.yaml", spec, text.replace(old, new)) == [message]


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    """An author mends all faults of a file in one go."""
    text = "schema: 1\nid: Small\ntitel: Small\npurpose: Nothing.\n"
    assert problems(tmp_path / "x.yaml", EnvironmentSpec, text) == [
        "x.yaml:2: id: String should match pattern '^[a-z0-9]+(-[a-z0-9]+)*$' (found 'Small')",
        "x.yaml:1: 'title' is missing (add it)",
        "x.yaml:3: unknown key 'titel' (did you mean 'title'?)",
    ]


def test_right_file_is_read_whole(tmp_path: Path) -> None:
    """What stands in the file is what the spec holds."""
    (tmp_path / "x.yaml").write_text(ENVIRONMENT + "preload: [numpy]\n", encoding="utf-8")
    assert load(tmp_path / "x.yaml", EnvironmentSpec).model_dump(by_alias=True) == {
        "schema": 1, "id": "small", "title": "Small", "purpose": "Nothing at all.", "preload": ("numpy",),
        "system": (),
    }  # fmt: skip
