"""The one place that says who may do what: by role in a course, by the admin of the whole service, by a token's scopes.

What a person has no part in does not exist for them (404); what they may see and not do is forbidden (403). The server's
`access.py` asks here for every route.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from grader.gradebook.tables import Role

Action = Literal[
    "see_course",  # its title, assignments, dates
    "hand_in",
    "see_own",  # their submissions, and what was released of them
    "see_class",  # everybody's, whether released or not; the hidden checks
    "mark",  # give points by hand, comment
    "see_queue",  # a course's part of it, with what went wrong
    "regrade",
    "release",  # show results, reveal hidden checks
    "export",
    "compare",  # see which submissions are alike
    "manage_assignments",  # assignments and extensions
    "manage_people",
    "manage_site",  # make courses and accounts, see the queue
    "manage_self",  # their own password and tokens
]
Scope = Literal["read", "submit", "teach", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

_STUDENT: frozenset[Action] = frozenset({"see_course", "hand_in", "see_own"})
_GRADER: frozenset[Action] = _STUDENT | {"see_class", "mark"}
_INSTRUCTOR: frozenset[Action] = _GRADER | {
    "see_queue", "regrade", "release", "export", "compare", "manage_assignments", "manage_people",
}  # fmt: skip
MAY: Mapping[Role, frozenset[Action]] = {
    "student": _STUDENT,
    "grader": _GRADER,
    "instructor": _INSTRUCTOR,
    "admin": _INSTRUCTOR,
}
NEEDS: Mapping[Action, Scope] = {
    "see_course": "read",
    "see_own": "read",
    "see_class": "read",
    "see_queue": "read",
    "hand_in": "submit",
    "mark": "teach",
    "regrade": "teach",
    "release": "teach",
    "export": "read",
    "compare": "read",
    "manage_assignments": "teach",
    "manage_people": "admin",
    "manage_site": "admin",
}
"""The scope that a token needs. `manage_self` is in none: a token that leaks must not make others, nor change a password."""
RANK: Mapping[Role, int] = {"student": 0, "grader": 1, "instructor": 2, "admin": 3}


def may(role: Role, action: Action) -> bool:
    """Whether a role in a course allows it."""
    return action in MAY[role]


def may_appoint(role: Role, old: Role | None, new: Role) -> bool:
    """Whether who has this role may give somebody a new one: an instructor to students and graders, an admin to all."""
    highest = max(RANK[new], RANK[old] if old else 0)
    return may(role, "manage_people") and (role == "admin" or highest < RANK[role])
