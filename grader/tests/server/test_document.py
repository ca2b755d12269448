"""The API keeps to its OpenAPI document, whatever is sent: schemathesis makes requests from it, good and bad."""

from __future__ import annotations

import os
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from grader.tests.server.school import School

EXAMPLES = 6
"""Of each operation; `MLOPS_EXAMPLES` asks for more."""


@pytest.fixture
def worked(light: School) -> School:
    light.hand_in("owner")
    light.grade({"adds": 60})
    light.said(1)
    light.hand_in("owner", "other")
    light.kill()
    return light


def test_no_request_is_a_fault_of_ours(worked: School) -> None:
    """No 5xx, and each answer is of the type and form that the document says, as its admin and as a student."""
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", worked.app)
    rounds = int(os.environ.get("MLOPS_EXAMPLES", EXAMPLES))
    tokens = [{"Authorization": f"Bearer {worked.token(who)}"} for who in ("root", "owner")]
    asked = 0
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # an error would be raised by itself

        @hypothesis.given(case=operation.as_strategy())
        @hypothesis.settings(
            max_examples=rounds, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )  # fmt: skip
        def ask(case: schemathesis.Case[Any]) -> None:
            nonlocal asked
            for token in tokens:
                asked += 1
                answer = case.call(headers=token)
                case.validate_response(
                    answer, checks=[not_a_server_error, content_type_conformance, response_schema_conformance]
                )  # fmt: skip

        ask()
    assert asked > 300
