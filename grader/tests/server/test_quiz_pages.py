"""A quiz answered by forms, without a script: every type of question, kept as it goes, handed in by the one way in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from grader.course.tree import Course
from grader.errors import BadInput
from grader.gradebook.blobs import FolderBlobs
from grader.gradebook.database import Database
from grader.gradebook.tables import Submission
from grader.quiz import handed_in
from grader.quiz.handed_in import seed_of
from grader.quiz.sheet import Sheet, sheet
from grader.tests.quiz import typed
from grader.tests.quiz.questions import QUIZ
from grader.tests.quiz.quizzed import quizzed
from grader.tests.server.school import School, ok
from grader.tests.server.test_pages import signed_in
from grader.tests.server.test_quizzes import FUTURE, PAST, SUMS, ask
from grader.web import answers

PLACE = "/courses/math/assignments/sums/quiz"
SEED = seed_of("math", "sums", "owner")
RIGHT = {question.id: typed.right(question, SEED) for question in QUIZ.questions}
SECRETS = ("why A", "why 1", "A product", "They count", "It is short", "git status", "Twice", "x * 2", "assert")
"""What would tell which answer is right, or why."""


@pytest.fixture
def quizzing(migrated_file: Path, small: Course, blobs: FolderBlobs, tmp_path: Path) -> School:
    """The quiz has a question of each type, and is asked for."""
    (tmp_path / "quizzing.db").write_bytes(migrated_file.read_bytes())
    school = School(Database(f"sqlite:///{tmp_path / 'quizzing.db'}"), quizzed(small), blobs)
    ask(school)
    return school


def sheets() -> list[Sheet]:
    return [sheet(question, SEED) for question in QUIZ.questions]


def form(shown: Sheet, answer: str) -> dict[str, str | list[str]]:
    """What a browser sends for an answer."""
    letters = re.findall(r"[a-z]", answer)
    if shown.type == "multiple":
        return {"answer": letters}
    if shown.type == "order":
        return {f"answer-{letter}": str(place) for place, letter in enumerate(letters, 1)}
    if shown.type == "match":
        return {f"answer-{pair[0]}": pair[1] for pair in answer.split()}
    return {"answer": answer}


def marked(page: str) -> dict[str, str]:
    """What a page's fields hold, as a browser would send it again."""
    found = {f"answer-{value}": value for value in re.findall(r'name="answer" value="(\w)" checked', page)}
    for name, options in re.findall(r'<select id="\S+" name="(answer-\w)">(.*?)</select>', page):
        found |= dict.fromkeys([name], *re.findall(r"<option selected>(\w+)<", options))
    return found


@pytest.mark.parametrize("shown", sheets(), ids=lambda shown: shown.type)
def test_a_form_says_what_would_have_been_typed(shown: Sheet) -> None:
    """And shows it again when the page is opened later."""
    sent = {name: value if isinstance(value, list) else [value] for name, value in form(shown, RIGHT[shown.id]).items()}
    read = answers.typed(shown, sent)
    assert read.split() == RIGHT[shown.id].split()
    flat = {name: values[0] for name, values in sent.items()}
    if shown.type in ("single", "output", "multiple"):
        flat = {f"answer-{letter}": letter for letter in sent["answer"]}
    assert answers.filled(shown, read) == flat


def test_places_that_two_share_are_told() -> None:
    """Before anything is kept."""
    shown = next(one for one in sheets() if one.type == "order")
    with pytest.raises(BadInput, match="a and c have the same place, 2"):
        answers.typed(shown, {"answer-a": ["2"], "answer-b": ["1"], "answer-c": ["2"], "answer-d": ["4"]})


def test_a_quiz_is_answered_by_forms(quizzing: School) -> None:
    """Each page leads to the next question without an answer; in another browser one goes on where one was; what is handed in
    is what a terminal would have handed in, and the same again is known as such."""
    client, token = signed_in(quizzing, "owner")
    assert f'href="{PLACE}"' in client.get("/courses/math/assignments/sums").text
    assert "Begin with question 1" in client.get(PLACE).text
    for number, shown in enumerate(sheets()[:3], 1):
        sent = form(shown, RIGHT[shown.id]) | {"csrf_token": token}
        answer = client.post(f"{PLACE}/{number}", data=sent)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PLACE}/{number + 1}?done=kept&number=0")
    client, token = signed_in(quizzing, "owner")
    assert ["3 of 8 questions have" in client.get(PLACE).text, "Go on with question 4" in client.get(PLACE).text] == [True] * 2
    for number, shown in list(enumerate(sheets(), 1))[3:]:
        answer = client.post(f"{PLACE}/{number}", data=form(shown, RIGHT[shown.id]) | {"csrf_token": token})
    assert answer.headers["location"] == f"{PLACE}?done=kept&number=0"
    for number, shown in enumerate(sheets(), 1):
        page = client.get(f"{PLACE}/{number}").text
        held = answers.filled(shown, answers.typed(shown, _lists(form(shown, RIGHT[shown.id]))))
        assert marked(page) == {name: value for name, value in held.items() if name != "answer"}
        if "answer" in held:
            assert f'name="answer"{" class=" if shown.line else " value="}' in page
    page = client.get(PLACE).text
    assert "Every question has an answer." in page
    key = re.search(r'name="key" value="(\w+)"', page)
    assert key is not None
    for _ in range(2):
        answer = client.post(PLACE, data={"csrf_token": token, "key": key[1]})
        assert (answer.status_code, answer.headers["location"]) == (303, "/submissions/1?done=handed-in&number=1")
    with quizzing.database.reading() as session:
        document = handed_in.parse(quizzing.blobs.get(session.get_one(Submission, 1).blob))
    assert {name: answer.split() for name, answer in document.answers.items()} == {n: a.split() for n, a in RIGHT.items()}
    assert (document.quiz, document.seed) == ("01-adding", SEED)
    page = client.get(PLACE).text
    assert ['These answers are handed in already: <a href="/submissions/1">' in page, "Hand in these" in page] == [True, False]


def _lists(sent: dict[str, str | list[str]]) -> dict[str, list[str]]:
    return {name: value if isinstance(value, list) else [value] for name, value in sent.items()}


def test_what_is_right_is_on_no_page(quizzing: School) -> None:
    """Nor in an answer of the API, whatever was sent; a fellow sees none of one's answers."""
    client, token = signed_in(quizzing, "owner")
    said = []
    for number, shown in enumerate(sheets(), 1):
        for value in ("", "zzz", "a", RIGHT[shown.id] if shown.type not in ("short", "fix") else "x"):
            said.append(client.post(f"{PLACE}/{number}", data={"answer": value, "csrf_token": token}).text)
        said.append(client.get(f"{PLACE}/{number}").text)
    said += [client.get(PLACE).text, quizzing.http("owner").get(f"{SUMS}/draft").text]
    assert {words for words in SECRETS for text in said if words in text} == set()
    assert ok(quizzing.http("fellow").get(f"{SUMS}/draft"))["answers"] == {}


def test_what_is_no_answer_is_told_on_its_page(quizzing: School) -> None:
    """With what was filled in; nothing is kept. What a door would refuse later is refused now."""
    client, token = signed_in(quizzing, "owner")

    def send(number: int, **sent: str | list[str]) -> tuple[int, str]:
        answer = client.post(f"{PLACE}/{number}", data={**sent, "csrf_token": token})
        return answer.status_code, answer.text

    status, page = send(1)
    assert (status, "This is no letter" in page or "this is no letter" in page) == (422, True)
    status, page = send(4, answer="a lot")
    assert (status, "&#39;a lot&#39; is no number" in page, 'value="a lot"' in page) == (422, True, True)
    status, page = send(5, **{"answer-a": "1", "answer-b": "1"})
    assert (status, "a and b have the same place, 1" in page, "<option selected>1<" in page) == (422, True, True)
    status, page = send(5, **{"answer-a": "1"})
    assert (status, "still to be placed" in page) == (422, True)
    status, page = send(8, answer="return eval('x')")
    assert (status, "a mended line may not use eval" in page) == (422, True)
    status, page = send(2, answer=["a", "zz"])
    assert (status, 'value="a" checked' in page) == (422, True)
    assert send(7, answer="x" * 2001)[0] == send(7, answer="x\ny")[0] == send(7, answer="x\0y")[0] == 422
    assert (client.get(f"{PLACE}/9").status_code, client.get(f"{PLACE}/0").status_code) == (404, 422)
    assert client.post(PLACE, data={"csrf_token": token}).status_code == 422
    assert ok(quizzing.http("owner").get(f"{SUMS}/draft"))["answers"] == {}
    assert client.post(f"{PLACE}/1", data={"answer": "a"}).status_code == 403


def test_an_answer_is_changed_and_taken_back(quizzing: School) -> None:
    """The last one given is kept; taken back, its question waits again."""
    client, token = signed_in(quizzing, "owner")
    for value in ("a", "b"):
        client.post(f"{PLACE}/1", data={"answer": value, "csrf_token": token})
    api = quizzing.http("owner")
    assert ok(api.get(f"{SUMS}/draft")) == {"quiz": "01-adding", "seed": SEED, "answers": {"q-single": "b"}}
    answer = client.post(f"{PLACE}/1", data={"take_back": "yes", "answer": "b", "csrf_token": token})
    assert answer.headers["location"] == f"{PLACE}/1?done=taken-back&number=0"
    assert "checked" not in client.get(f"{PLACE}/1").text
    assert ok(api.put(f"{SUMS}/draft/q-single", json={"answer": None}))["answers"] == {}


def test_an_answer_is_to_the_question_as_it_was(quizzing: School) -> None:
    """When its author changes it, the letter would mean something else: it is asked again. Others stay."""
    api = quizzing.http("owner")
    for name in ("q-single", "q-multiple"):
        ok(api.put(f"{SUMS}/draft/{name}", json={"answer": "a"}))
    file = quizzing.content.root / "quizzes" / "01-adding.yaml"
    text = file.read_text(encoding="utf-8")
    at = text.index("text A")
    file.write_text(f"{text[:at]}another text{text[at + 6 :]}", encoding="utf-8")
    assert list(ok(api.get(f"{SUMS}/draft"))["answers"]) == ["q-multiple"]


def test_nothing_is_asked_while_nothing_is_taken(quizzing: School) -> None:
    """Before it opens, and after it has closed: the page says why, and leads nowhere."""
    client, token = signed_in(quizzing, "owner")
    for rules, said in (({"opens_at": FUTURE}, "opens at 2100"), ({"due_at": PAST, "closes_at": PAST}, "closed at 2020")):
        ask(quizzing, **rules)
        pages = [client.get(PLACE), client.get(f"{PLACE}/1"), _kept(client, token)]
        assert [(page.status_code, said in page.text) for page in pages] == [(422, True)] * 3
        assert [words in client.get("/courses/math/assignments/sums").text for words in (said, PLACE)] == [True, False]


def _kept(client: TestClient, token: str) -> Any:
    return client.post(f"{PLACE}/1", data={"answer": "a", "csrf_token": token})


def test_a_lab_has_no_questions(quizzing: School) -> None:
    """And a quiz is asked for by the course's page."""
    client, token = signed_in(quizzing, "instructor")
    assert client.get("/courses/math/assignments/adding/quiz").status_code == 422
    assert '<option value="quiz 01-adding">' in client.get("/courses/math").text
    made = client.post(
        "/courses/math/assignments", data={"content": "quiz 01-adding", "name": "again", "csrf_token": token}
    )  # fmt: skip
    assert made.headers["location"] == "/courses/math/assignments/again?done=assigned&number=0"
    assert "Quiz: Adding" in client.get("/courses/math/assignments/again").text
