"""The job's settings hold a copy of a password that was rotated."""

from grader.drills import Drill, check

MOUNTED = "secrets/mlflow-password"


def inject(drill: Drill) -> None:
    """Copy the password into job.env as someone once did, then rotate it. The shell has no credential of its own."""
    user, old = (drill.variables.pop(f"MLFLOW_TRACKING_{name}") for name in ("USERNAME", "PASSWORD"))
    settings = {"MLFLOW_TRACKING_URI": drill.variables["MLFLOW_TRACKING_URI"]}
    settings |= {"MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": old, "MLFLOW_EXPERIMENT_NAME": user}
    drill.write("job.env", "".join(f"{name}={value}\n" for name, value in settings.items()))
    drill.facts["user"] = user
    rotate(drill)


def rotate(drill: Drill) -> None:
    """What the secret store does every 90 days."""
    drill.write(MOUNTED, drill.rotate_password() + "\n")


@check("on-the-server")
def the_run_is_on_the_server(drill: Drill) -> None:
    """The job as cron runs it ends well and leaves a finished run with its metric on the tracking server."""
    before = len(drill.tracking.runs())
    done = drill.run("sh run-nightly.sh")
    if done.code:
        drill.fail("`sh run-nightly.sh` ends with 0", f"{done.code}: {done.last}")
    made = drill.tracking.runs()[before:]
    drill.expect("runs that it left on the server", [(run.status, dict(run.metrics)) for run in made]).equals(
        [("FINISHED", {"auc": 0.8431})], next_step="Where did the job log to?"
    )


@check("next-rotation")
def the_next_rotation_passes_unnoticed(drill: Drill) -> None:
    """After one more rotation by the secret store (done just now) the job still logs, with nobody's help."""
    rotate(drill)
    before = len(drill.tracking.runs())
    done = drill.run("sh run-nightly.sh")
    if done.code or len(drill.tracking.runs()) != before + 1:
        drill.fail("a run logged with the password of a minute ago", done.last, "The job's copy of the secret is old again.")
