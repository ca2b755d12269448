"""Every page with every role; forms without a script; what a page shows and what it must not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from starlette.testclient import TestClient

from grader.accounts import links
from grader.grading import samples
from grader.tests import small_course
from grader.tests.gradebook.small_class import LAB
from grader.tests.server.school import PEOPLE, School
from grader.tests.server.test_accounts import PASSWORD, link_for
from grader.tests.server.test_roles import GRADER, INSTRUCTOR, LATER, RANKS, REASON, STUDENT, on_sqlite, with_work
from grader.web import evidence
from grader.web.install import PAGES
from grader.web.pages import courses

__all__ = ["on_sqlite"]
COURSE, ASKED, ONE = "/courses/{course}", "/courses/{course}/assignments/{assignment}", "/submissions/{submission}"
OPEN = {"GET /sign-in", "POST /sign-in", "GET /set-up", "POST /set-up"}
OWN = {"GET /", "GET /account", "POST /account", "POST /sign-out"}
TOKENS = {"GET /account/tokens", "POST /account/tokens", "POST /account/tokens/{token}/revoke"}
"""For whoever is signed in; not for a token."""
SITE = {"POST /courses": {"name": "new", "title": "New"}}
MINUTE = "2030-01-01T00:00"
FILE = {"file": "work"}
IN_COURSE: dict[str, tuple[str, Any]] = {
    f"GET {COURSE}": (STUDENT, None),
    f"POST {COURSE}/assignments": (INSTRUCTOR, {"name": "adding", "content": f"lab {LAB}", "due_at": MINUTE}),
    f"GET {ASKED}": (STUDENT, None),
    f"POST {ASKED}/extensions": (INSTRUCTOR, {"person": "owner", "due_at": MINUTE, "reason": LATER["reason"]}),
    f"POST {ASKED}/submissions": (STUDENT, FILE),
    f"GET {COURSE}/progress": (STUDENT, None),
    f"GET {ASKED}/quiz": (STUDENT, None),
    f"POST {ASKED}/quiz": (STUDENT, {}),
    f"GET {ASKED}/quiz/{{number}}": (STUDENT, None),
    f"POST {ASKED}/quiz/{{number}}": (STUDENT, {"answer": "a"}),
    f"GET {ASKED}/similarity": (INSTRUCTOR, None),
    f"GET {ASKED}/similarity/{{one}}/{{other}}": (INSTRUCTOR, None),
    f"GET {COURSE}/scores": (GRADER, None),
    f"GET {COURSE}/queue": (INSTRUCTOR, None),
    f"POST {COURSE}/queue/{{job}}/retry": (INSTRUCTOR, {}),
    f"GET {COURSE}/people": (GRADER, None),
    f"POST {COURSE}/people": (INSTRUCTOR, {"name": "new"}),
    f"POST {COURSE}/people/import": (INSTRUCTOR, {"file": "list"}),
    f"POST {COURSE}/people/{{person}}/link": (INSTRUCTOR, {}),
    f"GET {ASKED}/release": (INSTRUCTOR, None),
    f"POST {ASKED}/release": (INSTRUCTOR, {"seen": "not this"}),
    f"POST {ASKED}/regrade": (INSTRUCTOR, REASON),
    f"POST {ASKED}/reveal": (INSTRUCTOR, {}),
}
"""The lowest role that may, and what the form sends."""
OF_SUBMISSION: dict[str, tuple[str, Any]] = {
    f"GET {ONE}": (STUDENT, None),
    f"GET {ONE}/notebook": (GRADER, None),
    f"POST {ONE}/marks": (GRADER, {"check": "adds", "points": "5", "reason": "because"}),
    f"POST {ONE}/comments": (GRADER, {"words": "good"}),
    f"POST {ONE}/regrade": (INSTRUCTOR, REASON),
    f"POST {ONE}/release": (INSTRUCTOR, {"seen": "not this"}),
}
"""The same; for a student it must be their own."""
RETRY = f"POST {COURSE}/queue/{{job}}/retry"
PROGRESS = f"GET {COURSE}/progress"
"""Only students have it."""
HANDED_IN = f"POST {ASKED}/quiz"


def operations() -> set[str]:
    """`METHOD /path` of every page."""
    routers = [*(pages.router for pages in PAGES), courses.uploading]
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return {f"{method} {route.path}" for route in routes for method in route.methods or ()}


def person(school: School, who: str | None) -> TestClient:
    """A browser in which somebody is signed in, which follows no redirect by itself."""
    client = school.http(who)
    client.headers["Accept"] = "text/html"
    client.follow_redirects = False
    return client


def address(path: str) -> str:
    """With what is the owner's; only one assignment is a quiz."""
    asked = "sums" if "/quiz" in path else "adding"
    return path.format(
        course="math", assignment=asked, person="owner", submission=1, job=2, token=1, number=1, one=1, other=2
    )  # fmt: skip


def ask(school: School, client: TestClient, operation: str, form: Any = None) -> Any:
    """Ask for what is the owner's."""
    method, path = operation.split(" ")
    path = address(path)
    if form is not None and "file" in form:
        content = school.bundle("another") if form["file"] == "work" else b"name,role\nzed,student\n"
        return client.request(method, path, files={form["file"]: ("a-file", content)})
    return client.request(method, path, data=form)


def test_every_page_is_known_here() -> None:
    """A new page must be put in one of the sets, and so is tested with every role."""
    assert operations() == OPEN | OWN | TOKENS | set(SITE) | set(IN_COURSE) | set(OF_SUBMISSION)


def test_nobody_sees_a_page_without_a_name(on_sqlite: School) -> None:
    """They are led to the way in, or told."""
    client = person(on_sqlite, None)
    asked = {**IN_COURSE, **OF_SUBMISSION, **dict.fromkeys(OWN | TOKENS | set(SITE), (STUDENT, None))}
    answers = {operation: ask(on_sqlite, client, operation, form) for operation, (_, form) in asked.items()}
    expected = {o: 303 if o.startswith("GET") else 401 for o in asked}
    assert {o: a.status_code for o, a in answers.items()} == expected
    assert {a.headers["location"][:8] for o, a in answers.items() if o.startswith("GET")} == {"/sign-in"}


@pytest.mark.parametrize("who", ["stranger", "elsewhere"])
def test_another_course_does_not_exist(on_sqlite: School, who: str) -> None:
    """404 for every page of a course that one is not in."""
    client = person(on_sqlite, who)
    answers = {o: ask(on_sqlite, client, o, form) for o, (_, form) in {**IN_COURSE, **OF_SUBMISSION}.items()}
    assert {o: a.status_code for o, a in answers.items() if a.status_code != 404} == {}
    assert {o for o, a in answers.items() if "owner" in a.text} == set()


def test_a_fellow_student_s_work_does_not_exist(on_sqlite: School) -> None:
    """404 for every page of it; no other page names its owner or what was said of it."""
    client = person(on_sqlite, "fellow")
    answers = {o: ask(on_sqlite, client, o, form) for o, (_, form) in OF_SUBMISSION.items()}
    assert {o: a.status_code for o, a in answers.items()} == dict.fromkeys(OF_SUBMISSION, 404)
    answers = {o: ask(on_sqlite, client, o, form) for o, (_, form) in IN_COURSE.items()} | {"GET /": client.get("/")}
    assert {o for o, a in answers.items() if "owner" in a.text or "well done" in a.text} == set()


@pytest.mark.parametrize("who", ["owner", "fellow", "grader", "instructor", "head", "root"])
def test_a_role_may_what_it_may(light: School, who: str) -> None:
    """Pages and what follows a form for what the role may, 403 for what it may not; a dead letter of somebody else's does not
    exist for who is a student."""
    school = with_work(light)
    client, rank = person(school, who), RANKS["admin"] if who == "root" else RANKS[PEOPLE[who][1]]
    asked = {**IN_COURSE, **(OF_SUBMISSION if who != "fellow" else {})}
    found = {operation: ask(school, client, operation, form).status_code for operation, (_, form) in asked.items()}
    expected = {}
    for operation, (lowest, _) in asked.items():
        good = 200 if operation.startswith("GET") or operation.endswith("/link") else 303
        good = 409 if operation.endswith("/release") and operation.startswith("POST") else good
        expected[operation] = good if rank >= RANKS[lowest] else 403
    if who == "fellow":
        expected[RETRY] = 404
    if rank > 0:
        expected[PROGRESS] = 404
    expected[HANDED_IN] = 422  # nothing is answered yet
    if who == "root":
        expected[f"POST {ASKED}/submissions"] = 422  # they are in no course
    assert found == expected


def test_only_the_service_s_admin_makes_courses(light: School) -> None:
    """By the form that only they are shown."""
    found = {
        who: ask(light, person(light, who), "POST /courses", SITE["POST /courses"]).status_code for who in ("head", "root")
    }
    assert found == {"head": 403, "root": 303}
    assert ["A new course" in person(light, who).get("/").text for who in ("head", "root")] == [False, True]


def signed_in(school: School, name: str) -> tuple[TestClient, str]:
    """A browser that was signed in by a link, and its pages' token."""
    client = person(school, None)
    answer = client.post("/sign-in", data={"link": f"http://x/sign-in#{link_for(school, name)}"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    found = re.search(r'name="csrf_token" value="(\w+)"', client.get("/account").text)
    assert found is not None
    return client, found[1]


def test_signing_in_by_a_page(light: School) -> None:
    """A link leads to choosing a password; a wrong password is told on the same page; one is led to where one wanted to go, and
    to no other site; signing out ends it."""
    client, token = signed_in(light, "owner")
    assert client.post("/account", data={"password": PASSWORD}).status_code == 403
    assert "too easy" in client.post("/account", data={"password": "aaaaaaaaaaaa", "csrf_token": token}).text
    done = client.post("/account", data={"password": PASSWORD, "csrf_token": token})
    assert done.headers["location"] == "/account?done=password&number=0"
    assert client.post("/sign-out", data={"csrf_token": token}).headers["location"] == "/sign-in"
    assert client.get("/account").headers["location"] == "/sign-in?next=/account"
    wrong = client.post("/sign-in", data={"name": "owner", "password": "a wrong one", "next": "/account"})
    assert (wrong.status_code, "the name or the password is wrong" in wrong.text, 'value="/account"' in wrong.text) == (
        401, True, True,
    )  # fmt: skip
    for wanted, led in (("/submissions/1", "/submissions/1"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("x", "/")):
        answer = client.post("/sign-in", data={"name": "owner", "password": PASSWORD, "next": wanted})
        assert (answer.status_code, answer.headers["location"]) == (303, led)


def test_tokens_by_a_page(light: School) -> None:
    """A new one is shown by the answer to its form, once, and works; ended, it doesn't. Who only studies is offered no scope of
    who teaches. A new password ends all, where its box is left as it was."""
    client, token = signed_in(light, "owner")
    place, csrf = "/account/tokens", {"csrf_token": token}
    assert [words in client.get(place).text for words in ("scope-submit", "scope-teach", "You have none")] == [
        True,
        False,
        True,
    ]
    assert "scope-teach" in signed_in(light, "grader")[0].get(place).text
    sent = {**csrf, "label": "my <laptop>", "scope-read": "yes", "days": "7"}
    nothing = client.post(place, data={**csrf, "label": "x", "days": "7"})
    assert (nothing.status_code, "a token needs scopes" in nothing.text) == (422, True)
    made = client.post(place, data=sent)
    [secret] = re.findall(r"mlops_[\w-]{40,}", made.text)
    assert (made.status_code, "my &lt;laptop&gt;" in made.text) == (200, True)
    shown = client.get(place).text
    assert [words in shown for words in (secret, "my &lt;laptop&gt;", ">never<")] == [False, True, True]
    program = light.http()
    program.headers["Authorization"] = f"Bearer {secret}"
    assert program.get("/api/v1/courses").status_code == 200
    assert ">never<" not in client.get(place).text
    [number] = re.findall(r'action="/account/tokens/(\d+)/revoke"', client.get(place).text)
    fellow, theirs = signed_in(light, "fellow")
    assert fellow.post(f"{place}/{number}/revoke", data={"csrf_token": theirs}).status_code == 404
    done = client.post(f"{place}/{number}/revoke", data=csrf)
    assert (done.headers["location"], program.get("/api/v1/courses").status_code) == (f"{place}?done=revoked&number=0", 401)
    kept = light.http("owner")
    box = {"revoke_tokens": "yes"} if 'name="revoke_tokens" value="yes" checked' in client.get("/account").text else {}
    client.post("/account", data={**csrf, "password": PASSWORD})
    assert kept.get("/api/v1/courses").status_code == 200
    client.post("/account", data={**csrf, **box, "password": PASSWORD})
    assert kept.get("/api/v1/courses").status_code == 401


@pytest.mark.parametrize("who", ["owner", "instructor", "root"])
def test_a_token_has_no_page_of_tokens(light: School, who: str) -> None:
    """Nor makes one, nor ends one."""
    client = person(light, who)
    assert {o: ask(light, client, o, {} if o[0] == "P" else None).status_code for o in TOKENS} == dict.fromkeys(TOKENS, 403)


def test_the_first_admin_by_a_page(light: School) -> None:
    """With the link that the service printed, whole or its secret alone; what is wrong is told on the same page."""
    with light.database.writing() as session:
        session.execute(text("UPDATE account SET site_admin = :no"), {"no": False})
        link = links.make_set_up(session, light.database.now(session))[0]
    client, form = person(light, None), {"link": f"http://x/set-up#{link}", "name": "first"}
    wrong = client.post("/set-up", data={**form, "password": "short"})
    assert (wrong.status_code, "a password has 10" in wrong.text, 'value="first"' in wrong.text) == (422, True, True)
    assert client.post("/set-up", data={**form, "password": PASSWORD}).headers["location"] == "/"
    assert "A new course" in client.get("/").text


def test_another_site_s_page_can_not_sign_in(light: School) -> None:
    """Nor make the first admin."""
    for place in ("/sign-in", "/set-up"):
        answer = person(light, None).post(place, data={"link": "x"}, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403


def test_pages_run_no_script_of_their_own(on_sqlite: School) -> None:
    """No inline script, style or handler is in any page: the policy would stop it."""
    client = person(on_sqlite, "instructor")
    places = ["/", "/sign-in", "/set-up", "/account", "/nothing"]
    places += [address(o.split(" ")[1]) for o in (*IN_COURSE, *OF_SUBMISSION) if o[0] == "G"]
    answers = {place: client.get(place) for place in places}
    answers["tokens"] = signed_in(on_sqlite, "owner")[0].get("/account/tokens")
    inline = re.compile(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)
    assert {place: inline.findall(answer.text) for place, answer in answers.items() if inline.search(answer.text)} == {}
    assert {a.headers["content-security-policy"].split(";")[1] for a in answers.values()} == {" script-src 'self'"}


def test_what_students_write_is_words() -> None:
    """HTML in a notebook, in its outputs and in a name is shown and not run; only pictures that are pictures are drawn."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    png = "iVBORw0KGgoAAAANSUhEUg=="
    outputs = [
        {"output_type": "display_data", "data": {"text/html": evil, "text/plain": "a table", "image/svg+xml": evil}},
        {"output_type": "stream", "name": "stdout", "text": [evil, "\x1b[31mred"]},
        {"output_type": "display_data", "data": {"image/png": png}},
        {"output_type": "display_data", "data": {"image/png": 'x" onerror="alert(1)', "text/plain": "no picture"}},
        {"output_type": "error", "ename": "E", "evalue": evil, "traceback": [evil]},
    ]

    cells = [{"cell_type": "code", "source": [evil], "outputs": outputs}, {"cell_type": "markdown", "source": evil}]
    found = evidence.Shown(True, tuple(evidence.cells(json.dumps({"cells": cells}).encode())))
    assert [[(o.kind, o.content) for o in cell.outputs] for cell in found.cells] == [
        [("text", "a table"), ("text", f"{evil}red"), ("picture", png), ("text", "no picture"), ("error", evil)], [],
    ]  # fmt: skip
    assert list(evidence.cells(b"[1]")) == list(evidence.cells(b"\xff")) == list(evidence.cells(b'{"cells": 3}')) == []


def test_a_class_from_a_file(light: School) -> None:
    """All of it or, where a line can't be used, nobody; the message names the line."""
    client = person(light, "instructor")

    def send(content: bytes) -> Any:
        return client.post("/courses/math/people/import", files={"list": ("class.csv", content)})

    good = 'name,full_name,email\nzed,Zed Zed,zed@example.org\nyan,"Yan, Y",\n'.encode("utf-8-sig")
    assert send(good).headers["location"] == "/courses/math/people?done=enrolled&number=2"
    shown = client.get("/courses/math/people?done=enrolled&number=2").text
    assert [words in shown for words in ("2 people are in the course", "Yan, Y", "zed@example.org")] == [True] * 3
    for content, words in (
        (b"who\nann\n", "does not name its columns"),
        (b"name\nabe\n../x\n", "line 3: &#39;../x&#39; can&#39;t be a name"),
        (b"name,role\nabe,king\n", "line 2: role: input should be"),
        (b"name,role\nabe,instructor\n", "line 2: abe: you may not give"),
        (b"\xff\xfe", "no csv file"),
        (b"name\n", "nobody is in the file"),
        (b"name\nabe,x\n", "line 2: it has more columns"),
    ):
        answer = send(content)
        assert (answer.status_code in (403, 422), words in answer.text.lower()) == (True, True), (content, answer.text)
    assert ">abe<" not in client.get("/courses/math/people").text


def test_handing_in_by_a_form(light: School) -> None:
    """Without a script. The form sent twice is one request; no file, and what is no work, is told."""
    client, token = signed_in(light, "owner")
    place, work = "/courses/math/assignments/adding", samples.solution(light.content.lab(LAB))[0].notebook
    page = client.get(place).text
    key = re.search(r'name="key" value="(\w+)"', page)
    assert key is not None
    form = {"csrf_token": token, "key": key[1]}
    for _ in range(2):
        answer = client.post(f"{place}/submissions", data=form, files={"work": ("01-adding.ipynb", work)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/submissions/1?done=handed-in&number=1")
    shown = client.get(answer.headers["location"]).text
    assert ["receipt 1" in shown, "waits to be graded" in shown, "data-events" in shown] == [True] * 3
    nothing = client.post(f"{place}/submissions", data=form, files={"work": ("", b"")})
    assert (nothing.status_code, "No file was chosen" in nothing.text) == (422, True)
    wrong = client.post(f"{place}/submissions", data=form, files={"work": ("x", b"nonsense")})
    assert (wrong.status_code, "neither a notebook nor a zip file" in wrong.text) == (422, True)
    assert client.post(f"{place}/submissions", data={"key": "k" * 9}, files={"work": ("x", work)}).status_code == 403


def test_only_what_was_seen_is_released(light: School) -> None:
    """A result that came after the page was opened is not released by its button; the page opened again releases it."""
    light.rules(released_at_once=False)
    light.hand_in("owner")
    light.grade({"adds": 60})
    client, place, one = person(light, "instructor"), "/courses/math/assignments/adding/release", "/submissions/1"

    def seen(path: str) -> dict[str, str]:
        found = re.search(r'name="seen" value="(\w+)"', client.get(path).text)
        return {"seen": found[1] if found else ""}

    old = seen(place)
    light.hand_in("fellow")
    light.grade({"means": 40})
    assert client.post(place, data=old).status_code == 409
    assert client.post(f"{one}/release", data={"seen": "2"}).status_code == 409
    assert "first result" in client.get(place).text
    assert client.post(f"{one}/release", data=seen(one)).headers["location"] == "/submissions/1?done=released&number=1"
    ended = client.post(place, data=seen(place)).headers["location"]
    assert ended == "/courses/math/assignments/adding?done=released&number=1"
    assert "every result there is has been released" in client.get(place).text


def test_hidden_checks_are_on_no_page(light: School) -> None:
    """Before they are revealed."""
    small_course.edit(light.content, small_course.LAB_YAML, "      - id: means\n", "      - id: means\n        hidden: true\n")
    light.hand_in("owner")
    light.grade({"adds": 60, "means": 10})
    owner = person(light, "owner")
    pages = [owner.get(place).text for place in ("/courses/math", "/courses/math/assignments/adding", "/submissions/1")]
    assert ["means" in page or "70/" in page for page in pages] == [False] * 3
    assert ["not shown yet" in page for page in pages] == [True, False, True]
    person(light, "instructor").post("/courses/math/assignments/adding/reveal")
    assert "means" in owner.get("/submissions/1").text
