# %% [markdown] id="intro"
# # Lab 04: a sweep that someone else can check
#
# Retention calls 600 customers a day from a churn score. After Monday's retrain half of them say they never meant to
# leave, and the run that made the model says `auc = 0.84`, nothing else. Nobody can tell which rows it saw.
#
# You will track a sweep so that this can't happen: five tasks. The first four take about ten minutes once you have read
# the two notebooks in `lessons/`; if MLflow is new to you, take half an hour and read them first.
#
# **How it works.** Write your answer where a cell says `raise NotImplementedError`, and keep the names of functions and
# arguments. Then run `mlops check` in a terminal (or `mlops check --all`): it runs your notebook from top to bottom in a
# fresh experiment on a live MLflow server, calls your functions with inputs of its own, and reads the server. Only the
# cells of the tasks count; cells that you add are yours to play with and are not run.

# %% id="parameters" tags=["parameters"]
# Set by whoever runs the notebook; the values here are only stand-ins.
tracking_uri = "http://127.0.0.1:5000"
experiment = "lab-04"
bucket = "lab-04"
seed = 7
commit = "0" * 40

# %% id="given" tags=["given"]
import contextlib
import hashlib
from pathlib import Path

import mlflow
import pandas as pd
import sklearn
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier


TEXT = ["multiple_lines", "internet_service", "online_security", "online_backup", "device_protection", "tech_support"]
TEXT += ["streaming_tv", "streaming_movies", "contract", "payment_method"]


def load(path):
    """The customers as a DataFrame, numbers as float64; customers without a total charge are new, and owe 0."""
    customers = pd.read_csv(path).fillna({"total_charges": 0.0})
    numbers = customers.columns.difference([*TEXT, "customer_id", "churn"])
    return customers.astype(dict.fromkeys(numbers, float))


def split(customers, seed):
    """X_train, X_test, y_train, y_test: a fifth of the customers is kept for the test, drawn by the seed."""
    X = customers.drop(columns=["customer_id", "churn"], errors="ignore")
    y = (customers["churn"] == "Yes").astype(int)
    return train_test_split(X, y, test_size=0.2, random_state=seed, stratify=y)


def classifier(depth, seed):
    """An untrained decision tree on one-hot encoded columns. A depth below 1 is refused by scikit-learn at `fit`."""
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), TEXT), remainder="passthrough")
    return make_pipeline(encode, DecisionTreeClassifier(max_depth=depth, random_state=seed))


STORE = {
    "pip_requirements": [f"scikit-learn=={sklearn.__version__}", f"pandas=={pd.__version__}"],
    "skops_trusted_types": ["sklearn.tree._tree.Tree"],
}

# %% id="connect"
# Address and credentials of the server come from the environment, never from the notebook.
mlflow.set_tracking_uri(tracking_uri)
mlflow.set_experiment(experiment);

# %% [markdown] id="task-1" describes="tracked-run"
# ## 1. One run that carries all it takes to repeat it
#
# `train` fits one tree and leaves one run behind. The run must hold
#
# - the parameters `depth` and `seed`, as they came in;
# - the tags `data_sha256` (the SHA-256 of the file that was read) and `git_commit` (the notebook's parameter `commit`);
# - the metric `auc` on the test rows;
# - the model, logged under the name `model` with its signature. Pass `**STORE`, too: it names the packages (otherwise
#   MLflow finds them out by importing the model in another process, which takes seconds) and the one type in a tree
#   that the file format, skops, would refuse to open unless told that it is meant to be there.
#
# When training fails, the run must say so: status FAILED, its parameters and tags in place, and the exception goes on
# to the caller. `train` returns the run's id.

# %% task="tracked-run"
def fingerprint(path):
    """The SHA-256 of a file's bytes, as 64 hex digits."""
    ### BEGIN SOLUTION
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    ### END SOLUTION


def train(path, depth, seed):
    """Train on the file at `path` and track it as one run; returns the run's id."""
    ### BEGIN SOLUTION
    with mlflow.start_run(run_name=f"depth-{depth}") as run:
        mlflow.log_params({"depth": depth, "seed": seed})
        mlflow.set_tags({"data_sha256": fingerprint(path), "git_commit": commit})
        X_train, X_test, y_train, y_test = split(load(path), seed)
        model = classifier(depth, seed).fit(X_train, y_train)
        mlflow.log_metric("auc", roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]))
        signature = infer_signature(X_test, model.predict(X_test))
        mlflow.sklearn.log_model(model, name="model", signature=signature, **STORE)
    return run.info.run_id
    ### END SOLUTION


# %% [markdown] id="task-2" describes="sweep"
# ## 2. Many runs, the failed ones too
#
# `sweep` calls `train` for every depth of the grid. One of them is impossible. A sweep that dies there loses the depths
# after it, and one that hides it lets the next colleague try it again: the sweep goes on, and the failed run stays.

# %% id="grid"
GRID = [2, 5, 0, 9, 14]

# %% task="sweep"
def sweep(path, grid, seed):
    """Train once for each depth; a depth that fails is reported and does not stop the others."""
    ### BEGIN SOLUTION
    for depth in grid:
        try:
            train(path, depth, seed)
        except Exception as error:
            print(f"depth {depth} failed: {error}"[:120])
    ### END SOLUTION


# %% id="run-sweep"
with contextlib.suppress(NotImplementedError):  # until you have written it
    sweep("customers.csv", GRID, seed)

# %% [markdown] id="task-3" describes="best-run"
# ## 3. Choose the best run, and mean it
#
# `best_run` returns the id of the finished run with the highest `auc` in the experiment of that name. Runs that failed
# are out, whatever they logged before; so are runs without an `auc`, or with NaN. Of two with the same `auc` the one
# that started first wins. `mlflow.search_runs(experiment_names=[…])` asks for an experiment by its name, and gives a
# DataFrame with columns such as `run_id` and `metrics.auc`.

# %% task="best-run"
def best_run(experiment_name):
    """The id of the best finished run."""
    ### BEGIN SOLUTION
    runs = mlflow.search_runs(
        experiment_names=[experiment_name],
        filter_string="attributes.status = 'FINISHED'",
        order_by=["metrics.auc DESC", "attributes.start_time ASC"],
    )
    return runs.dropna(subset=["metrics.auc"])["run_id"].iloc[0]
    ### END SOLUTION


# %% id="run-best"
with contextlib.suppress(NotImplementedError):
    print("best run:", best_run(experiment))

# %% [markdown] id="task-4" describes="reproduce"
# ## 4. Repeat a run from its record
#
# A year later all you have is a run's id and a file. `reproduce` trains again with what the run recorded and returns
# the `auc` of the repeat. If the file is not the one that the run saw, it raises `ValueError` before it trains: a number
# from other rows would prove nothing. It leaves no new run behind. (`mlflow.get_run(run_id).data` holds `params` and
# `tags` as dicts; every value in them is text.)

# %% task="reproduce"
def reproduce(run_id, path):
    """The AUC of the same training done again; ValueError when the data is not the run's."""
    ### BEGIN SOLUTION
    recorded = mlflow.get_run(run_id).data
    if recorded.tags["data_sha256"] != fingerprint(path):
        raise ValueError(f"{path} is not the file that run {run_id} was trained on")
    depth, seed = int(recorded.params["depth"]), int(recorded.params["seed"])
    X_train, X_test, y_train, y_test = split(load(path), seed)
    model = classifier(depth, seed).fit(X_train, y_train)
    return roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])
    ### END SOLUTION


# %% id="run-reproduce"
with contextlib.suppress(NotImplementedError):
    print("again:", reproduce(best_run(experiment), "customers.csv"))

# %% [markdown] id="task-5" describes="holes"
# ## 5. Stretch: find the runs that nobody can trace
#
# You inherit an experiment. `holes` returns the ids of its finished runs that can't be trusted, in any order:
#
# - runs that lack the tag `data_sha256` or `git_commit`;
# - runs that agree with another finished run on `depth`, `seed`, hash and commit, and yet have another `auc`: something
#   that changes the result was not recorded.

# %% task="holes"
def holes(experiment_name):
    """The ids of the finished runs that can't be traced."""
    ### BEGIN SOLUTION
    runs = mlflow.search_runs(experiment_names=[experiment_name], filter_string="attributes.status = 'FINISHED'")
    recipe = ["params.depth", "params.seed", "tags.data_sha256", "tags.git_commit"]
    runs = runs.reindex(columns=["run_id", "metrics.auc", *recipe])
    untagged = runs[["tags.data_sha256", "tags.git_commit"]].isna().any(axis=1)
    unequal = runs.groupby(recipe)["metrics.auc"].transform("nunique") > 1
    return runs.loc[untagged | unequal, "run_id"].tolist()
    ### END SOLUTION


# %% id="run-holes"
with contextlib.suppress(NotImplementedError):
    print("holes:", holes(experiment))
