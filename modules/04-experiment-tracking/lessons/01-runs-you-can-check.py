# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.1
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] id="title"
# # Runs that someone else can check
#
# After this page you can record a training on a shared MLflow server so that a colleague finds it, believes it and loads its model without asking you.
# You can also tell, with one query each, which of your recorded runs nobody should believe.

# %% [markdown] id="before-you-start"
# The cells talk to a real MLflow server and a real S3 bucket; their addresses and your keys are in environment variables already. Run them from top to bottom. The first cell loads the customers and gives this reading a tag of its own, so that a second reading doesn't trip over the runs of the first.

# %% id="setup"
import logging, os, signal, sys, time, uuid, warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small fits are faster on one thread; set before numpy is imported

import boto3, mlflow, numpy as np, pandas as pd
from IPython.display import SVG, display
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # shell cells: this kernel's own `python` and `mlflow`
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"                        # no link to the web page after every run
logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)                 # "can't find pip's version": true under uv, and harmless

customers = pd.read_csv("customers.csv")
X = customers.drop(columns=["customer_id", "churn"])
y = (customers["churn"] == "Yes").astype(int)
session = os.environ["SESSION"] = uuid.uuid4().hex[:8]
client = MlflowClient()
experiment = mlflow.set_experiment(os.environ["MLFLOW_EXPERIMENT_NAME"])

print(f"{len(X):,} customers, {y.mean():.1%} left, {X['total_charges'].isna().sum()} blank charges")
print(f"experiment {experiment.name}: files go to {experiment.artifact_location}")
assert 5_000 < len(X) < 6_500 and 0.25 < y.mean() < 0.28

# %% [markdown] id="p1-failure"
# ## 1. A number without a run
#
# Thursday, 16:20. A director forwards a slide: *churn model, AUC 0.86*. Retention wants exactly that one back, because the list that it made in spring had fewer angry people on it. The notebook is in git. Its author is on a boat. You run it and get 0.84. You restart the kernel and get 0.83. You now have three numbers and no way to say which model made the list.
#
# Here are twenty restarts of that notebook. The file, the code and the one parameter are the same in all of them. The notebook never set the seed of its split, so every restart drew another one; we write them down as 0 to 19 so that you see the same twenty.

# %% id="twenty-restarts"
numbers = list(X.select_dtypes("number"))
texts = [column for column in X if column not in numbers]

def prepare(impute="median"):
    """Fill and scale the numbers, spread the texts over 0/1 columns."""
    fill = SimpleImputer(strategy="median") if impute == "median" else "passthrough"
    return make_column_transformer((make_pipeline(fill, StandardScaler()), numbers), (OneHotEncoder(handle_unknown="ignore"), texts))

def split(seed):
    """Three quarters to learn from, one quarter that the model never sees."""
    return train_test_split(X, y, test_size=0.25, random_state=seed, stratify=y)

def auc(model, rows, labels):
    """Chance that a customer who left is scored above one who stayed: 0.5 is a coin, 1.0 is perfect."""
    return float(roc_auc_score(labels, model.predict_proba(rows)[:, 1]))

restarts = []
for seed in range(20):
    X_train, X_test, y_train, y_test = split(seed)
    restarts.append(auc(make_pipeline(prepare(), LogisticRegression(C=1.0, max_iter=1000)).fit(X_train, y_train), X_test, y_test))
print(f"lowest {min(restarts):.3f}   mean {np.mean(restarts):.3f}   highest {max(restarts):.3f}")
assert 0.80 < min(restarts) < 0.84 and 0.85 < max(restarts) < 0.89 and max(restarts) - min(restarts) > 0.015

# %% [markdown] id="p1-idea"
# The spread is as wide as most "improvements" that a team celebrates, and it comes from nothing. 0.86 was not a lie; it was a draw that nobody wrote down.
#
# A **run** is one execution of your training code together with what it claims about itself: what went in, what came out, whether it ended well. MLflow keeps the claim on a server. The words and numbers go into its database; the files go straight from your process into a bucket, and the server keeps only their address. Keep that picture in mind: most tickets that say "MLflow is broken" are about the second arrow.

# %% id="two-arrows"
display(SVG("""<svg xmlns="http://www.w3.org/2000/svg" width="680" height="150" font-family="sans-serif" font-size="13">
<rect width="680" height="150" fill="white"/>
<g fill="#eef3fb" stroke="#345"><rect x="10" y="50" width="150" height="50" rx="6"/><rect x="400" y="10" width="270" height="50" rx="6"/><rect x="400" y="90" width="270" height="50" rx="6"/></g>
<g stroke="#345" stroke-width="1.5"><path d="M160 65 L392 37"/><path d="M160 85 L392 113"/></g>
<g fill="#345"><path d="M400 36 l-11 -4 l1 9z"/><path d="M400 114 l-11 4 l1 -9z"/></g>
<text x="28" y="80">your training code</text>
<text x="412" y="32">MLflow server, one database</text><text x="412" y="50" fill="#567">params, metrics, tags, dataset records</text>
<text x="412" y="112">S3 bucket</text><text x="412" y="130" fill="#567">models, plots, any file</text>
<text x="185" y="30" fill="#567">HTTP, your MLflow password</text><text x="185" y="122" fill="#567">S3 API, your AWS key</text></svg>"""))

# %% [markdown] id="p1-drawers"
# | drawer | put there | afterwards |
# |---|---|---|
# | **param** | what you chose before training: `C`, the seed, the feature list | written once; another value is refused |
# | **metric** | what came out, as a number | a series: every value is kept, with its step and time |
# | **tag** | whatever you filter by: team, commit, data hash, "approved" | can be changed and deleted |
# | **dataset** | name, source and digest of the rows | written once |
# | **model, artifact** | files | whatever the bucket allows |
#
# Five lines fill the first three. `with` matters, and section 3 shows why.

# %% id="first-run"
seed = 7
X_train, X_test, y_train, y_test = split(seed)
with mlflow.start_run(run_name="first", tags={"session": session}) as run:
    mlflow.log_params({"C": 1.0, "seed": seed, "model": "logistic"})
    model = make_pipeline(prepare(), LogisticRegression(C=1.0, max_iter=1000)).fit(X_train, y_train)
    mlflow.log_metrics({"auc": auc(model, X_test, y_test)})
first = run.info.run_id

# %% [markdown] id="p1-ask"
# Don't trust your own `print`. Ask the server what it holds, from a shell, as a colleague would.

# %% id="ask-the-server"
# !mlflow runs describe --run-id {first}

# %% [markdown] id="p1-wrong"
# **What goes wrong.** Params are facts, and MLflow treats them so. Log a second value for one and the call fails. In a notebook this is the first error everyone meets: a cell opened a run without `with`, you ran it again, and the run was still open. The cure is a new run, never a cleverer name for the param. And never reopen a finished run to try something: look at the second line.

# %% id="write-once"
try:
    with mlflow.start_run(run_id=first):
        mlflow.log_params({"C": 2.0})
except MlflowException as error:
    print(str(error).splitlines()[0])
now = client.get_run(first)
print("C is still", now.data.params["C"], "and the run's status is", now.info.status)
assert now.data.params["C"] == "1.0" and now.info.status == "FAILED"

# %% [markdown] id="p1-3am"
# **At 3 a.m.** Someone reads you a number from a report and wants to know where it came from. Search for the number itself. A filter takes `and` but no `or`, and compares floats; give it half a unit of the last printed digit on both sides.

# %% id="find-by-number"
quoted = round(now.data.metrics["auc"], 4)
found = mlflow.search_runs(filter_string=f"metrics.auc > {quoted - 0.00005:.6f} and metrics.auc < {quoted + 0.00005:.6f}")
print(f"AUC {quoted} was claimed by:")
display(found[["run_id", "start_time", "params.C", "params.seed", "metrics.auc", "tags.mlflow.user"]])
assert first in set(found["run_id"])

# %% [markdown] id="p1-limit"
# **Where the tool stops.** MLflow stores what it is sent. It didn't see your data, doesn't know your seed, can't tell an AUC on unseen customers from one on training rows. All of it is your word: the start time, and even the user name, which your own client sends. Only the server's access log knows who called.

# %% [markdown] id="p2-failure"
# ## 2. The last value is not the best one
#
# A boosted model adds one small tree after another, 150 in all. The team logs the hold-out AUC after each tree and ranks its runs by `metrics.auc`. The boosted run comes out behind plain logistic regression, so they drop it, and with it a model that was level with the best long before the last tree. The server had the better number all the time. The table shows another one.

# %% id="boosting"
columns = prepare().fit(X_train)
booster = GradientBoostingClassifier(learning_rate=0.5, n_estimators=150, random_state=0).fit(columns.transform(X_train), y_train)
by_tree = [float(roc_auc_score(y_test, p[:, 1])) for p in booster.staged_predict_proba(columns.transform(X_test))]
best_tree = int(np.argmax(by_tree)) + 1
print(f"best {by_tree[best_tree - 1]:.3f} at tree {best_tree}, last {by_tree[-1]:.3f} at tree {len(by_tree)}")
assert len(by_tree) == 150 and best_tree < 75 and by_tree[best_tree - 1] - by_tree[-1] > 0.01

# %% [markdown] id="p2-idea"
# The idea: **a metric is a series, and a table has room for one cell.** MLflow fills the cell with the value of the highest step. So a number that you will rank by needs a name of its own: `auc_best`, `best_tree`.
#
# While we log it, look at the clock. Every call is an HTTP request that is authenticated and written to a database before your training goes on. One point at a time is what tutorials show; `log_batch` sends all 150 points and the summary in a single request.

# %% id="one-call"
with mlflow.start_run(run_name="boosted", tags={"session": session}) as run:
    started = time.perf_counter()
    mlflow.log_metric("ping", 1.0)
    one = time.perf_counter() - started

    at = int(time.time() * 1000)
    series = [Metric("auc", value, at, step) for step, value in enumerate(by_tree, start=1)]
    started = time.perf_counter()
    client.log_batch(run.info.run_id, metrics=[*series, Metric("auc_best", max(by_tree), at, 0), Metric("best_tree", best_tree, at, 0)])
    batch = time.perf_counter() - started
boosted = run.info.run_id
print(f"one point {one:.2f} s, so 150 calls would take about {150 * one:.0f} s; all of them in one batch took {batch:.2f} s")
assert 150 * one > batch

# %% [markdown] id="p2-limits"
# A batch holds up to 1,000 metrics, 100 params and 100 tags. A param's value may have 6,000 characters, a tag's 8,000: room for an error message, not for a stack of them.
#
# *Source: `mlflow/utils/validation.py` of MLflow 3.17.2; the next cell checks it.*

# %% id="which-number"
from mlflow.utils import validation
assert (validation.MAX_METRICS_PER_BATCH, validation.MAX_PARAMS_TAGS_PER_BATCH) == (1000, 100)
assert (validation.MAX_PARAM_VAL_LENGTH, validation.MAX_TAG_VAL_LENGTH) == (6000, 8000)

table = mlflow.search_runs(filter_string=f"tags.session = '{session}'", order_by=["metrics.auc DESC"])
display(table[["tags.mlflow.runName", "metrics.auc", "metrics.auc_best", "metrics.best_tree"]])
in_table = dict(zip(table["run_id"], table["metrics.auc"]))
assert in_table[boosted] == by_tree[-1] and in_table[boosted] < in_table[first] < max(by_tree) + 0.015

# %% [markdown] id="p2-notice"
# **How you would notice.** Compare each run's cell with the top of its series. Where they differ, the table understates the run (or an early stop kept another model than the one that was measured). The column you rank by should never have more than one point.

# %% id="last-against-best"
for run_id, name in zip(table["run_id"], table["tags.mlflow.runName"]):
    values = [point.value for point in client.get_metric_history(run_id, "auc")]
    print(f"{name:8} points {len(values):3}   table says {values[-1]:.3f}   series reached {max(values):.3f}")

# %% [markdown] id="p2-caveat"
# One honest remark on `auc_best`. We chose the tree by looking at the same hold-out that gives the number, so it is a little flattered. Page two measures by how much.
#
# **At 3 a.m.** "Why did the score of the live model drop by itself overnight?" Look at the history before you look at the data: somebody may have resumed the run and logged one more step. `get_metric_history` gives the time of every point.
#
# **Where the tool stops.** MLflow draws a curve if you ask; it doesn't watch it. A metric that must wake somebody belongs in Prometheus (module 11).

# %% [markdown] id="p3-failure"
# ## 3. The runs that aren't in the table
#
# A sweep tries four recipes. The table shows two runs with nearly the same AUC, and the summary says *"robust against the choice of C"*. Two weeks later the nightly training dies, because one customer has no total charge. Half of the recipes had died of that in the sweep as well. The script caught the exception, printed it to a log nobody read, and wrote to MLflow only after a success.
#
# That is survivorship bias with a database. The rule against it is short: **open the run before anything that can fail; log the params first; let the failure reach the `with`.** Here is the same sweep under that rule, with the attempts nested below one parent run.

# %% id="nested-sweep"
def attempt(C, impute):
    """One recipe as a child of the run that is open now."""
    with mlflow.start_run(run_name=f"C={C:g} impute={impute}", nested=True, tags={"session": session}):
        mlflow.log_params({"C": C, "impute": impute, "seed": seed})  # first, for a dead run must say what it tried
        try:
            model = make_pipeline(prepare(impute), LogisticRegression(C=C, max_iter=1000)).fit(X_train, y_train)
            mlflow.log_metrics({"auc": auc(model, X_test, y_test)})
        except Exception as error:
            mlflow.set_tag("failure", f"{type(error).__name__}: {error}"[:200])
            raise  # `with` sees it and marks the run FAILED

with mlflow.start_run(run_name="sweep", tags={"session": session}) as parent:
    for C in (0.01, 1.0):
        for impute in ("median", "none"):
            try:
                attempt(C, impute)
            except ValueError:
                pass  # recorded; the sweep goes on

# %% id="children"
children = mlflow.search_runs(filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'", order_by=["params.impute", "params.C"])
display(children[["tags.mlflow.runName", "status", "metrics.auc", "tags.failure"]])
counts = children["status"].value_counts().to_dict()
survivors = children["metrics.auc"].dropna()
parent_now = client.get_run(parent.info.run_id).info.status
print(counts, f"spread of the survivors {survivors.max() - survivors.min():.3f}; the parent itself is", parent_now)
assert parent_now == "FINISHED"
assert counts == {"FINISHED": 2, "FAILED": 2} and survivors.max() - survivors.min() < 0.02
assert 1 <= X["total_charges"].isna().sum() <= 11

# %% [markdown] id="p3-parent"
# The table has four rows now, and the reading is another: without imputation *nothing* works, and fewer than a dozen blank charges among five thousand customers are enough. Nesting is no more than the tag `mlflow.parentRunId` on each child. The parent doesn't inherit their fate: it says FINISHED above two corpses. If an alert wakes somebody up by status, let it watch the children.
#
# **What goes wrong.** `with` reports a Python exception. A process can die in two other ways, and MLflow gets both of them wrong. The first script below opens its run without `with` and dies at its last step, because the key to the bucket has expired. The second uses `with`, but is ended from outside by SIGTERM, which is what Kubernetes sends when it drains a node or deletes a pod. (A node that runs out of memory gives no such warning.)

# %% id="crashing-script"
# %%writefile crashes.py
import sys, mlflow
mlflow.start_run(run_name="crashes without with", tags={"session": sys.argv[1]})
mlflow.log_params({"C": 1.0})
mlflow.log_text("stands for the model after an hour of training", "model.txt")

# %% id="evicted-script"
# %%writefile evicted.py
import signal, sys, mlflow
with mlflow.start_run(run_name="evicted", tags={"session": sys.argv[1]}):
    print("training ...", flush=True)
    signal.pause()  # stands for an hour of work

# %% id="two-deaths" language="bash"
# AWS_SECRET_ACCESS_KEY=expired python crashes.py "$SESSION" 2>&1 | tail -n 1 | cut -d: -f 1,3
# python evicted.py "$SESSION" > evicted.log &
# while kill -0 $! && ! grep -q training evicted.log; do sleep 0.2; done
# kill -TERM $!
# wait $! || echo "evicted: exit code $?"

# %% id="what-mlflow-says"
deaths = mlflow.search_runs(filter_string=f"tags.session = '{session}'", max_results=2)
display(deaths[["tags.mlflow.runName", "status", "end_time"]])
assert dict(zip(deaths["tags.mlflow.runName"], deaths["status"])) == {"evicted": "RUNNING", "crashes without with": "FINISHED"}

# %% [markdown] id="p3-deaths"
# Read that twice. The crash is **FINISHED**: when Python exits, MLflow closes whatever run is open and assumes the best. Mind also who complained: your own process, about the second arrow. The server saw a healthy run from start to end, and its log has nothing. The evicted one is **RUNNING**, and will be next year.
#
# **How you would notice.** Two queries, on a schedule: runs that are FINISHED without the metric every run must have, and runs that are RUNNING for longer than any training takes.

# %% id="liars-and-zombies"
mine = mlflow.search_runs(filter_string=f"tags.session = '{session}'")
liars = mine[(mine["status"] == "FINISHED") & mine["metrics.auc"].isna() & (mine["tags.mlflow.runName"] != "sweep")]
longest_training = 0  # milliseconds; six hours would be 6 * 3_600_000
started_before = int(time.time() * 1000) - longest_training
zombies = mlflow.search_runs(filter_string=f"tags.session = '{session}' and status = 'RUNNING' and start_time < {started_before}")
print("finished, yet no metric:", list(liars["tags.mlflow.runName"]))
print("running far too long:   ", list(zombies["tags.mlflow.runName"]))
assert list(liars["tags.mlflow.runName"]) == ["crashes without with"] and list(zombies["tags.mlflow.runName"]) == ["evicted"]

# %% [markdown] id="p3-3am"
# **At 3 a.m.** Close the zombies, say why, and go back to bed. In daylight give the training script `with`, and the one line below that turns SIGTERM into an exception which `with` can see.

# %% id="bury-zombies"
for run_id in zombies["run_id"]:
    client.set_tag(run_id, "failure", "no heartbeat; closed by on-call")
    client.set_terminated(run_id, "KILLED")
    print("zombie:", client.get_run(run_id).info.status)

default = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the line for the training script
try:
    with mlflow.start_run(run_name="evicted, with a handler", tags={"session": session}) as evicted:
        signal.raise_signal(signal.SIGTERM)
except SystemExit:
    status = client.get_run(evicted.info.run_id).info.status
    print("evicted, with a handler:", status)
signal.signal(signal.SIGTERM, default)
assert status == "FAILED"

# %% [markdown] id="p3-limit"
# **Where the tool stops.** A run has no heartbeat, so the server can't tell a slow training from a dead one. SIGKILL, the out-of-memory killer and a pulled plug leave no chance to any handler. Whoever started the process has to report its death: that is the orchestrator's work (module 05).

# %% [markdown] id="p4-failure"
# ## 4. The AUC that is too good
#
# `mlflow.autolog()` is one line, and from then on every `fit` records itself. A team turned it on, sorted by the only AUC in the table and shipped the winner, a random forest with 1.000. It called worse than the logistic regression that it replaced. Let's do the same and then ask the forest about customers it hasn't seen.

# %% id="autolog"
# no model files, and no metric for each later call of `score` or `roc_auc_score`: what is left is what `fit` itself knows
mlflow.sklearn.autolog(log_models=False, log_post_training_metrics=False, silent=True)
rivals = {"logistic": LogisticRegression(max_iter=1000), "forest": RandomForestClassifier(n_estimators=100, random_state=0)}
for name, estimator in rivals.items():
    with warnings.catch_warnings(), mlflow.start_run(run_name=name, tags={"session": session, "page": "autolog"}):
        warnings.simplefilter("ignore", FutureWarning)  # MLflow's own call of a renamed scikit-learn argument
        rivals[name] = make_pipeline(prepare(), estimator).fit(X_train, y_train)
        mlflow.log_metrics({"auc": auc(rivals[name], X_test, y_test)})
mlflow.sklearn.autolog(disable=True)

auto = mlflow.search_runs(filter_string=f"tags.session = '{session}' and tags.page = 'autolog'", order_by=["metrics.training_roc_auc DESC"])
display(auto[["tags.mlflow.runName", "metrics.training_roc_auc", "metrics.auc"]])
assert list(auto["tags.mlflow.runName"]) == ["forest", "logistic"] and auto["metrics.training_roc_auc"][0] > 0.999
assert auto["metrics.auc"][0] < auto["metrics.auc"][1]

# %% [markdown] id="p4-idea"
# The order turns over. The forest has learned its own training rows by heart; `training_roc_auc` asks it to recite them. The word `training_` stands in the name, and nobody reads prefixes at six in the evening.
#
# The idea in a table: what you get for the one line, and what stays your work.

# %% id="what-autolog-knows"
forest = client.get_run(auto["run_id"][0])
kept = {
    "params of every step": len(forest.data.params) > 40,
    "metrics on training rows": any(name.startswith("training_") for name in forest.data.metrics),
    "plots and the pipeline's picture": len(client.list_artifacts(forest.info.run_id)) >= 3,
    "digest of the frame given to fit": len(forest.inputs.dataset_inputs) > 0,
    "seed of the split": "seed" in forest.data.params,
    "hash of customers.csv": any("sha" in tag for tag in forest.data.tags),
    "number of rows held out": any("test" in name for name in forest.data.params),
}
print(f"{len(forest.data.params)} params logged by one line")
display(pd.Series(kept, name="autolog recorded it").to_frame())
assert list(kept.values()) == [True] * 4 + [False] * 3

# %% [markdown] id="p4-wrong"
# It records what passes through `fit`. Your split happens before `fit`, so it can't know the seed, the file, or that a hold-out exists.
#
# **How you would notice.** `metrics.training_roc_auc > 0.99`, or any run in which the training number is far above the hold-out one. Know the ceiling of your data, too: no restart in section 1 got past 0.89, so a churn run that says 0.95 has seen the answers. And a run with a `training_` metric but no `auc` has never been examined at all.

# %% id="too-good"
suspects = mlflow.search_runs(filter_string=f"tags.session = '{session}' and metrics.training_roc_auc > 0.99")
for _, row in suspects.iterrows():
    print(f"{row['tags.mlflow.runName']}: {row['metrics.training_roc_auc']:.3f} on rows it had learned, {row['metrics.auc']:.3f} on rows it had not")
assert len(suspects) == 1 and suspects["metrics.auc"][0] < 0.86

# %% [markdown] id="p4-3am"
# **At 3 a.m.** A freshly promoted model makes bad calls and its run says 0.99. Don't debug the model. Put the previous version back (module 07 gives you the command), and leave a tag on the run: `metric-of-training-rows`.
#
# **Where the tool stops.** Autolog is a dash camera: turn it on, be glad of the footage, don't let it drive. The number that decides is one that you compute on rows that you held back, and log yourself.

# %% [markdown] id="p5-failure"
# ## 5. One blank, six hundred customers
#
# 02:10. The nightly batch sends 600 customers to the model. One of them joined an hour ago and has no tenure yet. In the morning the call centre has no list: not 599 names, none. The model had never been asked; a type check in front of it refused the whole batch.
#
# The check is the model's **signature**: names and types of the columns, in and out, stored beside the weights. It is what makes a logged model usable by somebody who has never seen your code. It also holds you to what you declare, so declare what production will send and not what your tidy training frame happened to hold.

# %% id="log-model"
with mlflow.start_run(run_name="logistic, with model", tags={"session": session}) as run, warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    mlflow.log_params({"C": 1.0, "seed": seed})
    mlflow.log_input(mlflow.data.from_pandas(X_train.assign(churn=y_train), targets="churn", name="customers"), context="training")
    mlflow.log_metrics({"auc": auc(model, X_test, y_test)})
    logged = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=mlflow.models.infer_signature(X_train, model.predict_proba(X_train)),
        pyfunc_predict_fn="predict_proba",
        pip_requirements=[f"scikit-learn=={__import__('sklearn').__version__}", "pandas==2.3.3"],
        skops_trusted_types=["numpy.dtype"],
    )
print("MLflow warned:", next(str(w.message) for w in said if "integer column" in str(w.message)).split(". ")[0])
print(logged.model_uri)
print([f"{c.name}: {c.type.name}" for c in logged.signature.inputs][:5], "...")

# %% [markdown] id="p5-arguments"
# Three arguments deserve a word. `pyfunc_predict_fn` makes the generic interface return probabilities; the default, `predict`, would hand retention a list of 0 and 1. `pip_requirements` states what loading needs; without it MLflow starts another Python, loads the model there and watches the imports, which is slow and guesses. `skops_trusted_types` belongs to the file format: scikit-learn models are saved with skops by default, which refuses to load any type that you haven't named, where a pickle would run whatever code it holds.
#
# *Source: `mlflow/sklearn/__init__.py` of MLflow 3.17.2 (`_get_default_serialization_format`).*
#
# Now the night of 02:10. The loaded model is what a serving container would hold.

# %% id="six-hundred"
served = mlflow.pyfunc.load_model(logged.model_uri)
night = X_test.sample(600, random_state=1)
print("a good night:", served.predict(night).shape)

newcomer = night.copy()
newcomer.loc[newcomer.index[0], "tenure"] = np.nan
try:
    served.predict(newcomer)
    refused = 0
except MlflowException as error:
    refused = len(newcomer)
    print(f"{refused} refused:", str(error).split("Error: ")[-1].split(". Hint")[0])
assert refused == 600

# %% [markdown] id="p5-wrong"
# pandas has no missing integer in a plain `int64` column: one blank turns the whole column into floats, and the signature says `long`. MLflow had warned at training time, in a message most people filter out.
#
# **At 3 a.m.** Score the 599 and set the one aside (first line below). In daylight, widen the declaration of the stored model: integers become doubles. The weights don't change, so nothing needs training; the imputer in this pipeline knows what to do with a blank. And look at the third line before you call it fixed.

# %% id="widen-the-signature"
print("tonight:                 ", served.predict(newcomer.dropna(subset=["tenure"]).astype({"tenure": "int64"})).shape)

floats = {column: "float64" for column in numbers}
mlflow.models.set_signature(logged.model_uri, mlflow.models.infer_signature(X_train.astype(floats), model.predict_proba(X_train)))
served = mlflow.pyfunc.load_model(logged.model_uri)
print("tomorrow, with a blank:  ", served.predict(newcomer).shape)
try:
    print("tomorrow, without blanks:", served.predict(night).shape)
except MlflowException as error:
    print("tomorrow, without blanks:", str(error).split("Error: ")[-1])
print("both, cast when read:    ", served.predict(newcomer.astype(floats)).shape, served.predict(night.astype(floats)).shape)
assert served.predict(newcomer.astype(floats)).shape == served.predict(night.astype(floats)).shape == (600, 2)

# %% [markdown] id="p5-trap"
# A night *without* blanks is refused now: MLflow puts an `int64` into a double column only if its values are all 0 or 1, since a large one might not fit exactly. A fix that is tested with last night's bad batch alone breaks every good one. Cast the numbers to float where the batch is read, in training and in production alike, and the question is gone.
#
# *Source: `_enforce_mlflow_datatype` in `mlflow/models/utils.py`, MLflow 3.17.2.*

# %% [markdown] id="p5-limit"
# **Where the tool stops.** A signature checks types, not sense. Somebody upstream changes `tenure` from months to days. Still a number, still accepted:

# %% id="right-type-wrong-unit"
before = served.predict(night.astype(floats))[:, 1].mean()
after = served.predict(night.assign(tenure=night["tenure"] * 30).astype(floats))[:, 1].mean()
print(f"mean churn score {before:.3f} with months, {after:.3f} with days; no error in either")
assert before > 0.2 and after < 0.5 * before

# %% [markdown] id="p5-seam"
# The score collapses and every light is green. Ranges and units are a data contract's business (module 03), a mean that halves overnight is a drift alert's (module 12).

# %% [markdown] id="p6-failure"
# ## 6. The run is there, the model isn't
#
# A bucket rule deletes objects after 90 days; somebody set it to save money on log files. On day 97 a bad release needs a rollback. The old run is in MLflow, FINISHED, with its AUC and a link to the model. The link leads nowhere. The database and the bucket are two systems, and nobody keeps them in step.
#
# Look at what the run of section 5 really has in the bucket, with S3's own client and not MLflow's.

# %% id="look-in-the-bucket"
s3 = boto3.client("s3")
home = client.get_logged_model(logged.model_id).artifact_location.removeprefix(f"s3://{os.environ['LAB_BUCKET']}/")
objects = s3.list_objects_v2(Bucket=os.environ["LAB_BUCKET"], Prefix=home)["Contents"]
for item in objects:
    print(f"{item['Size']:>8,} bytes  {item['Key'].removeprefix(experiment.artifact_location.split('/', 3)[3])}")
below_the_run = client.list_artifacts(run.info.run_id)
print("files below the run itself:", below_the_run)
assert f"/models/{logged.model_id}/" in home + "/" and below_the_run == []

# %% [markdown] id="p6-layout"
# Two things to know. Since MLflow 3 a model isn't a folder of its run: it lives under `models/m-…` with an id of its own, and the run's artifact list is empty. A clean-up script or a backup that walks the runs' folders misses every model. And size follows the kind of model, so do the sum before the sweep:

# %% id="what-a-sweep-costs"
import joblib
joblib.dump(rivals["forest"], "forest.bin")
forest_mb = Path("forest.bin").stat().st_size / 1e6
small_mb = sum(item["Size"] for item in objects) / 1e6
print(f"logistic {small_mb:.1f} MB, forest {forest_mb:.0f} MB; 200 forests a night for 30 nights: {200 * 30 * forest_mb / 1000:.0f} GB")
assert small_mb < 1 and 5 < forest_mb < 40 and 200 * 30 * forest_mb / 1000 > 30

# %% [markdown] id="p6-wrong"
# Log every run's params and metrics; log the model of the few that could be promoted.
#
# **What goes wrong.** The two arrows have two keys, and each fails alone. An expired S3 key you have met: `crashes.py` in section 3 trained for its hour, then lost the model. And the key to the bucket may delete what the MLflow account may not: the server has no say over the bytes.

# %% [markdown] id="p6-day-97"
# Now day 97. We delete one object as the bucket's rule would, and ask both systems.

# %% id="day-97"
s3.delete_object(Bucket=os.environ["LAB_BUCKET"], Key=f"{home}/model.skops")
print("run:  ", client.get_run(run.info.run_id).info.status)
print("model:", client.get_logged_model(logged.model_id).status)
try:
    mlflow.sklearn.load_model(logged.model_uri)
    lost = False
except FileNotFoundError as error:
    lost = True
    print("load: ", type(error).__name__, Path(str(error.filename)).name)
assert lost

# %% [markdown] id="p6-notice"
# **How you would notice.** Not from MLflow: both records are green. A nightly job loads each model that you might roll back to and scores ten rows. It takes about a second per model and is the only proof that the rollback exists.
#
# **At 3 a.m.** Roll back to the newest version that *loads*, not to the newest that is listed. If the bucket keeps versions, the object is still there: deleting only put a marker in front of it. Ask whoever owns the bucket before you retrain.
#
# **Where the tool stops.** MLflow doesn't watch the bucket, and deleting a run only hides it until an administrator runs `mlflow gc`. Retention, versioning and who may delete are the bucket's settings. Which model may be live at all is the registry's (module 07).
#
# Before you go on, say from memory what every run of yours must carry: params and seed, logged first; a metric on rows that weren't learned; the data's hash and the commit (page two); a model that declares its columns; and an honest end, also when it ends badly.

# %% [markdown] id="sources"
# ## Sources
#
# | what | where |
# |---|---|
# | runs, params, metrics, tags, nested runs | [MLflow Tracking](https://mlflow.org/docs/latest/ml/tracking/), [`mlflow` API](https://mlflow.org/docs/latest/api_reference/python_api/mlflow.html) |
# | a filter knows `and`, no `or` (1) | [Search Runs](https://mlflow.org/docs/latest/ml/search/search-runs) |
# | the table's cell is the highest step; of equal steps the latest, then the larger (2) | `_update_latest_metrics_if_necessary` in `mlflow/store/tracking/sqlalchemy_store.py` |
# | limits of a batch, a param, a tag (2) | `mlflow/utils/validation.py`, asserted in the cell |
# | an open run is ended when Python exits (3) | `atexit.register(_safe_end_run)` in `mlflow/tracking/fluent.py`; shown by the cell |
# | SIGTERM, then SIGKILL after the grace period (3) | [Kubernetes, Pod Lifecycle](https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination) |
# | no grace at a hard eviction threshold (3) | [Kubernetes, Node-pressure Eviction](https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/) |
# | what autolog records (4) | [`mlflow.sklearn.autolog`](https://mlflow.org/docs/latest/api_reference/python_api/mlflow.sklearn.html#mlflow.sklearn.autolog); shown by the cell |
# | signatures, and integers with blanks (5) | [Model Signatures](https://mlflow.org/docs/latest/ml/model/signatures) |
# | requirements are found by loading the model in another process (5) | `_capture_imported_modules` in `mlflow/utils/requirements_utils.py` |
# | skops refuses types that aren't trusted (5) | [skops, secure persistence](https://skops.readthedocs.io/en/stable/persistence.html) |
# | a plain integer column can't hold a blank (5) | [pandas, nullable integers](https://pandas.pydata.org/docs/user_guide/integer_na.html) |
# | models aren't run artifacts since MLflow 3 (6) | [MLflow 3 Migration Guide](https://mlflow.org/docs/latest/ml/mlflow-3) |
# | a delete in a versioned bucket adds a marker (6) | [Amazon S3, delete markers](https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html) |
# | `mlflow gc` removes deleted runs for good (6) | [MLflow command line](https://mlflow.org/docs/latest/api_reference/cli.html#mlflow-gc) |
