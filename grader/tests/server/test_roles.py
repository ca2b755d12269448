"""Every route of the OpenAPI document, with every role: who may, who may not, and for whom it does not exist."""

from __future__ import annotations

from typing import Any

import pytest

from grader.gradebook import roster
from grader.tests.server.school import PEOPLE, School, ok

LAB = "01-adding"
COURSE, ASKED, ONE = (
    "/api/v1/courses/{course}",
    "/api/v1/courses/{course}/assignments/{assignment}",
    "/api/v1/submissions/{submission}",
)
REASON = {"reason": "because"}
LATER = {"due_at": "2030-01-01T00:00:00Z", "reason": "ill"}
OPEN = {
    "GET /healthz", "GET /readyz", "POST /api/v1/session", "POST /api/v1/setup",
}  # fmt: skip
"""For everybody: they ask for a password, or tell nothing."""
OWN = {
    "GET /api/v1/me", "GET /api/v1/courses", "DELETE /api/v1/token",
}  # fmt: skip
"""For everybody who is known: they show what is theirs."""
PEOPLE_ONLY = {
    "DELETE /api/v1/session", "POST /api/v1/me/password", "GET /api/v1/me/tokens", "POST /api/v1/me/tokens",
    "DELETE /api/v1/me/tokens/{token}",
}  # fmt: skip
"""For whoever is signed in; not for a token."""
SITE = {"GET /metrics", "POST /api/v1/courses"}
"""For the service's admin."""
STUDENT, GRADER, INSTRUCTOR = "student", "grader", "instructor"
IN_COURSE: dict[str, tuple[str, Any]] = {
    f"GET {COURSE}": (STUDENT, None),
    f"GET {COURSE}/people": (GRADER, None),
    f"PUT {COURSE}/people/{{person}}": (INSTRUCTOR, {"role": "student"}),
    f"POST {COURSE}/people": (INSTRUCTOR, b"name\nzed\n"),
    f"POST {COURSE}/people/{{person}}/link": (INSTRUCTOR, None),
    f"GET {COURSE}/assignments": (STUDENT, None),
    f"GET {ASKED}": (STUDENT, None),
    f"PUT {ASKED}": (INSTRUCTOR, {"lab": LAB}),
    f"GET {ASKED}/sheet": (STUDENT, None),
    f"GET {ASKED}/draft": (STUDENT, None),
    f"PUT {ASKED}/draft/{{question}}": (STUDENT, {"answer": "a"}),
    f"GET {ASKED}/similarity": (INSTRUCTOR, None),
    f"GET {ASKED}/similarity/{{one}}/{{other}}": (INSTRUCTOR, None),
    f"POST {ASKED}/extensions/{{person}}": (INSTRUCTOR, LATER),
    f"POST {ASKED}/submissions": (STUDENT, b""),
    f"GET {ASKED}/submissions": (STUDENT, None),
    f"POST {ASKED}/regrade": (INSTRUCTOR, REASON),
    f"POST {ASKED}/release": (INSTRUCTOR, None),
    f"POST {ASKED}/reveal": (INSTRUCTOR, None),
    f"GET {COURSE}/jobs": (INSTRUCTOR, None),
    f"GET {COURSE}/scores": (STUDENT, None),
    f"GET {COURSE}/gradebook": (GRADER, None),
    f"GET {COURSE}/gradebook.csv": (INSTRUCTOR, None),
}
"""The lowest role that may, and what to send."""
OF_SUBMISSION: dict[str, tuple[str, Any]] = {
    f"GET {ONE}": (STUDENT, None),
    f"GET {ONE}/events": (STUDENT, None),
    f"GET {ONE}/result": (STUDENT, None),
    f"GET {ONE}/attempts": (STUDENT, None),
    f"GET {ONE}/bundle": (STUDENT, None),
    f"POST {ONE}/marks": (GRADER, {"check": "adds", "points": 5, "reason": "because"}),
    f"POST {ONE}/comments": (GRADER, {"words": "good"}),
    f"POST {ONE}/regrade": (INSTRUCTOR, REASON),
    f"POST {ONE}/release": (INSTRUCTOR, None),
    "POST /api/v1/jobs/{job}/retry": (INSTRUCTOR, None),
}
"""The same; for a student it must be their own."""
NOT_A_STUDENT = f"GET {COURSE}/scores"
"""Only students have scores of their own."""
RANKS = {"student": 0, "grader": 1, "instructor": 2, "admin": 3}


@pytest.fixture
def worked(school: School) -> School:
    """The owner has a released result with a mark and a comment, and a dead letter."""
    return with_work(school)


@pytest.fixture
def on_sqlite(light: School) -> School:
    """The same, where the database has no part in what is tested."""
    return with_work(light)


def with_work(school: School) -> School:
    """Hand in, grade, mark; hand in something else, and fail. Ask for a quiz."""
    school.hand_in("owner")
    school.grade({"adds": 60})
    school.said(1)
    school.hand_in("owner", "other")
    assert school.kill() == 2
    with school.database.writing() as session:
        roster.assign(session, school.database.now(session), roster.course(session, "math"), "sums", "quiz", LAB)
    return school


def operations(school: School) -> set[str]:
    """`METHOD /path` of every route."""
    paths = school.http().get("/api/v1/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def ask(school: School, who: str | None, operation: str, body: Any = None) -> Any:
    """Ask for what is the owner's."""
    method, path = meant(operation)
    sent = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
    return school.http(who).request(method, path, **sent)


def meant(operation: str) -> tuple[str, str]:
    """Its method, and its address with what is the owner's; only the quiz has sheets and drafts."""
    method, path = operation.split(" ")
    asked = "sums" if path.endswith("/sheet") or "/draft" in path else "adding"
    return method, path.format(
        course="math", assignment=asked, person="owner", submission=1, job=2, token=1, question="q-sum", one=1, other=2
    )  # fmt: skip


def test_every_route_is_known_here(light: School) -> None:
    """A new route must be put in one of the sets, and so is tested with every role."""
    known = OPEN | OWN | PEOPLE_ONLY | SITE | set(IN_COURSE) | set(OF_SUBMISSION)
    assert operations(light) == known


def test_nobody_gets_in_without_a_name(on_sqlite: School) -> None:
    """401 everywhere, with the way in."""
    asked = {**IN_COURSE, **OF_SUBMISSION, **dict.fromkeys(OWN | PEOPLE_ONLY | SITE, (STUDENT, None))}
    answers = {operation: ask(on_sqlite, None, operation, body) for operation, (_, body) in asked.items()}
    assert {o: a.status_code for o, a in answers.items() if a.status_code != 401} == {}
    assert {a.headers["www-authenticate"] for a in answers.values()} == {'Bearer realm="mlops"'}


@pytest.mark.parametrize("who", ["stranger", "elsewhere"])
def test_another_course_does_not_exist(on_sqlite: School, who: str) -> None:
    """404 for everything of a course that one is not in, also for who teaches elsewhere, and for no other reason than for
    what there is not."""
    answers = {o: ask(on_sqlite, who, o, body) for o, (_, body) in {**IN_COURSE, **OF_SUBMISSION}.items()}
    assert {o: a.status_code for o, a in answers.items() if a.status_code != 404} == {}
    assert {o: a.text for o, a in answers.items() if "owner" in a.text} == {}


def test_a_fellow_student_s_work_does_not_exist(worked: School) -> None:
    """404 for everything of it; no list, score or status names its owner."""
    assert {o: ask(worked, "fellow", o, body).status_code for o, (_, body) in OF_SUBMISSION.items()} == dict.fromkeys(
        OF_SUBMISSION, 404
    )
    answers = {o: ask(worked, "fellow", o, body) for o, (_, body) in IN_COURSE.items()}
    assert {o: a.text for o, a in answers.items() if "owner" in a.text or "well done" in a.text} == {}
    assert ok(ask(worked, "fellow", f"GET {ASKED}/submissions")) == {"items": [], "next": None}
    assert worked.http("fellow").get("/api/v1/courses/math/assignments/adding/submissions?student=owner").status_code == 404


@pytest.mark.parametrize("who", ["owner", "fellow", "grader", "head", "root"])
def test_a_role_may_what_it_may(on_sqlite: School, who: str) -> None:
    """2xx for what the role may, 403 for what it may not in a course that it is in."""
    demand_what_it_may(on_sqlite, who)


def test_an_instructor_may_what_they_may(worked: School) -> None:
    """The same, and so every route, on both databases."""
    demand_what_it_may(worked, "instructor")


def demand_what_it_may(school: School, who: str) -> None:
    """422 is for the empty upload, and for an extension without a due date."""
    rank = RANKS["admin"] if who == "root" else RANKS[PEOPLE[who][1]]
    asked = {**IN_COURSE, **(OF_SUBMISSION if who != "fellow" else {})}
    found = {operation: ask(school, who, operation, body).status_code for operation, (_, body) in asked.items()}
    unusable = {f"POST {ASKED}/submissions", f"POST {ASKED}/extensions/{{person}}"}
    expected = {}
    for operation, (lowest, _) in asked.items():
        expected[operation] = "2xx" if rank >= RANKS[lowest] else 403
        if operation in unusable and rank >= RANKS[lowest]:
            expected[operation] = 422
        if operation == NOT_A_STUDENT and rank > 0:
            expected[operation] = 404
    assert {o: "2xx" if 200 <= s < 300 else s for o, s in found.items()} == expected


def test_only_the_service_s_admin_makes_courses(on_sqlite: School) -> None:
    """Everybody else is told so."""
    found = {
        who: ask(on_sqlite, who, "POST /api/v1/courses", {"name": f"of-{who}", "title": "x"}).status_code
        for who in (*PEOPLE, "root")
    }
    assert found == {**dict.fromkeys(PEOPLE, 403), "root": 201}
    assert {who: ask(on_sqlite, who, "GET /metrics").status_code for who in ("head", "root")} == {"head": 403, "root": 200}


@pytest.mark.parametrize("who", [*PEOPLE, "root"])
def test_a_token_is_no_person(light: School, who: str) -> None:
    """No token makes tokens, changes a password or signs out, whoever's it is."""
    bodies = {"POST /api/v1/me/tokens": {"label": "x"}, "POST /api/v1/me/password": {"password": "x"}}
    assert {o: ask(light, who, o, bodies.get(o)).status_code for o in PEOPLE_ONLY} == dict.fromkeys(PEOPLE_ONLY, 403)


def test_a_token_s_scopes_hold(on_sqlite: School) -> None:
    """An instructor's token that may only read reads; one that may hand in does nothing else."""
    asked = {**IN_COURSE, **OF_SUBMISSION}
    drafting = f"PUT {ASKED}/draft/{{question}}"
    for scopes, unusable in ((("read",), 403), (("submit",), 422)):
        client = on_sqlite.http("instructor", scopes)  # type: ignore[arg-type]
        for operation, (_, body) in asked.items():
            method, path = meant(operation)
            sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body} if body else {}
            status = client.request(method, path, **sent).status_code
            if operation == f"POST {ASKED}/submissions":
                assert (operation, status) == (operation, unusable)
            elif operation == drafting and scopes == ("submit",):
                assert (operation, status) == (operation, 200)
            elif method == "GET" and scopes == ("read",):
                assert (operation, status) == (operation, 404 if operation == NOT_A_STUDENT else 200)
            else:
                assert (operation, status) == (operation, 403)


def test_an_instructor_appoints_no_instructor(worked: School) -> None:
    """Nor touches one; an admin of the course does. Nobody's account outside the course is in a teacher's hand."""

    def put(who: str, person: str, **body: Any) -> int:
        return int(worked.http(who).put(f"/api/v1/courses/math/people/{person}", json=body).status_code)

    assert (put("instructor", "fellow", role="instructor"), put("instructor", "head", role="student")) == (403, 403)
    assert (put("instructor", "fellow", role="grader"), put("head", "fellow", role="instructor")) == (200, 200)
    assert put("instructor", "elsewhere", role="student") == 200
    assert put("instructor", "elsewhere", role="student", email="mine@example.org") == 403
    assert put("root", "stranger", role="student", email="Her@example.org", full_name="Her") == 200
    assert (put("instructor", "root", role="student"), put("head", "root", role="student", email="x@example.org")) == (200, 403)
    link = worked.http("instructor").post("/api/v1/courses/math/people/elsewhere/link")
    assert (link.status_code, "#" in link.text) == (403, False)


def test_nobody_marks_their_own_work(school: School) -> None:
    """A grader who hands in is marked by somebody else."""
    number = school.hand_in("grader")
    school.grade({"adds": 60})
    mark = {"check": "adds", "points": 60, "reason": "I like it"}
    assert school.http("grader").post(f"/api/v1/submissions/{number}/marks", json=mark).status_code == 403
    assert school.http("instructor").post(f"/api/v1/submissions/{number}/marks", json=mark).status_code == 201


def test_a_guessed_name_tells_no_address(school: School) -> None:
    """Somebody of another course is enrolled by who knows their address; what is known of them stays."""
    her = {"role": "student", "email": "her@example.org", "full_name": "Her"}
    ok(school.http("elsewhere").put("/api/v1/courses/art/people/newcomer", json=her))
    place, teacher = "/api/v1/courses/math/people/newcomer", school.http("instructor")
    guessed = [teacher.put(place, json={"role": "student", **more}) for more in ({}, {"email": "his@example.org"})]
    assert [(a.status_code, "her@" in a.text) for a in guessed] == [(403, False)] * 2
    given = ok(teacher.put(place, json={"role": "student", "email": "Her@example.org", "full_name": "Somebody else"}))
    assert given == {"name": "newcomer", **her}
    assert ok(teacher.put(place, json={"role": "grader"})) == {"name": "newcomer", **her, "role": "grader"}
