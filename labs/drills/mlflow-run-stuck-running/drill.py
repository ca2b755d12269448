"""Two runs are RUNNING, and the process of one of them was killed 14 hours ago."""

import time

from grader.drills import Drill, check
from grader.services.mlflow_records import Run

DEAD, ALIVE = "nightly-deep", "nightly-wide"
HOUR = 3_600_000
"""Milliseconds."""


def inject(drill: Drill) -> None:
    """A run that died after 62 epochs, and one whose last epoch is a minute old."""
    now = int(time.time() * 1000)
    experiment = drill.tracking_api.get("2.0/mlflow/experiments/get-by-name", experiment_name=drill.namespace)["experiment"]
    drill.variables["EXPERIMENT_ID"] = experiment["experiment_id"]
    for name, host, pid, start, epochs in (
        (DEAD, "trainer-1", "48112", now - 15 * HOUR + 300_000, 62),
        (ALIVE, "trainer-2", "7733", now - 41 * 60_000, 40),
    ):
        tags = [{"key": key, "value": value} for key, value in (("mlflow.runName", name), ("host", host), ("pid", pid))]
        made = drill.tracking_api.post(
            "2.0/mlflow/runs/create", experiment_id=experiment["experiment_id"], start_time=start, tags=tags
        )
        run_id = made["run"]["info"]["run_id"]
        losses = [
            {"key": "loss", "value": 0.7 / (epoch + 1) ** 0.3, "timestamp": start + epoch * 60_000, "step": epoch}
            for epoch in range(1, epochs + 1)
        ]
        drill.tracking_api.post("2.0/mlflow/runs/log-batch", run_id=run_id, metrics=losses)
        drill.facts[name] = run_id


def run_of(drill: Drill, name: str) -> Run:
    """The run as it is now."""
    return drill.tracking.run(drill.facts[name])


@check("slot-free")
def tonights_training_starts(drill: Drill) -> None:
    """The retraining finds a free slot."""
    done = drill.run("python retrain.py")
    if done.code:
        drill.fail("`python retrain.py` ends with 0", f"{done.code}: {done.text.strip()}")


@check("ended-as-it-was")
def the_dead_run_tells_the_truth(drill: Drill) -> None:
    """The run whose process was killed is still there, with its 62nd loss, and says KILLED or FAILED."""
    dead = run_of(drill, DEAD)
    there = DEAD in [run.name for run in drill.tracking.runs()]
    drill.expect(f"run {DEAD}", there, dead.id).is_true("in the experiment, not deleted")
    drill.expect("its status", dead.status, dead.id).one_of(["KILLED", "FAILED"])
    drill.expect("its last loss", dead.metrics.get("loss"), dead.id).close_to(0.7 / 63**0.3, within=1e-9)


@check("the-other-trains")
def the_living_run_is_left_alone(drill: Drill) -> None:
    """The run that trains on trainer-2 is still RUNNING."""
    drill.expect(f"status of {ALIVE}", run_of(drill, ALIVE).status).equals("RUNNING")
