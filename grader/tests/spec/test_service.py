"""A service's placeholders: known ones only, and all of them filled in."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from grader.spec.service import ServiceSpec

SPEC: dict[str, Any] = {
    "schema": 1, "id": "web", "title": "Web", "environment": "servers", "needs": ["db"],
    "ports": {"http": 8000, "metrics": 8001}, "endpoint": "http", "secrets": ["admin"],
    "command": ["web", "${bind}:${port.http}", "${data}/x"],
    "variables": {"DB": "db://${peer.db.secret.admin}@${peer.db.host}:${peer.db.port}", "HOME": "$HOME"},
    "files": {"web.ini": "secret=${secret.admin}\nmetrics=${port.metrics}\nhere=${files}\n"},
    "setup": [{"creates": "x", "run": ["init", "${data}"]}], "ready": {"port": "http", "http": "/health"},
}  # fmt: skip
VALUES = {
    "bind": "127.0.0.1", "data": "/d", "files": "/f", "port.http": "1", "port.metrics": "2", "secret.admin": "s3cret",
    "peer.db.host": "h", "peer.db.port": "3", "peer.db.secret.admin": "dbs3cret",
}  # fmt: skip


def test_render_fills_in_every_placeholder() -> None:
    """Nothing is left to fill in, in command, variables, files and set-up; a plain `$NAME` is no placeholder."""
    assert ServiceSpec.model_validate(SPEC).render(VALUES).model_dump() == {
        "command": ("web", "127.0.0.1:1", "/d/x"),
        "variables": {"DB": "db://dbs3cret@h:3", "HOME": "$HOME"},
        "files": {"web.ini": "secret=s3cret\nmetrics=2\nhere=/f\n"},
        "setup": ({"creates": "x", "run": ("init", "/d")},),
    }


def test_value_of_a_placeholder_is_not_read_again() -> None:
    """A secret that looks like a placeholder stays as it is."""
    rendered = ServiceSpec.model_validate(SPEC).render({**VALUES, "bind": "${data}"})
    assert rendered.command == ("web", "${data}:1", "/d/x")


def test_render_without_a_value_is_an_error() -> None:
    """A placeholder is never left empty in silence."""
    with pytest.raises(KeyError, match=r"port\.http"):
        ServiceSpec.model_validate(SPEC).render({name: value for name, value in VALUES.items() if name != "port.http"})


@pytest.mark.parametrize(
    "name",
    ["port.grpc", "secret.root", "peer.cache.host", "peer.db", "peer.db.hosts", "peer.db.secret", "peer.db.secret.a.b", "x"],
)
@pytest.mark.parametrize("place", ["command", "variables", "files", "setup"])
def test_unknown_placeholder_is_refused(name: str, place: str) -> None:
    """A placeholder that no backend would fill in is refused when the file is read, wherever it stands."""
    text = f"a ${{{name}}}"
    values: dict[str, Any] = {
        "command": [text], "variables": {"A": text}, "files": {"a": text}, "setup": [{"creates": "x", "run": [text]}],
    }  # fmt: skip
    with pytest.raises(ValidationError) as error:
        ServiceSpec.model_validate({**SPEC, place: values[place]})
    known = "bind, data, files, port.http, port.metrics, secret.admin, peer.<need>.…"
    assert [e["msg"] for e in error.value.errors()] == [f"Value error, unknown placeholder ${{{name}}} (known: {known})"]
