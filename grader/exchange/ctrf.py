"""Results as a CTRF document (Common Test Report Format 0.0, ctrf.io): a test a check; points and feedback are its `extra`.

CTRF wants a duration of each test. We measure the checks of a submission together, so a test's own is 0, as the format asks
of those who don't know it; the summary's is the run's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from grader.result import CheckResult, Result

SPEC = "0.0.0"
STATUSES = {"passed": "passed", "partial": "failed", "failed": "failed", "not_run": "failed", "unavailable": "skipped"}
KNOWN = ("passed", "failed", "skipped", "pending", "other")


def ctrf(results: Sequence[Result], ended: datetime) -> bytes:
    """The document, as UTF-8."""
    tests = [_test(result, check) for result in results for check in result.checks]
    tests += [_ungraded(result) for result in results if not result.checks]
    counts = Counter(test["status"] for test in tests)
    took = round(1000 * sum(result.seconds.cells + result.seconds.checks for result in results))
    stop = round(ended.timestamp() * 1000)
    summary = {
        "tests": len(tests), **{status: counts[status] for status in KNOWN}, "suites": len(results),
        "start": stop - took, "stop": stop, "duration": took,
    }  # fmt: skip
    graded = [
        {
            "lab": result.lab, "lab_version": result.lab_version, "submission": result.submission, "student": result.student,
            "submission_sha256": result.submission_sha256, "outcome": result.outcome, "detail": result.detail,
            "earned": result.earned, "possible": result.possible, "flags": list(result.flags),
        }
        for result in results
    ]  # fmt: skip
    report = {"tool": {"name": "mlops"}, "summary": summary, "tests": tests, "extra": {"graded": graded}}
    document = {"reportFormat": "CTRF", "specVersion": SPEC, "generatedBy": "mlops", "results": report}
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def _test(result: Result, check: CheckResult) -> dict[str, Any]:
    said = {"expected": check.expected, "found": check.found, "next": check.next}
    test = {
        "name": check.id, "status": STATUSES[check.status], "rawStatus": check.status, "duration": 0,
        "suite": [result.lab, result.submission, check.task],
        "extra": {"statement": check.statement, "earned": check.earned, "possible": check.possible, **said},
    }  # fmt: skip
    words = "; ".join(f"{name}: {words}" for name, words in said.items() if words)
    return {**test, "message": words} if words and check.status != "passed" else test


def _ungraded(result: Result) -> dict[str, Any]:
    """Stands for a grading that came to no check at all: a report without tests would read as a pass."""
    return {
        "name": "grading", "status": "failed", "rawStatus": "not_run", "duration": 0, "suite": [result.lab, result.submission],
        "message": result.detail or result.outcome,
    }  # fmt: skip
