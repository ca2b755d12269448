"""A class from a CSV file over the API: all of it, or nobody, and each line that can't be used is named."""

from __future__ import annotations

from typing import Any

import pytest

from grader.tests.server.school import School, ok

PEOPLE = "/api/v1/courses/math/people"


def names(school: School) -> list[str]:
    return [one["name"] for one in ok(school.http("instructor").get(PEOPLE))["items"]]


def test_a_class_is_put_in_a_course(school: School) -> None:
    """New people, and other roles for those who are there; the same file again changes nothing."""
    http = school.http("instructor")
    content = 'name,full_name,email,role\nzed,Zed Zed,zed@example.org,\nyan,"Yan, Y",,grader\nfellow,,,grader\n'
    for _ in range(2):
        assert ok(http.post(PEOPLE, content=content.encode("utf-8-sig"), headers={"Content-Type": "text/csv"})) == {"number": 3}
    found = {one["name"]: one for one in ok(http.get(PEOPLE))["items"]}
    assert [found[name] for name in ("zed", "yan", "fellow")] == [
        {"name": "zed", "full_name": "Zed Zed", "email": "zed@example.org", "role": "student"},
        {"name": "yan", "full_name": "Yan, Y", "email": None, "role": "grader"},
        {"name": "fellow", "full_name": "", "email": None, "role": "grader"},
    ]


def test_every_line_that_is_wrong_is_named_and_nobody_is_put_in(school: School) -> None:
    """What is wrong by itself, and what only the gradebook knows: another's address, a role that isn't one's to give."""
    before = names(school)
    lines = (
        "name,email,role", "abe,abe@example.org,", "../x,,", "bea,nonsense,king", "cid,,,,", "abe,,", "dan,dan@example.org,",
        "eve,,admin", "head,,", "fay,abe@example.org,",
    )  # fmt: skip
    answer = school.http("instructor").post(PEOPLE, content="\n".join(lines).encode())
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:mlops:problem:bad-input")
    wrong: dict[str, list[str]] = {}
    for one in problem["errors"]:
        wrong.setdefault(one["where"], []).append(one["message"])
    assert {where: [words in " ".join(messages) for words in EXPECTED[where]] for where, messages in wrong.items()} == {
        where: [True] * len(words) for where, words in EXPECTED.items()
    }
    assert problem["detail"].startswith("nobody was put in the course: line 3: ")
    assert problem["detail"].endswith("and 3 more")
    assert names(school) == before


EXPECTED = {
    "line 3": ("can't be a name",),
    "line 4": ("role: ", "email: "),
    "line 5": ("more columns",),
    "line 6": ("abe is in line 2 already",),
    "line 8": ("eve: you may not give or take the role of admin",),
    "line 9": ("head: you may not give or take the role of student",),
    "line 10": ("fay: abe@example.org is abe's address",),
}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1: it does not name its columns"),
        (b"who\nabe\n", "line 1: it does not name its columns"),
        (b"name\n", "nobody is in the file"),
        (b"\xff\xfe", "no CSV file in UTF-8"),
        (b'name\n"abe\n', "no CSV file in UTF-8"),
        (b"name\n" + b"".join(b"p%d\n" % n for n in range(2001)), "more than 2000 people"),
    ],
)
def test_what_is_no_list_is_refused(light: School, content: bytes, said: str) -> None:
    """With what is expected."""
    answer = light.http("instructor").post(PEOPLE, content=content)
    assert (answer.status_code, said in answer.json()["detail"], "a CSV file" in answer.json()["next"]) == (422, True, True)


def test_who_may_not_is_told_before_the_file_is_read(light: School) -> None:
    """A grader, a stranger, a token without the scope; and a file that is too large is not read on."""

    def status(who: str, content: Any = b"name\nzed\n", **more: Any) -> int:
        return int(light.http(who, **more).post(PEOPLE, content=content).status_code)

    assert (status("grader"), status("stranger"), status("instructor", scopes=("read", "teach"))) == (403, 404, 403)
    assert status("instructor", b"name\n" + b"x" * 2**19) == 413
