"""A kernel's side of a question, without the kernel: runs the same source text on a namespace of this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.checks import Lab
from grader.checks.lab import Run
from grader.course.tree import Course
from grader.course.tree import Lab as LabFolder
from grader.run import questions
from grader.run.evidence import CellRecord, Evidence
from grader.run.questions import Witness

MIME = "application/x-test"


def reply(namespace: Mapping[str, Any], question: Mapping[str, Any], cap: int = questions.MAX_ANSWER) -> Any:
    """What `answer.py` sends back for this question about a notebook with these globals."""
    sent = json.loads(json.dumps({**question, "mime": MIME, "cap": cap}))
    names: dict[str, Any] = {"question": sent, "namespace": namespace}
    exec(questions._source(), names)
    return names["answer"]._repr_mimebundle_()[MIME]


class InProcess(Witness):
    """A witness that never leaves this process."""

    def __init__(self, **namespace: Any) -> None:
        self.namespace = namespace

    def _ask(self, question: dict[str, Any]) -> Any:
        content = reply(self.namespace, question)
        if "value" in content:
            return questions._parse(content["value"])
        raise questions._problem(content, question["name"], 60)


def lab_with(course: Course, folder: LabFolder, check: str = "adds", cell: CellRecord | None = None, **namespace: Any) -> Lab:
    """What check `check` holds in its hand when the notebook's globals are these."""
    cells = {} if cell is None else {cell.id: cell}
    evidence = Evidence("finished", "", cells, Path("notebook.ipynb"), 0.1)
    witness = InProcess(**namespace)
    run = Run(seed=7, parameters={"seed": 7}, files={})
    return Lab(course, folder, run, evidence, witness, {}, lambda _: witness, check)
