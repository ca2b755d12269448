"""Drills: live faults to triage, mend and verify. What an author imports in `labs/drills/<id>/drill.py`:

    from grader.drills import Drill, check

`inject(drill)` breaks something; each function marked `@check("name")` states, in its docstring, what must hold again.
"""

from grader.drills.drill import Drill
from grader.drills.script import check

__all__ = ["Drill", "check"]
