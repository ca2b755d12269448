"""Results as JUnit XML: a suite a submission, a case a check. It holds to the schema that Jenkins publishes (junit-10.xsd).

JUnit knows no points: a check that earned a part of its points is a failure, and the points are properties of the suite. What
was not run earned nothing, so it is an error, never skipped; only what this machine can't check is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from grader.result import CheckResult, Result

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold, escaped or not."""
TAGS = {"failed": "failure", "partial": "failure", "not_run": "error", "unavailable": "skipped"}


def junit(results: Sequence[Result], ended: datetime) -> bytes:
    """The report, as UTF-8."""
    suites = [_suite(result, ended) for result in results]
    root = ElementTree.Element("testsuites", _totals(suites))
    root.extend(suites)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _totals(suites: Sequence[ElementTree.Element]) -> dict[str, str]:
    return {name: str(sum(int(suite.attrib[name]) for suite in suites)) for name in ("tests", "failures", "errors")}


def _suite(result: Result, ended: datetime) -> ElementTree.Element:
    cases = [_case(result.lab, check) for check in result.checks] or [_case(result.lab, _whole(result))]
    count = {tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error", "skipped")}
    suite = ElementTree.Element(
        "testsuite", name=_text(f"{result.lab} · {result.submission}"), tests=str(len(cases)), failures=str(count["failure"]),
        errors=str(count["error"]), skipped=str(count["skipped"]), time=f"{result.seconds.cells + result.seconds.checks:.3f}",
        timestamp=ended.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
    )  # fmt: skip
    about = {
        "lab": result.lab, "lab_version": result.lab_version, "student": result.student or "",
        "submission_sha256": result.submission_sha256, "outcome": result.outcome, "earned": f"{result.earned:g}",
        "possible": f"{result.possible:g}",
    }  # fmt: skip
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in about.items():
        ElementTree.SubElement(properties, "property", name=name, value=_text(value))
    suite.extend(cases)
    if result.detail or result.flags:
        ElementTree.SubElement(suite, "system-err").text = _text("\n".join(filter(None, [result.detail, *result.flags])))
    return suite


def _whole(result: Result) -> CheckResult:
    """Stands for a grading that came to no check at all: a report without cases would read as a pass."""
    return CheckResult(
        id="grading", task="grading", statement="The submission is graded.", status="not_run", earned=0, possible=0,
        expected="a verdict", found=result.detail or result.outcome,
    )  # fmt: skip


def _case(lab: str, check: CheckResult) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=_text(f"{lab}.{check.task}"), name=_text(check.id))
    tag = TAGS.get(check.status)
    if tag is not None:
        message = f"{check.earned:g}/{check.possible:g}: {check.statement}"
        why = ElementTree.SubElement(case, tag, type=check.status, message=_text(message))
        lines = (("expected", check.expected), ("found", check.found), ("next", check.next))
        why.text = _text("\n".join(f"{name}: {said}" for name, said in lines if said))
    return case


def _text(text: str) -> str:
    return FORBIDDEN.sub(lambda match: match[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)
