"""The server extension in a real JupyterLab: who may ask, what is answered, and that a check can be watched and stopped."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from grader.course.tree import Course, Lab
from grader.jupyter.handlers import BUSY
from grader.jupyter.questions import QUESTIONS
from grader.tests.jupyter.conftest import LAB, SECONDS, TOKEN, Jupyter
from grader.tests.path.conftest import Command
from grader.tests.quiz.test_command import whys

pytestmark = pytest.mark.services
NOTEBOOK = f"{LAB}.ipynb"


def lines(response: requests.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.text.splitlines()]


def watched(jupyter: Jupyter) -> requests.Response:
    """A check that has begun to speak."""
    response = requests.post(
        f"{jupyter.url}/mlops/api/check", json={"lab": LAB}, headers={"Authorization": f"token {TOKEN}"}, stream=True,
        timeout=SECONDS,
    )  # fmt: skip
    assert response.raw.read(1) == b"{"
    return response


def checks(home: Path) -> list[psutil.Process]:
    """The processes that do a check with this home."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cmdline()[2:5] == ["-m", "grader.cli.entry", "check"] and process.environ()["MLOPS_HOME"] == str(home):
                found.append(process)
        except (psutil.Error, KeyError):
            continue
    return found


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_stranger_learns_nothing(jupyter: Jupyter, question: str) -> None:
    """Without the token each address says 403, and does nothing."""
    refused = jupyter.post(question, token="another", lab=LAB)
    assert (refused.status_code, "lab" in refused.json()) == (403, False)


@pytest.mark.parametrize("body", [{"lab": "--help"}, {"lab": 4}, {"backend": "docker"}, {"check": "a b"}, {"task": "../x"}])
def test_what_can_t_be_asked_is_refused(jupyter: Jupyter, body: dict[str, Any]) -> None:
    """Options, paths and unknown fields never reach the command."""
    assert jupyter.post("reset", **body).status_code == 400


def test_status_is_the_lab_and_its_place(jupyter: Jupyter, learner: Command, fresh: Path, lab04: Lab) -> None:
    """What `mlops status --json` says, and where in JupyterLab's file browser the notebook is."""
    answer = jupyter.post("status", lab=LAB).json()
    said = json.loads(learner("status", "04", "--json").stdout)
    if said["capstone"]:  # another test's
        said["capstone"]["place"] = None
    assert answer == {**said, "path": NOTEBOOK, "place": "", "checking": False}
    shown = answer["lab"]
    assert {name: shown[name] for name in ("id", "quiz", "folder", "notebook", "started", "services")} == {
        "id": LAB, "quiz": LAB, "folder": str(fresh), "notebook": str(fresh / NOTEBOOK), "started": True,
        "services": ["mlflow", "s3"],
    }  # fmt: skip
    assert [(task["id"], [check["id"] for check in task["checks"]]) for task in shown["tasks"]] == [
        (task.id, [check.id for check in task.checks]) for task in lab04.spec.tasks
    ]
    assert shown["accounts"].keys() == {"mlflow"}


def test_a_check_is_that_of_the_command(jupyter: Jupyter, learner: Command, fresh: Path) -> None:
    """Progress line by line, then the very object of `mlops check --json`; the terminal knows of it, too."""
    *said, last = lines(jupyter.post("check", lab=LAB))
    assert said[-1] == {"said": "running your notebook from top to bottom, then asking it questions …"}
    command = json.loads(learner("check", "--json").stdout)
    assert {**last["result"], "seconds": None} == {**command, "seconds": None}
    assert last["result"]["earned"] == 0
    status = jupyter.post("status", lab=LAB).json()
    assert (status["result"], "NotImplementedError" in status["checked"]["sweep"]) == (command, True)
    hinted = jupyter.post("hint", lab=LAB, check="reproduces").json()
    assert (hinted["check"], hinted["tier"]) == ("reproduces", 1)
    assert jupyter.post("hint", lab=LAB, check="nonsense").json()["message"].startswith(f"lab {LAB} has no check 'nonsense'")


def test_one_check_at_a_time_and_it_can_be_stopped(jupyter: Jupyter, learner: Command, fresh: Path) -> None:
    """A second one is refused while the first one runs; hanging up ends the first one's process, and a third one may run."""
    first = watched(jupyter)
    second = jupyter.post("check", lab=LAB)
    assert (second.status_code, second.json()) == (409, {"message": BUSY})
    assert len(checks(learner.home)) >= 1
    first.close()
    deadline = time.monotonic() + SECONDS
    while checks(learner.home) or jupyter.post("status", lab=LAB).json()["checking"]:
        assert time.monotonic() < deadline
    assert "result" in lines(jupyter.post("check", lab=LAB))[-1]


def test_reset_and_undo(jupyter: Jupyter, fresh: Path) -> None:
    """A task's starter comes back, and the learner's version after it."""
    text = (fresh / NOTEBOOK).read_text().replace("raise NotImplementedError", "return 4")
    (fresh / NOTEBOOK).write_text(text)
    assert jupyter.post("reset", lab=LAB, task="sweep").json()["task"] == "sweep"
    assert (fresh / NOTEBOOK).read_text() != text
    assert jupyter.post("undo", lab=LAB).status_code == 200
    assert (fresh / NOTEBOOK).read_text() == text


def test_a_quiz_tells_nothing_before_the_answer(jupyter: Jupyter, course: Course) -> None:
    """The question comes without what is right and why; after the answer both come; an answer to another one is refused."""
    quiz = course.quiz(LAB)
    turn = jupyter.post("quiz/new", quiz=LAB)
    assert [why for question in quiz.questions for why in whys(question) if why in turn.text] == []
    shown = turn.json()["question"]
    assert shown["id"] == quiz.questions[0].id
    verdict = jupyter.post("quiz/answer", quiz=LAB, question=shown["id"], answer="a").json()
    assert any(why in note["why"] for why in whys(quiz.questions[0]) for note in verdict["notes"])
    again = jupyter.post("quiz/answer", quiz=LAB, question=shown["id"], answer="b")
    assert (again.status_code, "does not wait for an answer" in again.json()["message"]) == (409, True)
    zebra = jupyter.post("quiz/answer", quiz=LAB, answer="zebra")
    assert (zebra.status_code, zebra.json()["message"][:24]) == (409, "there is no letter 'z' h")
    skipped = jupyter.post("quiz/skip", quiz=LAB, question=quiz.questions[1].id).json()
    assert (skipped["number"], skipped["answered"]) == (3, 1)


def test_services_and_progress(jupyter: Jupyter, learner: Command) -> None:
    """What `mlops ps` and `mlops progress` say."""
    services = {one["service"]: one for one in jupyter.post("services").json()["services"]}
    states = {name: services[name]["state"] for name in ("mlflow", "s3", "registry")}
    assert states == {"mlflow": "up", "s3": "up", "registry": "down"}
    assert requests.get(services["mlflow"]["url"], timeout=SECONDS).status_code in (200, 401)
    assert services["postgres"]["url"] is None
    assert jupyter.post("progress").json() == json.loads(learner("progress", "--json").stdout)


def test_a_lab_that_was_not_started_says_so(jupyter: Jupyter) -> None:
    """What to do next stands in the message."""
    status = jupyter.post("status", lab="00-overview").json()
    assert (status["lab"]["started"], status["result"]) == (False, None)
    assert lines(jupyter.post("check", lab="00-overview"))[-1]["message"].endswith("(start the lab first: mlops start 00)")
