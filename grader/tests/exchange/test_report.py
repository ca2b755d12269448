"""Reports hold to the schemas of those who read them, and say what the result says: not run is never passed over."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema

from grader.errors import BadInput
from grader.exchange.ctrf import ctrf
from grader.exchange.junit import junit
from grader.exchange.report import Report, parse
from grader.result import CheckResult, Result, Seconds
from grader.spec.sample import Outcome
from grader.tests.gradebook.small_class import result

SCHEMAS = Path(__file__).with_name("schemas")
ENDED = datetime(2026, 3, 2, 12, tzinfo=UTC)
NASTY = 'a < b & "c" \x00\x1b[31m \ufffe \ud800 é 😀 ]]>'


def check(number: str, status: str, earned: float, found: str = "") -> CheckResult:
    return CheckResult.model_validate({
        "id": number, "task": "adding", "statement": "It adds.", "status": status, "earned": earned, "possible": 10,
        "expected": "3" if found else "", "found": found, "next": "Add." if found else "",
    })  # fmt: skip


def graded(*checks: CheckResult, outcome: Outcome = "finished", detail: str = "") -> Result:
    return Result(
        lab="01-adding", lab_version="v", submission="ann.zip", student="ann", submission_sha256="ab", outcome=outcome,
        detail=detail, earned=sum(c.earned for c in checks), possible=10.0 * len(checks), checks=checks,
        seconds=Seconds(queue=9, cells=1.5, checks=0.5),
    )  # fmt: skip


ALL = graded(
    check("c1", "passed", 10), check("c2", "partial", 5, "4"), check("c3", "failed", 0, NASTY), check("c4", "not_run", 0),
    check("c5", "unavailable", 0),
)  # fmt: skip
BROKEN = graded(outcome="grader_failed", detail=NASTY)
RESULTS = [[ALL], [ALL, BROKEN], [result({"adds": 60})], []]


@pytest.mark.parametrize("results", RESULTS)
def test_junit_holds_to_its_schema(results: list[Result]) -> None:
    """Whatever a student wrote."""
    xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd")).validate(junit(results, ENDED).decode())


@pytest.mark.parametrize("results", RESULTS)
def test_ctrf_holds_to_its_schema(results: list[Result]) -> None:
    """Whatever a student wrote."""
    schema = json.loads((SCHEMAS / "ctrf-schema-0.0.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(json.loads(ctrf(results, ENDED)))


def test_junit_says_what_the_result_says() -> None:
    """A part of the points is a failure, not run is an error, only what can't be checked here is skipped."""
    root = ElementTree.fromstring(junit([ALL, BROKEN], ENDED))
    first, second = root
    assert (root.attrib, first.attrib) == (
        {"tests": "6", "failures": "2", "errors": "2"},
        {
            "name": "01-adding · ann.zip", "tests": "5", "failures": "2", "errors": "1", "skipped": "1", "time": "2.000",
            "timestamp": "2026-03-02T12:00:00",
        },
    )  # fmt: skip
    assert {p.attrib["name"]: p.attrib["value"] for p in first.iter("property")} == {
        "lab": "01-adding", "lab_version": "v", "student": "ann", "submission_sha256": "ab", "outcome": "finished",
        "earned": "15", "possible": "50",
    }  # fmt: skip
    cases = [(c.attrib["classname"], c.attrib["name"], [(e.tag, e.attrib) for e in c]) for c in first.iter("testcase")]
    adding = "01-adding.adding"
    assert cases == [
        (adding, "c1", []),
        (adding, "c2", [("failure", {"type": "partial", "message": "5/10: It adds."})]),
        (adding, "c3", [("failure", {"type": "failed", "message": "0/10: It adds."})]),
        (adding, "c4", [("error", {"type": "not_run", "message": "0/10: It adds."})]),
        (adding, "c5", [("skipped", {"type": "unavailable", "message": "0/10: It adds."})]),
    ]
    assert first.findtext("testcase[2]/failure") == "expected: 3\nfound: 4\nnext: Add."
    assert [(c.attrib["name"], [e.tag for e in c]) for c in second.iter("testcase")] == [("grading", ["error"])]
    assert second.findtext("system-err") == r'a < b & "c" \x00\x1b[31m \ufffe ? é 😀 ]]>'


def test_ctrf_says_what_the_result_says() -> None:
    """The same, in its own words; points and feedback stand in `extra`."""
    results = json.loads(ctrf([ALL, BROKEN], ENDED))["results"]
    stop = 1772452800000
    assert results["summary"] == {
        "tests": 6, "passed": 1, "failed": 4, "skipped": 1, "pending": 0, "other": 0, "suites": 2, "start": stop - 4000,
        "stop": stop, "duration": 4000,
    }  # fmt: skip
    assert [(t["name"], t["status"], t["rawStatus"]) for t in results["tests"]] == [
        ("c1", "passed", "passed"), ("c2", "failed", "partial"), ("c3", "failed", "failed"), ("c4", "failed", "not_run"),
        ("c5", "skipped", "unavailable"), ("grading", "failed", "not_run"),
    ]  # fmt: skip
    assert results["tests"][1] == {
        "name": "c2", "status": "failed", "rawStatus": "partial", "duration": 0,
        "suite": ["01-adding", "ann.zip", "adding"], "message": "expected: 3; found: 4; next: Add.",
        "extra": {
            "statement": "It adds.", "earned": 5.0, "possible": 10.0, "expected": "3", "found": "4", "next": "Add.",
        },
    }  # fmt: skip
    assert [(g["submission"], g["outcome"], g["earned"]) for g in results["extra"]["graded"]] == [
        ("ann.zip", "finished", 15), ("ann.zip", "grader_failed", 0),
    ]  # fmt: skip


def test_a_report_is_asked_for_by_kind_and_file(tmp_path: Path) -> None:
    """Anything else is refused before anything is graded; a file that can't be is refused without a trace."""
    assert parse("junit:a/b:c.xml") == Report("junit", Path("a/b:c.xml"))
    for wrong in ("junit", "junit:", "tap:x", ""):
        with pytest.raises(BadInput, match=r"there is no report .* \(junit:FILE; ctrf:FILE\)"):
            parse(wrong)
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="the report can't be written to"):
        Report("junit", tmp_path / "file" / "x.xml").write([ALL], ENDED)
    Report("junit", tmp_path / "new" / "x.xml").write([ALL], ENDED)
    assert [(tmp_path / "new" / "x.xml").read_bytes()] == [junit([ALL], ENDED)]
    assert [f.name for f in (tmp_path / "new").iterdir()] == ["x.xml"]
