"""The check API: what an author imports in `checks.py`.

    from grader.checks import Lab, check

A check is a function whose docstring is the sentence shown to the learner. It asks the kernel (`lab.value`,
`lab.call`), the services (`lab.mlflow`, `lab.s3`, …) and states what it expects (`lab.expect(…)`).
"""

from grader.backends.protocol import RunningImage
from grader.checks.expect import Fail, NotRun
from grader.checks.lab import Lab
from grader.checks.registry import check
from grader.services.mlflow_records import Run, StagedRun

__all__ = ["Fail", "Lab", "NotRun", "Run", "RunningImage", "StagedRun", "check"]
