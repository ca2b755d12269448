import hashlib
import math

from sklearn.metrics import roc_auc_score

from grader.checks import Lab, Run, StagedRun, check

FILE = "customers.csv"
GRID = [2, 5, 0, 9, 14]
OTHER = "f" * 64
A_MODEL = 1_000
"""Bytes: what is smaller is a note and no model."""
TAGS = {"data_sha256": OTHER, "git_commit": OTHER[:40]}


def staged_run(
    name: str, auc: float | None, status: str = "FINISHED", depth: int = 5, seed: int = 1, tags: dict[str, str] = TAGS
) -> StagedRun:
    """A run that the grader puts on the server."""
    params = {"depth": str(depth), "seed": str(seed)}
    return StagedRun(name=name, status=status, params=params, metrics={} if auc is None else {"auc": auc}, tags=tags)


def trained(lab: Lab) -> tuple[Run, int, int]:
    """A run that the student's `train` makes now, with a depth and a seed that the grader draws: deep enough that the
    metric of the training rows can't pass for the one of the test rows."""
    depth, seed = lab.draw("depth", 11, 16), lab.draw("seed", 100, 9_999)
    run_id = lab.once("train", FILE, depth, seed, returns=str)
    return lab.mlflow.run(run_id), depth, seed


@check("parameters")
def the_run_says_what_went_in(lab: Lab) -> None:
    """A run made by `train` stands in your experiment as FINISHED, with the depth and the seed it was given."""
    run, depth, seed = trained(lab)
    lab.expect("status", run.status, f"run {run.id}").equals("FINISHED")
    logged = {name: run.params.get(name) for name in ("depth", "seed")}
    given = {"depth": str(depth), "seed": str(seed)}
    lab.expect("parameters", logged, f"run {run.id}").equals(given, why="what train was given")


@check("lineage-tags")
def the_run_says_which_rows_and_which_code(lab: Lab) -> None:
    """A run made by `train` carries the SHA-256 of the very file it read and the commit of its code."""
    run, _, _ = trained(lab)
    wanted = {"data_sha256": hashlib.sha256(lab.run.files[FILE]).hexdigest(), "git_commit": lab.run.parameters["commit"]}

    def problem(tag: str) -> str:
        found = run.tags.get(tag)
        return "" if found == wanted[tag] else f"{tag} is {found}, this run's is {wanted[tag]}"

    lab.each("lineage tags", list(wanted), problem, "the tag as it is for this run's own file and commit")


@check("signature")
def the_model_says_what_it_takes(lab: Lab) -> None:
    """The model logged by `train` has a signature: the columns it takes and what it gives back."""
    run, _, _ = trained(lab)
    model = lab.mlflow.model(run)
    if model is None:
        lab.fail("a logged model in the run", f"run {run.id} has none")
    columns = {column["name"] for column in model.inputs or []}
    wanted = set(lab.run.files[FILE].decode().partition("\n")[0].split(",")) - {"customer_id", "churn"}
    if not columns:
        lab.fail("a signature with the columns that the model takes", f"{model.location} has none")
    if wanted - columns:
        lab.fail(f"all {len(wanted)} columns in the signature", f"without {', '.join(sorted(wanted - columns))}")
    lab.expect("signature of the output", bool(model.outputs), model.location).is_true("there is one")


@check("model-in-s3")
def the_models_are_in_the_object_store(lab: Lab) -> None:
    """The model of every finished run lies in your run's S3 bucket: those of the sweep, and one that `train` makes now."""
    run, _, _ = trained(lab)
    finished = [one for one in lab.mlflow.runs() if one.status == "FINISHED" and one.id != run.id]

    def problem(one: Run) -> str:
        prefix = lab.mlflow.location(one).split("/", 3)[3]
        files = {item.key.rpartition("/")[2]: item.size for item in lab.s3.keys(prefix)}
        there = files.get("MLmodel", 0) > 0 and sum(files.values()) > A_MODEL
        return "" if there else f"run {one.name or one.id} has {sum(files.values())} bytes below {prefix}"

    lab.each("finished runs", [run, *finished], problem, "MLmodel and the model's own files in the bucket")


@check("honest-metric")
def the_metric_is_the_models_own(lab: Lab) -> None:
    """The AUC logged by `train` is the one that its own model gives on the test rows, and about the one it gives on
    customers that nobody has shown it."""
    run, depth, seed = trained(lab)
    labels = lab.examine("test_labels", FILE, seed, returns=list[int])
    scores = lab.examine("scores_of_test_rows", run.model_uri, FILE, seed, returns=list[float])
    unseen = lab.unseen("telco-churn", rows=2_000, label="churn")
    unseen_scores = lab.examine("scores", run.model_uri, unseen.table, returns=list[float])
    on_test = auc(lab, labels, scores)
    on_unseen = auc(lab, [int(label == "Yes") for label in unseen.labels], unseen_scores)
    logged = run.metrics.get("auc")
    by_class = auc(lab, labels, [float(score >= 0.5) for score in scores])
    classes = isinstance(logged, float) and abs(logged - by_class) <= 1e-6
    lab.expect("logged auc", logged, f"run {run.id}, depth {depth}").close_to(
        on_test, within=1e-6, why="recomputed from its model on the test rows",
        next_step="It is the AUC of predicted classes. An AUC ranks: it needs `predict_proba(…)[:, 1]`." if classes
        else "Is it the AUC of the training rows, or of another split than the seed's?",
    )  # fmt: skip
    lab.expect("logged auc", logged, f"run {run.id}, depth {depth}").close_to(
        on_unseen, within=0.08, why=f"recomputed from its model on {len(unseen.labels)} unseen customers",
        next_step="The model has seen the rows it is tested on. Which rows does `fit` get?",
    )  # fmt: skip


def auc(lab: Lab, labels: list[int], scores: list[float]) -> float:
    """The area under the ROC curve of a model's scores; the check fails when they are no probabilities of these rows."""
    if len(scores) != len(labels) or not all(map(math.isfinite, scores)):
        lab.fail("a probability for each row from the logged model", f"{len(scores)} scores for {len(labels)} rows")
    lab.expect("labels of these rows", sorted(set(labels))).equals([0, 1])
    return float(roc_auc_score(labels, scores))


@check("every-run")
def every_depth_has_its_run(lab: Lab) -> None:
    """After the sweep, every depth of the grid has a run in your experiment; those that can work are FINISHED with an AUC."""
    seed = str(lab.run.parameters["seed"])
    by_depth = {run.params.get("depth"): run for run in lab.mlflow.runs() if run.params.get("seed") == seed}

    def problem(depth: int) -> str:
        run = by_depth.get(str(depth))
        if run is None:
            return f"depth {depth} has no run"
        done = run.status == "FINISHED" and math.isfinite(run.metrics.get("auc", math.nan))
        return "" if done else f"depth {depth} is {run.status}, auc {run.metrics.get('auc')}"

    lab.each("depths that can work", [depth for depth in GRID if depth > 0], problem, "a FINISHED run with an auc")


@check("failures-logged")
def a_failure_is_a_result(lab: Lab) -> None:
    """The depth that can't work has a run, too: FAILED, with its parameters, and without an AUC."""
    runs = lab.mlflow.runs()
    failed = [run for run in runs if run.params.get("depth") == "0"]
    if not failed and any(run.status == "FAILED" and "depth" not in run.params for run in runs):
        lab.fail("a FAILED run with the parameter depth 0", "a FAILED run that lacks its parameters")
    statuses = sorted({run.status for run in failed}) or ["there is no such run"]
    lab.expect("status of the run with depth 0", statuses).equals(["FAILED"])
    lab.expect("auc of the failed run", failed[0].metrics.get("auc")).equals(None)


@check("best-run")
def the_best_run_is_chosen_rightly(lab: Lab) -> None:
    """`best_run` finds the best finished run of experiments that we made: plain ones, with ties, with failed runs that
    logged a high AUC, with runs that have no AUC or NaN."""
    draw = lab.random.uniform
    top = round(draw(0.80, 0.85), 4)
    plain = [("best", "FINISHED", top), ("other", "FINISHED", top - 0.05), ("low", "FINISHED", round(draw(0.55, 0.65), 4))]
    scenarios = {
        "direction (a lower auc was chosen)": plain,
        "tie (the one that started first counts)": [("best", "FINISHED", top), *plain[1:], ("later", "FINISHED", top)],
        "failed runs (one had logged a higher auc)": [("failed", "FAILED", top + 0.1), *plain, ("killed", "KILLED", 0.97)],
        "runs without a usable auc": [("none", "FINISHED", None), ("nan", "FINISHED", math.nan), *plain],
    }

    def problem(name: str) -> str:
        staged = [staged_run(label, auc, status) for label, status, auc in scenarios[name]]
        experiment = lab.mlflow.stage(staged)
        names = {run.id: run.name for run in lab.mlflow.runs(experiment)}
        chosen = lab.call("best_run", experiment, returns=str)
        return "" if names.get(chosen) == "best" else f"{name}: chose {names.get(chosen, chosen)!r}"

    lab.each("experiments", list(scenarios), problem, "the id of the best finished run")


@check("reproduces")
def a_run_can_be_repeated(lab: Lab) -> None:
    """`reproduce` gives the very AUC that a run logged, from its record alone, and refuses other data with ValueError."""
    run, depth, seed = trained(lab)
    before = len(lab.mlflow.runs())
    foreign = lab.mlflow.runs(lab.mlflow.stage([staged_run("other-data", 0.8, depth=depth, seed=seed)]))[0].id

    def repeats() -> str:
        again = lab.call("reproduce", run.id, FILE, returns=float)
        if len(lab.mlflow.runs()) != before:
            return "reproduce left a new run behind"
        same = abs(again - run.metrics.get("auc", math.nan)) <= 1e-9
        return "" if same else f"run {run.id} logged {run.metrics.get('auc')}, repeating it gave {again}"

    def refuses() -> str:
        lab.refuses("reproduce", foreign, FILE, error="ValueError")
        return ""

    lab.each("demands", [repeats, refuses], lambda demand: demand(), "the same auc again, and ValueError for other data")


@check("finds-holes")
def the_untraceable_runs_are_found(lab: Lab) -> None:
    """`holes` finds exactly the finished runs of an experiment that lack a tag, or that differ although they should not."""
    experiment = lab.mlflow.stage([
        staged_run("fine", 0.80, depth=2),
        staged_run("fine-twin", 0.81, depth=3), staged_run("fine-twin", 0.81, depth=3),
        staged_run("no-hash", 0.79, depth=4, tags={"git_commit": OTHER[:40]}),
        staged_run("no-commit", 0.78, depth=5, tags={"data_sha256": OTHER}),
        staged_run("unequal", 0.80, depth=6), staged_run("unequal", round(lab.random.uniform(0.60, 0.79), 4), depth=6),
        staged_run("failed", 0.70, "FAILED", depth=7, tags={}),
    ])  # fmt: skip
    found = set(lab.call("holes", experiment, returns=list[str]))
    names = {"fine": False, "fine-twin": False, "no-hash": True, "no-commit": True, "unequal": True, "failed": False}
    runs = lab.mlflow.runs(experiment)

    def problem(name: str) -> str:
        told = {run.id in found for run in runs if run.name == name}
        return "" if told == {names[name]} else f"{name} was {'left out' if names[name] else 'named'}"

    lab.each("kinds of run", list(names), problem, "named as a hole exactly when it is one")
