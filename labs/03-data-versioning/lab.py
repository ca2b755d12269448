# %% [markdown] id="intro"
# # Lab 03: two exports, one name
#
# On Monday night the export of the customers broke off after four fifths of the rows. Nobody noticed: the file opened,
# the columns were right, the nightly training was green. On Tuesday the whole file came, under the same name, and
# Monday's was gone. On Friday somebody asks which of the two the live model has learned from.
#
# You will make that question answerable: both exports as versions that anybody can pull, features that know which bytes
# they came from, and a gate that says what is wrong with a batch before anything learns from it. Six tasks; with the
# lessons read, the first four take about ten minutes.
#
# **How it works.** Write your answer where a cell says `raise NotImplementedError`. In a cell that starts with `%%bash`
# your answer is shell commands; what stands there now isn't one, so until you replace it that cell fails, and says so.
# Then run `mlops check` in a terminal (`mlops check --all` explains every check). It runs this notebook from top to
# bottom in an empty folder, with an empty bucket and with some customers fewer than your file has, so no hash of yours
# fits there. Then it clones your repository, pulls from the bucket with keys of its own, reruns your pipeline with
# parameters of its own, and feeds your functions batches that you have never seen. Stuck? `mlops hint`, as often as you
# like. Cells that you add are yours to play with and are not run.

# %% id="parameters" tags=["parameters"]
# Set by whoever runs the notebook; the values here are only stand-ins.
bucket = "lab-03"
seed = 7
commit = "0" * 40

# %% id="given" tags=["given"]
import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import yaml

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # the `dvc` of this environment
os.environ.update(DVC_NO_ANALYTICS="1", DVC_SITE_CACHE_DIR=str(Path(".dvc-site").resolve()))
os.environ["GIT_CEILING_DIRECTORIES"] = str(Path.cwd())  # a repository above this folder is not meant
os.environ.pop("FORCE_COLOR", None)  # Jupyter sets it, and DVC would draw spinners
for who in ("AUTHOR", "COMMITTER"):  # git refuses to commit for nobody
    os.environ.setdefault(f"GIT_{who}_NAME", "Data team")
    os.environ.setdefault(f"GIT_{who}_EMAIL", "data@example.org")

YES_NO, ADD_ON = ["Yes", "No"], ["Yes", "No", "No internet service"]
CONTRACT = {
    "customer_id": {"range": [1, 1_000_000], "whole": True, "unique": True},
    "churn": {"values": YES_NO},
    **dict.fromkeys(["female", "senior_citizen", "partner", "dependents"], {"values": [0, 1]}),
    "tenure": {"range": [0, 120], "whole": True},
    "phone_service": {"values": [0, 1]},
    "multiple_lines": {"values": ["Yes", "No", "No phone service"]},
    "internet_service": {"values": ["DSL", "Fiber optic", "No"]},
    **dict.fromkeys(["online_security", "online_backup", "device_protection"], {"values": ADD_ON}),
    **dict.fromkeys(["tech_support", "streaming_tv", "streaming_movies"], {"values": ADD_ON}),
    "contract": {"values": ["Month-to-month", "One year", "Two year"]},
    "paperless_billing": {"values": [0, 1]},
    "payment_method": {"values": ["Electronic check", "Mailed check", "Bank transfer (automatic)", "Credit card (automatic)"]},
    "monthly_charges": {"range": [10, 200]},
    "total_charges": {"range": [0, 20_000], "blank": "only where tenure is 0"},
}

# %% id="exports" tags=["given"]
# The two exports. Every run of the notebook starts from here, with an empty repository.
for folder in ("repo", "exports"):
    shutil.rmtree(folder, ignore_errors=True)
Path("exports").mkdir()
Path("repo/src").mkdir(parents=True)
lines = Path("customers.csv").read_text().splitlines(keepends=True)
Path("exports/monday.csv").write_text("".join(lines[: len(lines) * 4 // 5]))
Path("exports/tuesday.csv").write_text("".join(lines))
print(f"{len(lines) * 4 // 5 - 1:,} customers on Monday, {len(lines) - 1:,} on Tuesday")

# %% [markdown] id="scripts"
# The team's code is there already: two small scripts, and the parameters that they read.

# %% id="prepare" tags=["given"]
# %%writefile repo/src/prepare.py
"""Customers who have been here long enough; whoever was never billed owes 0."""
import csv

import yaml

params = yaml.safe_load(open("params.yaml"))["prepare"]
with open("data/customers.csv", newline="") as source, open("data/prepared.csv", "w", newline="") as target:
    rows = csv.DictReader(source)
    out = csv.DictWriter(target, rows.fieldnames, lineterminator="\n")
    out.writeheader()
    for row in rows:
        if int(row["tenure"]) >= params["min_tenure"]:
            out.writerow(row | {"total_charges": row["total_charges"] or "0"})

# %% id="features" tags=["given"]
# %%writefile repo/src/features.py
"""Each customer with the band that their tenure falls into (0: shorter than the first), and the rate of those who left."""
import bisect
import csv
import json

import yaml

bands = yaml.safe_load(open("params.yaml"))["features"]["bands"]
with open("data/prepared.csv", newline="") as source, open("data/features.csv", "w", newline="") as target:
    rows = list(csv.DictReader(source))
    out = csv.DictWriter(target, ["customer_id", "tenure_band", "monthly_charges", "churn"], lineterminator="\n", extrasaction="ignore")
    out.writeheader()
    out.writerows(row | {"tenure_band": bisect.bisect_right(bands, int(row["tenure"]))} for row in rows)
left = sum(row["churn"] == "Yes" for row in rows)
json.dump({"customers": len(rows), "churn_rate": round(left / len(rows), 6)}, open("metrics.json", "w"))

# %% id="params"
# %%writefile repo/params.yaml
prepare:
  min_tenure: 1
features:
  bands: [12, 24, 48]
report:
  title: Churn, by tenure

# %% [markdown] id="task-1" describes="publish"
# ## 1. Monday's export, as a version
#
# Make `repo/` a git repository that uses DVC, and publish Monday's export from it:
#
# - DVC's **default** remote is `s3://$LAB_BUCKET/churn` (any name). Your keys are in the environment, where DVC finds
#   them; nothing of them belongs into the repository.
# - `exports/monday.csv` becomes `data/customers.csv`, tracked by DVC. Its rows stay out of every git commit.
# - Commit, put the tag `v1` on the commit, and upload the rows to the remote.

# %% task="publish" language="bash"
# set -e
# cd repo
# ### BEGIN SOLUTION
# git init -q
# dvc init -q
# dvc remote add -q --default store "s3://$LAB_BUCKET/churn"
# mkdir data
# cp ../exports/monday.csv data/customers.csv
# dvc add -q data/customers.csv
# git add .
# git commit -q -m "Monday's export under DVC"
# git tag v1
# dvc push -q
# ### END SOLUTION

# %% [markdown] id="task-2" describes="second-version"
# ## 2. Tuesday's export, as the next one
#
# `exports/tuesday.csv` takes the place of Monday's under the same name. Record it, commit, tag the commit `v2`, upload.
# After this both versions can be pulled by whoever has the repository and a key to the bucket.

# %% task="second-version" language="bash"
# set -e
# cd repo
# ### BEGIN SOLUTION
# cp ../exports/tuesday.csv data/customers.csv
# dvc add -q data/customers.csv
# git commit -q -a -m "Tuesday's export, whole"
# git tag v2
# dvc push -q
# ### END SOLUTION

# %% [markdown] id="task-3" describes="pipeline"
# ## 3. Features that know where they come from
#
# Describe the two scripts as stages of a pipeline (`dvc stage add`, or write `dvc.yaml` yourself):
#
# | stage | command | reads | parameters | writes |
# |---|---|---|---|---|
# | `prepare` | `python src/prepare.py` | `data/customers.csv` | `prepare.min_tenure` | `data/prepared.csv` |
# | `features` | `python src/features.py` | `data/prepared.csv` | `features.bands` | `data/features.csv`, and `metrics.json` as a metric that stays in git |
#
# A stage also depends on its script. Declare what each one reads, no more and no less: DVC believes you.
#
# Reproduce it, commit, tag `run-1`. Then change `features.bands` in `params.yaml` to `[6, 12, 24, 48]`, reproduce again,
# commit, tag `run-2`. Upload the results, so that a fresh clone of `run-2` can pull them and has nothing to compute.

# %% task="pipeline" language="bash"
# set -e
# cd repo
# ### BEGIN SOLUTION
# dvc stage add -q -n prepare -d src/prepare.py -d data/customers.csv -p prepare.min_tenure \
#     -o data/prepared.csv python src/prepare.py
# dvc stage add -q -n features -d src/features.py -d data/prepared.csv -p features.bands \
#     -o data/features.csv -M metrics.json python src/features.py
# dvc repro -q
# git add .
# git commit -q -m "Pipeline: customers to features"
# git tag run-1
#
# sed -i 's/bands: .*/bands: [6, 12, 24, 48]/' params.yaml
# dvc repro -q
# git commit -q -a -m "A band for the first half year"
# git tag run-2
# dvc push -q
# ### END SOLUTION

# %% id="look" language="bash"
# cd repo
# git --no-pager log --oneline --decorate --no-color || true  # until there is a repository
# dvc status || true

# %% [markdown] id="task-4" describes="validate"
# ## 4. What is wrong with this batch?
#
# `validate` takes a batch of customers as a DataFrame and says what breaks the contract: a dict with an entry for every
# column that is at fault, the column's name and a few words on what is wrong with it. A clean batch gives `{}`.
# The contract is the dict `CONTRACT` above, in words:
#
# - every column of it is there, and no other; their order doesn't matter, nor does the order or number of the rows;
# - no value is blank, but for the `total_charges` of customers whose `tenure` is 0;
# - `values`: one of these, exactly so written · `range`: a number between these two, ends included · `whole`: without a
#   fraction (12.0 is whole) · `unique`: no two rows share it.
#
# Each fault belongs to the column that holds it: a missing column to its name, an unknown one to its own. A batch comes
# from a CSV file: one text in a column of numbers makes pandas read the whole column as text, and then the numbers in it
# are no fault. Use pandera (`pa`), Great Expectations, or plain pandas.

# %% task="validate"
def validate(batch):
    """What breaks the contract, by column; {} when nothing does."""
    ### BEGIN SOLUTION
    absent = {name: "is missing" for name in CONTRACT if name not in batch}
    unknown = {name: "is not in the contract" for name in batch if name not in CONTRACT}
    cells = faulty_cells(batch).groupby("column")["index"].unique()
    values = {name: f"{len(rows)} rows, such as '{batch[name].iloc[rows[0]]}'" for name, rows in cells.items()}
    return absent | unknown | values


def column_of(rule):
    """A rule of the contract as pandera's column. Columns are asked for elsewhere, so each is optional here."""
    checks = [pa.Check.isin(rule["values"])] if "values" in rule else [pa.Check.in_range(*rule["range"])]
    if rule.get("whole"):
        checks.append(pa.Check(lambda numbers: numbers % 1 == 0))
    return pa.Column(checks=checks, nullable="blank" in rule, unique=rule.get("unique", False), required=False)


SCHEMA = pa.DataFrameSchema({name: column_of(rule) for name, rule in CONTRACT.items()})


def faulty_cells(batch):
    """The cells that break the contract, by `column` and by `index`, the row's position in the batch."""
    table = batch.reset_index(drop=True)
    for name in [name for name in table if "range" in CONTRACT.get(name, {})]:
        numbers = pd.to_numeric(table[name], errors="coerce")
        table[name] = numbers.mask(numbers.isna() & table[name].notna(), -float("inf"))  # a text is in no range
    cells = []
    try:
        SCHEMA.validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cells.append(errors.failure_cases[["column", "index"]])
    if {"total_charges", "tenure"} <= set(table):
        billed = table.index[table["total_charges"].isna() & (table["tenure"] != 0)]
        cells.append(pd.DataFrame({"column": "total_charges", "index": billed}))
    return pd.concat(cells) if cells else pd.DataFrame(columns=["column", "index"])
    ### END SOLUTION


# %% id="run-validate"
with contextlib.suppress(NotImplementedError):  # until you have written it
    batch = pd.read_csv("exports/monday.csv")
    print("Monday's export:", validate(batch))
    print("in cents:       ", validate(batch.assign(monthly_charges=batch["monthly_charges"] * 100)))

# %% [markdown] id="task-5" describes="quarantine"
# ## 5. Keep the good rows
#
# One bad row must not hold back 600 good ones, and must not get through with them. `quarantine` gives back two
# DataFrames, `good` and `bad`. Every row of the batch is in exactly one of them, its values as they came. `bad` has one
# more column, `reason`, a text that names every column at fault in that row. Of rows that share a unique value
# all are bad: nobody knows which one is right. A batch that lacks a column can't be judged row by row: `ValueError`.

# %% task="quarantine"
def quarantine(batch):
    """The rows that keep the contract, and those that break it with the reason."""
    ### BEGIN SOLUTION
    absent = [name for name in CONTRACT if name not in batch]
    if absent:
        raise ValueError(f"the batch lacks {', '.join(absent)}: refused as a whole")
    rows = batch.reset_index(drop=True)
    cells = faulty_cells(rows).drop_duplicates().sort_values("column")
    reasons = cells.groupby("index")["column"].agg(", ".join)
    bad = rows.index.isin(reasons.index)
    return rows[~bad], rows[bad].assign(reason=reasons)
    ### END SOLUTION


# %% id="run-quarantine"
with contextlib.suppress(NotImplementedError):
    sick = batch.head(6).assign(tenure=[1, 2, -3, 4, 5, 6])
    good, bad = quarantine(sick)
    print(f"{len(good)} good, {len(bad)} bad:", bad["reason"].tolist())

# %% [markdown] id="task-6" describes="lineage"
# ## 6. Stretch: from a number to its rows
#
# Someone quotes a churn rate and a tag. `lineage` answers for any git revision of `repo/` that has the pipeline,
# whatever the working tree holds at the moment, and leaves the working tree alone. It gives a dict:
#
# - `churn_rate`: the number in that revision's `metrics.json`;
# - `bands` and `min_tenure`: the parameters that made it, and
# - `data_md5`: the MD5 of the customers that it was made from, both as that revision's `dvc.lock` has them
#   (`params.yaml` says what somebody wanted; the lock says what ran);
# - `object`: where these rows lie, as `s3://bucket/key`.

# %% task="lineage"
def lineage(revision):
    """Where the churn rate of a revision comes from."""
    ### BEGIN SOLUTION
    def read(path):
        text = subprocess.run(["git", "show", f"{revision}:{path}"], cwd="repo", check=True, capture_output=True, text=True)
        return yaml.safe_load(text.stdout)

    stages = read("dvc.lock")["stages"]
    params = stages["prepare"]["params"]["params.yaml"] | stages["features"]["params"]["params.yaml"]
    md5 = next(dep["md5"] for dep in stages["prepare"]["deps"] if dep["path"] == "data/customers.csv")
    return {
        "churn_rate": read("metrics.json")["churn_rate"],
        "bands": params["features.bands"],
        "min_tenure": params["prepare.min_tenure"],
        "data_md5": md5,
        "object": f"s3://{bucket}/churn/files/md5/{md5[:2]}/{md5[2:]}",
    }
    ### END SOLUTION


# %% id="run-lineage"
with contextlib.suppress(NotImplementedError):
    print(json.dumps(lineage("run-1"), indent=1))

# %% id="hand-in"
# The repository as one file, commits and tags and all: what the grader clones.
# !rm -f repo.bundle; git -C repo bundle create -q ../repo.bundle --all
