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
# # Comparing honestly, repeating exactly
#
# After this page you can say whether one model really beats another or had the luckier split, and let no failed, tied or diverged run win by accident.
# You can also take a single number out of last year's report and walk back to the commit and the bytes that made it, then make it again.

# %% [markdown] id="before-you-start"
# This page needs nothing from the first one but its words: run, param, metric, tag. The cells below use the same customers, the same server and the same bucket.

# %% id="setup"
import hashlib, inspect, os, sys, time, uuid, warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread adds its sums in one order; set before numpy is imported

import boto3, matplotlib.pyplot as plt, mlflow, numpy as np, pandas as pd
from IPython.display import display
from mlflow import MlflowClient
from mlflow.entities import Metric
from scipy import stats
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # shell cells: this kernel's own `python`
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
warnings.filterwarnings("ignore", message="Hint: Inferred schema contains integer")      # page one, section 5

customers = pd.read_csv("customers.csv")
numbers = [c for c in customers.select_dtypes("number") if c != "customer_id"]
texts = [c for c in customers.select_dtypes("object") if c != "churn"]
session = os.environ["SESSION"] = uuid.uuid4().hex[:8]
client = MlflowClient()
experiment = mlflow.set_experiment(os.environ["MLFLOW_EXPERIMENT_NAME"])

def prepare():
    return make_column_transformer((make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers), (OneHotEncoder(handle_unknown="ignore"), texts))

def examine(estimator, frame, seed):
    """Split the frame by the seed, learn from three quarters, return the AUC on the last quarter and the model."""
    train, test = train_test_split(frame, test_size=0.25, random_state=seed, stratify=frame["churn"])
    model = make_pipeline(prepare(), estimator).fit(train, train["churn"] == "Yes")
    return float(roc_auc_score(test["churn"] == "Yes", model.predict_proba(test)[:, 1])), model

print(f"{len(customers):,} customers")
assert 5_000 < len(customers) < 6_500

# %% [markdown] id="p1-failure"
# ## 1. Three releases, no progress
#
# In April a random forest beats the logistic regression by a few thousandths of AUC and is released. In May someone compares again, on a fresh split, and the regression wins: rollback. In June the forest wins. Three releases, three reviews, two angry calls from the serving team, and nobody made a mistake that a code review would find. Each time they compared two numbers, and each number carried more luck than the gap between them.
#
# Ten splits instead of one show it. Every candidate sits the same ten exams. The third one is a regression that is held back hard (`C=0.001`), and we'll need it in a minute.

# %% id="ten-splits"
candidates = {
    "champion": LogisticRegression(C=1.0, max_iter=1000),
    "held-back": LogisticRegression(C=0.001, max_iter=1000),
    "forest": RandomForestClassifier(n_estimators=50, min_samples_leaf=10, random_state=0),
}
exams = pd.DataFrame({name: [examine(estimator, customers, seed)[0] for seed in range(10)] for name, estimator in candidates.items()})
gaps = exams.sub(exams["champion"], axis=0)
forest_wins = int((gaps["forest"] > 0).sum())
display(exams.agg(["min", "mean", "max", "std"]).T.round(4))
print(f"the forest beats the champion on {forest_wins} splits of 10, by at most {gaps['forest'].max():.4f}, and loses by as much as {-gaps['forest'].min():.4f}")
assert 1 <= forest_wins <= 9 and (exams["champion"].max() - exams["champion"].min()) > 0.01
assert exams["held-back"].max() > exams["champion"].min()

# %% [markdown] id="p1-idea"
# If you compare the means you compare luck: which splits a candidate happened to get moves its mean more than the candidates differ. **Compare the differences, split by split.** A hard exam is hard for everybody, so most of the luck cancels.
#
# How sure are we of a mean difference? Divide its standard deviation by √10 and you will be too sure: the ten training sets share most of their customers, so the ten results aren't independent. Nadeau and Bengio's correction adds the ratio of test to training rows, here 1/3, to the 1/10. That makes the interval about twice as wide, and honest.
#
# *Source: Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003.*

# %% id="paired-interval"
def interval(differences, test_to_train=1 / 3):
    """Mean of the paired differences and the half-width of its corrected 95 % interval."""
    n = len(differences)
    return differences.mean(), stats.t.ppf(0.975, n - 1) * np.sqrt(differences.var(ddof=1) * (1 / n + test_to_train))

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3), gridspec_kw={"width_ratios": [3, 2]})
for name, colour in zip(exams, ("#345", "#b55", "#393")):
    left.plot(exams[name], "o-", color=colour, label=name, linewidth=1, markersize=4)
left.set(xlabel="seed of the split", ylabel="hold-out AUC", title="a split that is hard for one is hard for the other")
left.legend(fontsize=8)
for row, (name, colour) in enumerate((("held-back", "#b55"), ("forest", "#393"))):
    mean, half = interval(gaps[name])
    right.errorbar(mean, row, xerr=half, fmt="o", color=colour, capsize=4)
    print(f"{name:9} minus champion: {mean:+.4f} ± {half:.4f}, wins {int((gaps[name] > 0).sum())} of 10")
right.axvline(0, color="#345", linewidth=1)
right.set(yticks=[0, 1], yticklabels=["held-back", "forest"], ylim=(-0.6, 1.6), title="difference from the champion, 95 %")
figure.tight_layout()
plt.show()

mean, half = interval(gaps["held-back"])
assert mean + half < 0 and (gaps["held-back"] < 0).all()                # surely worse
assert abs(interval(gaps["forest"])[0]) < interval(gaps["forest"])[1]   # undecided
naive = stats.t.ppf(0.975, 9) * gaps["forest"].std() / np.sqrt(10)
assert 1.9 < interval(gaps["forest"])[1] / naive < 2.3

# %% [markdown] id="p1-reading"
# Read the right half. *Held-back* is worse, on every split, and the interval says so, although its curve on the left overlaps the champion's and a single split can't tell them apart. *Forest* is undecided: the interval contains zero. Undecided means "keep what runs", since a release costs something and this one buys nothing that you can show.
#
# Write the rule down before you look: *release if the whole interval lies above 0.002*, or whatever gap pays for the work. Afterwards every rule fits.
#
# Record the comparison so that June can read what April knew: one child per candidate, its ten results as points of one metric (the step is the seed), and mean and deviation under names of their own.

# %% id="log-comparison"
with mlflow.start_run(run_name="april comparison", tags={"session": session}) as comparison:
    mlflow.log_params({"seeds": "0-9", "test_size": 0.25, "rule": "release if the 95 % interval of the paired gap is above 0.002"})
    mlflow.log_figure(figure, "paired.png")
    for name in exams:
        now = int(time.time() * 1000)
        points = [Metric("auc", value, now, seed) for seed, value in exams[name].items()]
        summary = {"auc_mean": exams[name].mean(), "auc_sd": exams[name].std(), "gap_mean": gaps[name].mean(), "gap_half_width": interval(gaps[name])[1]}
        with mlflow.start_run(run_name=name, nested=True, tags={"session": session}) as child:
            client.log_batch(child.info.run_id, metrics=[*points, *(Metric(key, value, now, 0) for key, value in summary.items())])

june = mlflow.search_runs(filter_string=f"tags.mlflow.parentRunId = '{comparison.info.run_id}'", order_by=["metrics.auc_mean DESC"])
display(june[["tags.mlflow.runName", "metrics.auc_mean", "metrics.auc_sd", "metrics.gap_mean", "metrics.gap_half_width"]].round(4))

# %% [markdown] id="p1-3am"
# **How you would notice.** Releases that alternate, and runs with an AUC but no `auc_sd`. A gap smaller than one standard deviation of the split is not news.
#
# **At 3 a.m.** A challenger went live last evening with "+0.004" and retention complains. Look for its `gap_half_width`. If there is none, or the interval contains zero, nobody can say that it is better: put the champion back without a debate.
#
# **Where the tool stops.** MLflow sorts; it has no opinion on whether first is better than second. And these intervals cover the luck of the split only. All ten exams come from the same months. Whether the world has moved since is module 12.

# %% [markdown] id="p2-failure"
# ## 2. The seed is our best parameter
#
# A colleague puts the seed into the sweep, next to `C`. Thirty seeds, one recipe. The best lands 0.01 to 0.02 of AUC above the average of the thirty, at no cost, and goes into the report as the model's quality. In production it is as good as its twenty-nine siblings.
#
# To see what the seed bought, seal a fifth of the customers away before anything else happens, and let all thirty models meet those once.

# %% id="thirty-seeds"
working, sealed = train_test_split(customers, test_size=0.2, random_state=2024, stratify=customers["churn"])
rows = []
for seed in range(30):
    validation_auc, model = examine(LogisticRegression(C=1.0, max_iter=1000), working, seed)
    rows.append({"seed": seed, "validation": validation_auc, "sealed": roc_auc_score(sealed["churn"] == "Yes", model.predict_proba(sealed)[:, 1])})
seeds = pd.DataFrame(rows).set_index("seed")
winner = seeds["validation"].idxmax()
spread = seeds.max() - seeds.min()
rank = int((seeds["sealed"] > seeds.loc[winner, "sealed"]).sum()) + 1

print(f"seed {winner} wins with {seeds.loc[winner, 'validation']:.4f}; the thirty average {seeds['validation'].mean():.4f}")
print(f"on the sealed customers it has {seeds.loc[winner, 'sealed']:.4f}, place {rank} of 30")
print(f"spread between the thirty: {spread['validation']:.4f} on their own validation rows, {spread['sealed']:.4f} on the sealed ones")
print(f"correlation of the two columns: {seeds.corr().iloc[0, 1]:+.2f}")
assert 0.009 < seeds["validation"].max() - seeds["validation"].mean() < 0.035
assert spread["validation"] > 3 * spread["sealed"] and abs(seeds.corr().iloc[0, 1]) < 0.6

# %% [markdown] id="p2-idea"
# The thirty models are the same model: on the sealed rows they differ by less than a third of what they differed by before. **The seed changed the exam and not the student.** Picking a seed by its score picks an easy exam.
#
# The same happens, milder, whenever you keep the best of many honest recipes. The top of *n* equal draws lies above their mean by a known amount, and more tries make it worse:

# %% id="best-of-n"
draws = np.random.default_rng(0).normal(size=(20_000, 100))
lift = {n: float(draws[:, :n].max(axis=1).mean()) for n in (3, 10, 30, 100)}
sd = float(seeds["validation"].std())
display(pd.DataFrame({"tries": lift.keys(), "in standard deviations": [round(v, 2) for v in lift.values()], "AUC out of nothing": [round(v * sd, 4) for v in lift.values()]}))
assert abs(lift[10] - 1.54) < 0.03 and abs(lift[30] - 2.04) < 0.03 and abs(lift[100] - 2.51) < 0.03

# %% [markdown] id="p2-commands"
# So three rules, and MLflow can hold you to them. The seed is a **param**, recorded and never searched. You **choose** by validation, and **report** the sealed number, which is computed once, for the winner. And the number of tries goes into the record, because a reader needs it to know how much to subtract.

# %% id="report-the-sealed-number"
with mlflow.start_run(run_name="report", tags={"session": session}):
    mlflow.log_params({"chosen_by": "validation", "tries": len(seeds), "sealed_rows": len(sealed)})
    mlflow.log_metrics({"auc_validation": seeds.loc[winner, "validation"], "auc_sealed": seeds.loc[winner, "sealed"]})

# %% [markdown] id="p2-3am"
# **How you would notice.** Reported quality falls with each release's first honest measurement. Or ask the server: within one sweep, does the metric depend on the seed more than on any real parameter?
#
# **At 3 a.m.** The live AUC is two points under the report, from the first day on, and flat. That isn't drift; drift has a slope. Look at how many runs the winner was picked from, adjust the alert's threshold to the sealed number, and go to bed.
#
# **Where the tool stops.** Nothing keeps you from opening the sealed rows thirty times. A discipline that must hold against its own team needs somebody else to keep the rows (the grader of your lab does just that).

# %% [markdown] id="p3-failure"
# ## 3. Sort descending, take the first
#
# A nightly job promotes the best run: order by AUC, take row 0. It works for five months. Then it promotes a run without a model: that run had logged its AUC, and died while it saved the weights. The next row was no better, for it was still running. Here are five runs as a real experiment collects them. We write their numbers by hand, for this section is about the query.

# %% id="ugly-shelf"
shelf = [
    # name                     auc           megabytes   status
    ("plain regression",       0.8450,        0.2,       "FINISHED"),
    ("forest",                 0.8450,       14.0,       "FINISHED"),
    ("died saving the model",  0.8530,        None,      "FAILED"),
    ("diverged",               float("nan"),  0.2,       "FINISHED"),
    ("still training",         0.8510,        None,      "RUNNING"),
]
for name, auc, megabytes, status in shelf:
    run = client.create_run(experiment.experiment_id, run_name=name, tags={"session": session, "page": "shelf"})
    values = {"auc": auc, "model_mb": megabytes}
    client.log_batch(run.info.run_id, metrics=[Metric(key, value, int(time.time() * 1000), 0) for key, value in values.items() if value is not None])
    if status != "RUNNING":
        client.set_terminated(run.info.run_id, status)

def shelf_query(condition="", order=("metrics.auc DESC",)):
    found = mlflow.search_runs(filter_string=f"tags.session = '{session}' and tags.page = 'shelf'{condition}", order_by=list(order))
    return found[["tags.mlflow.runName", "status", "metrics.auc", "metrics.model_mb"]]

naive = shelf_query()
display(naive)
assert list(naive["tags.mlflow.runName"])[:2] == ["died saving the model", "still training"] and naive["metrics.auc"].isna().tolist() == [False] * 4 + [True]

# %% [markdown] id="p3-idea"
# | what you meet | what MLflow does | what you must say |
# |---|---|---|
# | a failed or running run with a high metric | lists it like any other | `status = 'FINISHED'` |
# | NaN, or no metric at all | sorts it last in *both* directions, shows both as NaN | a comparison such as `metrics.auc > 0` drops both; `!=` lets NaN through |
# | equal metrics | the newest run first | a second key, and a reason for it |
# | more runs than a page | gives you the page | follow the token |

# %% id="the-careful-query"
careful = shelf_query(" and status = 'FINISHED' and metrics.auc > 0", ("metrics.auc DESC", "metrics.model_mb ASC"))
display(careful)
tied = shelf_query(" and status = 'FINISHED' and metrics.auc > 0")
print("first without a second key:", tied["tags.mlflow.runName"][0])
print("let through by `!= 0.845`: ", list(shelf_query(" and status = 'FINISHED' and metrics.auc != 0.845")["tags.mlflow.runName"]))
print("first in ascending order:  ", shelf_query(order=("metrics.auc ASC",))["metrics.auc"][0])
assert list(careful["tags.mlflow.runName"]) == ["plain regression", "forest"] and tied["tags.mlflow.runName"][0] == "forest"
assert list(shelf_query(" and status = 'FINISHED' and metrics.auc != 0.845")["tags.mlflow.runName"]) == ["diverged"]

pages = (inspect.signature(client.search_runs).parameters["max_results"].default, inspect.signature(mlflow.search_runs).parameters["max_results"].default)
print("runs that one call returns at most, client and mlflow.search_runs:", pages)
assert pages == (1_000, 100_000)

# %% [markdown] id="p3-ties"
# Without the second key the forest wins the tie, by being younger: seventy times the bytes for the same number. And after section 1 you know that 0.8450 and 0.8452 are a tie too. Take all runs within the noise of the best, then the cheapest of them; the sort can't do that for you, three lines of pandas can.
#
# *Source for the page sizes: the signatures printed above. A filter knows `and` only; there is no `or` (MLflow documentation, "Search Runs").*
#
# **How you would notice.** A promoted run with no model, or a promotion on a night when nothing finished. Test the picker on an ugly shelf like this one; a tidy experiment proves nothing.
#
# **At 3 a.m.** The job promoted a broken run. Turn the job off first, for it will promote the same run again in an hour; then point the alias (`champion`, the name under which serving asks for a model) back at the version before.
#
# **Where the tool stops.** "Best" is your decision: a metric, a margin, a tie-break. MLflow keeps the numbers; the gate that refuses is code of yours (module 07).

# %% [markdown] id="p4-failure"
# ## 4. Same name, other rows
#
# Monday's training gives one AUC, Tuesday's another. Same commit, same parameters, same seed, `customers.csv` both times, the same number of rows in it. Two people spend a day on the learning code. On Monday night a database had been re-indexed, and the export, a `SELECT` without `ORDER BY`, returned the same customers in another order. The seed picks row *positions*; other rows now stood there.

# %% id="another-order"
Path("monday").mkdir(exist_ok=True)
Path("tuesday").mkdir(exist_ok=True)
customers.to_csv("monday/customers.csv", index=False)
customers.sort_values("monthly_charges", kind="stable").to_csv("tuesday/customers.csv", index=False)

def read(day):
    return pd.read_csv(f"{day}/customers.csv")

recipe = LogisticRegression(C=1.0, max_iter=1000)
orders = pd.DataFrame({day: [examine(recipe, read(day), seed)[0] for seed in range(5)] for day in ("monday", "tuesday")})
orders["sorted by key, both"] = [examine(recipe, read("tuesday").sort_values("customer_id", ignore_index=True), seed)[0] for seed in range(5)]
display(orders.round(4))
assert (orders["monday"] != orders["tuesday"]).all() and (orders["monday"] - orders["tuesday"]).abs().max() > 0.004
assert orders["monday"].equals(orders["sorted by key, both"]) and customers["customer_id"].is_monotonic_increasing

# %% [markdown] id="p4-idea"
# Third column: sort by the key before you split, and the order of the export stops mattering, to the last digit. (Better still, split by a hash of the key; then a customer keeps their side when rows are added. Module 03 does that.)
#
# The idea: **a name is where the data were; a hash is what they were.** Hash the bytes you read, before pandas touches them, and put the hash on the run. In the shell it is one command, and it has to agree with Python's.

# %% id="hash-the-bytes"
# !sha256sum monday/customers.csv tuesday/customers.csv

# %% id="two-runs-one-recipe"
def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()

for day in ("monday", "tuesday"):
    path = f"{day}/customers.csv"
    rows = mlflow.data.from_pandas(read(day), targets="churn", name="customers")
    with mlflow.start_run(run_name=day, tags={"session": session, "page": "lineage", "data_sha256": sha256(path)}):
        mlflow.log_params({"C": 1.0, "seed": 0, "file": "customers.csv"})
        mlflow.log_input(rows, context="training")
        mlflow.log_metrics({"auc": examine(recipe, read(day), 0)[0]})

# %% [markdown] id="p4-query"
# **How you would notice.** Ask for runs with equal recipes and unequal results. Every group that comes back is a hole in the lineage; the hash column says at once whether the data are to blame.

# %% id="lineage-query"
runs = mlflow.search_runs(filter_string=f"tags.session = '{session}' and tags.page = 'lineage' and status = 'FINISHED'")
recipes = runs.groupby(["params.C", "params.seed", "params.file"])
holes = recipes.filter(lambda group: group["metrics.auc"].nunique() > 1)
display(holes.assign(data=holes["tags.data_sha256"].str[:12])[["tags.mlflow.runName", "params.C", "params.seed", "params.file", "metrics.auc", "data"]])
assert len(holes) == 2 and holes["tags.data_sha256"].nunique() == 2

# %% [markdown] id="p4-digest"
# MLflow computes a `digest` of its own for every dataset that you log, eight characters long, and you can search by it: `dataset.digest = '…'`. Use it, and know what it leaves out. It skips every column that is neither numeric nor text in all of its rows: booleans, dates, and a text column with a single blank. And it looks at the first 10,000 rows only. Watch it miss the worst change there is.
#
# *Source: `compute_pandas_digest` in `mlflow/data/digest_utils.py`, MLflow 3.17.2.*

# %% id="digest-blind-spots"
def digest(frame):
    return mlflow.data.from_pandas(frame, name="customers").digest

labelled = customers.assign(churn=customers["churn"] == "Yes")
flipped = labelled.assign(churn=~labelled["churn"])
one_blank = customers.assign(contract=customers["contract"].mask(customers.index == 3))
moved = one_blank.assign(contract=one_blank["contract"].replace("One year", "Two year"))
print("every label flipped:           ", digest(labelled), digest(flipped))
print("all one-year contracts changed:", digest(one_blank), digest(moved))
big = pd.concat([customers] * 2, ignore_index=True)
tail = big.assign(tenure=big["tenure"].where(big.index < 10_000, 0))
print("tenure zeroed from row 10,000: ", digest(big), digest(tail))
assert digest(labelled) == digest(flipped) and digest(one_blank) == digest(moved) and digest(big) == digest(tail)
assert digest(read("monday")) != digest(read("tuesday"))

# %% [markdown] id="p4-3am"
# Equal digests prove little; equal SHA-256 sums prove equal bytes. Log both: the digest for the web page, the sum for the argument.
#
# **At 3 a.m.** Don't retrain on a file that you can't name. Find the newest finished run whose hash you have in the store, serve that model, and ask in the morning who exported what.
#
# **Where the tool stops.** MLflow stores the hash and not the rows. Something else must be able to turn the hash back into bytes: DVC (module 03), or a bucket whose keys are hashes, as in section 6.

# %% [markdown] id="p5-failure"
# ## 5. The commit that never ran
#
# The run carries a commit. You check it out, train, and get another number. The commit is real, the data are the same, the seed too. It was 18:50 when that model was trained, somebody had changed one line to try it, it worked, the run was logged. The line was committed two days later, or never. **A commit says what was in the repository, not what was on the disk.**
#
# We need a repository to see it. This is a small but complete training script; read what it writes to the run, for section 6 lives on that.

# %% id="fresh-repository" language="bash"
# rm -rf repo again && git init -q repo && git -C repo symbolic-ref HEAD refs/heads/main
# git -C repo config user.name "Course" && git -C repo config user.email "course@example.org"

# %% id="train-script"
# %%writefile repo/train.py
"""Train the churn model. Usage: train.py FILE SEED"""
import hashlib, os, platform, sys
from io import BytesIO
from pathlib import Path
import boto3, mlflow, pandas as pd, sklearn
from sklearn.compose import make_column_selector as having, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

C = 1.0
raw, seed = Path(sys.argv[1]).read_bytes(), int(sys.argv[2])
sha = hashlib.sha256(raw).hexdigest()
frame = pd.read_csv(BytesIO(raw)).sort_values("customer_id")
X, y = frame.drop(columns=["customer_id", "churn"]), frame["churn"] == "Yes"

with mlflow.start_run(tags={"session": os.environ["SESSION"], "page": "repo", "data_sha256": sha}):
    mlflow.log_params({"seed": seed, "python": platform.python_version(), "scikit-learn": sklearn.__version__, "pandas": pd.__version__})
    boto3.client("s3").put_object(Bucket=os.environ["LAB_BUCKET"], Key=f"data/{sha}.csv", Body=raw)  # the key is the hash
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=y)
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), having(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), having(dtype_include="object")),
    )
    model = make_pipeline(columns, LogisticRegression(C=C, max_iter=1000)).fit(X_train, y_train)
    mlflow.log_metrics({"auc": roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])})

# %% [markdown] id="p5-commands"
# Commit it and train. Then change one line, don't commit, and train again, as at 18:50.

# %% id="clean-then-dirty" language="bash"
# cd repo
# git add train.py && git commit -q -m "Train the churn model" && git log --oneline
# python train.py ../customers.csv 7
# sed -i 's/^C = 1.0/C = 0.001/' train.py
# python train.py ../customers.csv 7

# %% id="one-commit-two-models"
pair = mlflow.search_runs(filter_string=f"tags.session = '{session}' and tags.page = 'repo'", order_by=["start_time ASC"])
display(pair.assign(commit=pair["tags.mlflow.source.git.commit"].str[:10], data=pair["tags.data_sha256"].str[:10])[["tags.mlflow.source.name", "commit", "data", "params.seed", "metrics.auc"]])
assert pair["tags.mlflow.source.git.commit"].nunique() == pair["tags.data_sha256"].nunique() == 1
assert len(pair) == 2 and pair["metrics.auc"][0] - pair["metrics.auc"][1] > 0.001

# %% [markdown] id="p5-idea"
# Same script, same commit, same data, same seed, two models. MLflow wrote the commit by itself, because a *script in a repository* was running. It doesn't look whether the tree was clean. In a notebook it finds the kernel's launcher instead of your file, so there is no commit at all (or, worse, the commit of whatever repository holds the virtual environment); and `C`, which decided everything here, sat in the code where no param shows it.
#
# The cure costs nothing: a gate in front of every training that counts. A recorded run starts from a clean tree or doesn't start.

# %% id="refuse-a-dirty-tree" language="bash"
# cd repo
# train() {
#   if [ -n "$(git status --porcelain)" ]; then
#     echo "refused, commit these first:"; git status --short; git diff --unified=0 | tail -n 2
#   else
#     python train.py "$@"
#   fi
# }
# train ../customers.csv 7
# git checkout -q train.py && test -z "$(git status --porcelain --untracked-files=no)" && echo "clean again"

# %% [markdown] id="p5-notice"
# **What goes wrong.** `git diff` alone misses new files; `git status --porcelain` shows both. When people must train from a dirty tree (they will), let them, but tag the run `dirty` and log the diff as an artifact: `mlflow.log_text(diff, "uncommitted.diff")`.
#
# **How you would notice.** Notebook runs without a commit, and runs that share commit, data and seed and differ in the metric: the query of section 4, with the commit as one more column. Move every choice from the code into a param, and most of these pairs explain themselves.
#
# **At 3 a.m.** You can't tell whether the commit is what ran? You still have the model itself. Serve the logged artifact; never rebuild it from a commit that you don't trust.
#
# **Where the tool stops.** git knows files, not the machine. Which library versions computed the number is in the lock file of the same commit (module 02), and only if the training was started from it.

# %% [markdown] id="p6-failure"
# ## 6. A year later
#
# An auditor asks for the number in last year's report: "Show me that it is true." The one who trained it has left, the laptop has been wiped, the table in the warehouse has been overwritten 365 times. You have a run id and an afternoon. What you can still do depends on what the run wrote down on the day.
#
# | to repeat a number you need | where the run keeps it | what brings it back |
# |---|---|---|
# | the code | tag `mlflow.source.git.commit`, from a clean tree | `git checkout` |
# | the rows | tag `data_sha256` | the object whose key is the hash |
# | the choices | params, the seed among them | read from the run |
# | the versions | params; the lock file in the commit | `uv sync --locked` |
# | what to compare with | the metric, and the tolerance you accept | this page's last assert |
#
# Pretend that everything local is gone. We start from one id.

# %% id="from-one-id"
run_id = pair["run_id"][0]
old = client.get_run(run_id)
commit, sha, seed = old.data.tags["mlflow.source.git.commit"], old.data.tags["data_sha256"], old.data.params["seed"]

boto3.client("s3").download_file(os.environ["LAB_BUCKET"], f"data/{sha}.csv", "restored.csv")
assert sha256("restored.csv") == sha, "the store gave other bytes than the run was trained on: stop here"

import pandas, platform, sklearn
here = {"python": platform.python_version(), "scikit-learn": sklearn.__version__, "pandas": pandas.__version__}
versions = pd.DataFrame({"then": {name: old.data.params[name] for name in here}, "now": here})
display(versions)
assert (versions["then"] == versions["now"]).all(), "build the environment from the commit's lock file first"

os.environ.update(COMMIT=commit, SEED=seed)  # for the shell below

# %% id="do-it-again" language="bash"
# git clone -q repo again && cd again
# git checkout -q "$COMMIT" && git status --short --branch && git log --oneline -1
# python train.py ../restored.csv "$SEED"

# %% id="compare"
new = mlflow.search_runs(filter_string=f"tags.session = '{session}' and tags.page = 'repo'", order_by=["start_time DESC"], max_results=1).iloc[0]
print(f"then {old.data.metrics['auc']:.15f}\nnow  {new['metrics.auc']:.15f}")
assert new["run_id"] != run_id and new["tags.mlflow.source.git.commit"] == commit and new["tags.data_sha256"] == sha
assert abs(new["metrics.auc"] - old.data.metrics["auc"]) < 1e-9

# %% [markdown] id="p6-wrong"
# The same digits. On the same machine with the same versions that is what you should demand; on another processor or with another number of threads sums are added in another order, and the last digits move. Agree on a tolerance before you compare (a thousandth of AUC is generous), and write it down with the result.
#
# **What goes wrong:** the rows are gone (a retention rule, see page one); the tree was dirty; a version moved and a default with it; a second source of chance had no seed. Each leaves a different trace, and the order of the checks above finds the first that broke: bytes, then versions, then commit, then the number. Never compare the number first: it tells you *that*, not *why*.
#
# **How you would notice** before the auditor does: let a weekly job pick one old run at random and do the five cells above. It is the same idea as restoring a backup. A reproduction that nobody has tried is a hope.
#
# Now the way back, for the question that you'll get most often. Someone quotes a number; you answer with the whole chain, in one table.

# %% id="trace"
def trace(auc, digits=4):
    """From a quoted metric to its run, commit and bytes. Several rows mean that the quote isn't unique."""
    half = 0.5 * 10**-digits
    found = mlflow.search_runs(filter_string=f"tags.session = '{session}' and tags.page = 'repo' and metrics.auc >= {auc - half:.9f} and metrics.auc <= {auc + half:.9f}")
    stored = {item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket=os.environ["LAB_BUCKET"], Prefix="data/")["Contents"]}
    return pd.DataFrame({
        "run": found["run_id"].str[:8],
        "auc": found["metrics.auc"],
        "commit": found["tags.mlflow.source.git.commit"].str[:8],
        "data": found["tags.data_sha256"].str[:8],
        "rows can be had": ("data/" + found["tags.data_sha256"] + ".csv").isin(stored),
    })

quoted = round(old.data.metrics["auc"], 4)
chain = trace(quoted)
print(f"where does AUC {quoted} come from?")
display(chain)
assert len(chain) == 2 and chain["rows can be had"].all() and set(chain["commit"]) == {commit[:8]}

# %% id="what-the-commit-says"
# !git --no-pager -C repo show -s --format="%h  %ad  %an  %s" --date=iso {commit}

# %% [markdown] id="p6-3am"
# Two rows, one chain: the original and its repetition agree on everything. The dirty run of section 5 has that commit as well, and isn't here, since its number was another.
#
# **At 3 a.m.** Nobody asks for a reproduction at 3 a.m. What they ask then is "which data and code is the live model?", and it must take a minute: run id from the model's version, these two tags, done. If it takes longer, the fix for daylight is to put both hashes into the service's own health answer (module 08).
#
# **Where the tool stops.** MLflow holds the thread; the ends are tied elsewhere: rows in DVC or a bucket that doesn't expire them (03), versions in the lock (02), the machine in an image (02), the decision in the registry (07). Pull the thread once a week and you'll know which knot is loose.

# %% [markdown] id="sources"
# ## Sources
#
# | what | where |
# |---|---|
# | the corrected interval (1) | [Nadeau and Bengio, Machine Learning 52, 2003](https://doi.org/10.1023/A:1024068626366); scikit-learn's example [Statistical comparison of models](https://scikit-learn.org/stable/auto_examples/model_selection/plot_grid_search_stats.html) |
# | filters, order, datasets in a query (3, 4) | [Search Runs](https://mlflow.org/docs/latest/ml/search/search-runs) |
# | how many runs one call returns (3) | the signatures, printed by the cell |
# | NaN sorts last, ties go to the newest (3) | shown by the cells |
# | rows come in no set order without `ORDER BY` (4) | [PostgreSQL, Sorting Rows](https://www.postgresql.org/docs/current/queries-order.html) |
# | what the digest skips (4) | `compute_pandas_digest` in `mlflow/data/digest_utils.py`; shown by the cell |
# | the commit is that of the main file's repository (5) | `mlflow/tracking/context/git_context.py`; shown by the cell |
# | `git status --porcelain` lists new files, too (5) | [git-status](https://git-scm.com/docs/git-status) |
# | `uv sync --locked` (6) | [uv, locking and syncing](https://docs.astral.sh/uv/concepts/projects/sync/) |
