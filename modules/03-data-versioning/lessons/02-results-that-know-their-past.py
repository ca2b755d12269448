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
# # Results that know their past
#
# After this page a feature table or a metric of yours can be asked which rows, which code and which parameters made it, and it reruns when, and only when, one of them changes. You also know what such a pipeline can't see, and how to catch it lying.

# %% id="setup"
import hashlib, json, os, shutil, subprocess, sys, uuid
from pathlib import Path

import boto3, pandas as pd, yaml
from IPython.display import display

here = Path.cwd()
for folder in ("repo", "clone", "again"):
    shutil.rmtree(folder, ignore_errors=True)
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"   # shell cells: this kernel's own `dvc`
os.environ.update(DVC_NO_ANALYTICS="1", DVC_SITE_CACHE_DIR=str(here / ".dvc-site"), OMP_NUM_THREADS="1")
os.environ["GIT_CEILING_DIRECTORIES"] = str(here)
os.environ.pop("FORCE_COLOR", None)
for who in ("AUTHOR", "COMMITTER"):
    os.environ.setdefault(f"GIT_{who}_NAME", "Data team")
    os.environ.setdefault(f"GIT_{who}_EMAIL", "data@example.org")
os.environ.update(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="init.defaultBranch", GIT_CONFIG_VALUE_0="main")

bucket = os.environ["LAB_BUCKET"]
prefix = os.environ["PREFIX"] = f"lesson-{uuid.uuid4().hex[:8]}"
s3 = boto3.client("s3")

# %% id="repository" language="bash"
# set -e
# git init -q repo && cd repo
# dvc init -q
# dvc remote add -q --default store "s3://$LAB_BUCKET/$PREFIX"
# mkdir data src
# cp ../customers.csv data/customers.csv
# dvc add -q data/customers.csv
# git add . && git commit -q -m "Customers under DVC"

# %% [markdown] id="p1-failure"
# ## 1. Fresh code, stale features
#
# On the 3rd somebody mends a bug in `features.py`: tenure was cut into bands by years, and the table said months. Tests green, merged, trained, released. On the 17th the same bug is found again, in production. The training had read `features.csv`, and `features.csv` was of the 1st: nobody had run the script that makes it. Its time stamp said the 3rd, since someone had copied the folder. Two weeks, 28 releases, one forgotten command.
#
# The idea: **a result is fresh if everything it was made from is what it was.** Not newer or older: *the same bytes*. So write down what a command reads and writes, and keep, for each run, the hashes of all of it. Then "must I rerun this?" is a comparison that a machine does.
#
# | file | who writes it | says |
# |---|---|---|
# | `dvc.yaml` | you | stages: a command, its dependencies, parameters, outputs |
# | `params.yaml` | you | the values |
# | `dvc.lock` | `dvc repro` | the hashes and values as they were at the last run |
#
# All three belong into git. Here are two scripts and their parameters.

# %% id="features-script"
# %%writefile repo/src/features.py
"""data/customers.csv -> data/features.csv: who has been here how long, pays what, is bound how."""
import pandas as pd
import yaml

bands = yaml.safe_load(open("params.yaml"))["features"]["bands"]
rows = pd.read_csv("data/customers.csv").sort_values("customer_id")
features = rows[["customer_id", "tenure", "monthly_charges", "churn"]].copy()
features["band"] = pd.cut(rows["tenure"], [-1, *bands, 1000], labels=False)
for name in ("One year", "Two year"):
    features[name.lower().replace(" ", "_")] = (rows["contract"] == name).astype(int)
features.to_csv("data/features.csv", index=False)

# %% id="train-script"
# %%writefile repo/src/train.py
"""data/features.csv -> metrics.json: the AUC of a plain model on the customers that it has not seen."""
import json

import pandas as pd
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

params = yaml.safe_load(open("params.yaml"))["train"]
rows = pd.read_csv("data/features.csv")
X, y = rows.drop(columns=["customer_id", "churn"]), rows["churn"] == "Yes"
X = X.join(pd.get_dummies(X.pop("band"), prefix="band"))
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=params["seed"], stratify=y)
model = LogisticRegression(C=params["C"], max_iter=5000).fit(X_train, y_train)
auc = roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])
json.dump({"auc": round(float(auc), 6), "customers": len(rows)}, open("metrics.json", "w"))

# %% id="params"
# %%writefile repo/params.yaml
features:
  bands: [12, 24, 48]
train:
  C: 1.0
  seed: 7

# %% [markdown] id="p1-commands"
# `dvc stage add` writes a stage into `dvc.yaml`: `-n` name, `-d` dependency, `-p` parameter, `-o` output, `-M` a metric that git keeps itself (it is small, and you want to read it in a pull request). The rest is the command. The script is a dependency like any other; whoever forgets it gets the incident above.

# %% id="two-stages" language="bash"
# set -e
# cd repo
# dvc stage add -q -n features -d src/features.py -d data/customers.csv -p features.bands -o data/features.csv python src/features.py
# dvc stage add -q -n train -d src/train.py -d data/features.csv -p train.C,train.seed -M metrics.json python src/train.py
# cat dvc.yaml
# dvc dag

# %% id="first-repro" language="bash"
# set -e
# cd repo
# dvc repro 2>&1 | grep -v '^$'
# git add . && git commit -q -m "Pipeline" && git tag first
# cat metrics.json; echo
# sed -n '/^  features:/,/^  train:/p' dvc.lock

# %% [markdown] id="p1-lock"
# Read the lock slowly, for it is the whole idea. Under `deps` the bytes that were read, script included; under `params` the values; under `outs` the bytes that came out. Nobody types it, and nobody edits it: a lock file by hand is a forged receipt, and the first `dvc repro` elsewhere finds out.
#
# The file names no machine, no user and no time. None of them should change the result. Where one does, you have a bug that the lock file will help you find.
#
# *Sources: [dvc.yaml files](https://dvc.org/doc/user-guide/project-structure/dvcyaml-files), [stage add](https://dvc.org/doc/command-reference/stage/add).*

# %% [markdown] id="p2-failure"
# ## 2. Exactly what must rerun
#
# The opposite of stale is wasteful: a team so afraid of stale features that the nightly job recomputes everything, four hours, for a change of `C`. Ask the pipeline instead. Nothing has changed:

# %% id="nothing-changed" language="bash"
# cd repo
# dvc repro 2>&1 | grep -v '^$'

# %% [markdown] id="p2-param"
# Now retention suspects that the first months decide, and wants finer bands there. `dvc status` says *why* something will run, `--dry` says *what*, as far as it can: whether training must follow depends on features that don't exist yet, so `--dry` names the first stage only.

# %% id="changed-bands" language="bash"
# cd repo
# sed -i 's/bands: .*/bands: [2, 6, 12, 24]/' params.yaml
# dvc params diff
# dvc status
# echo "--- dry"; dvc repro --dry 2>&1 | grep -E '^(Running|>)'
# echo "--- run"; dvc repro 2>&1 | grep -E '^(Running|Stage|>)'
# dvc metrics diff
# git commit -q -a -m "Finer bands for the first months" && git tag finer

# %% id="only-the-second"
# A parameter that only training reads: the features stay as they are.
def reruns(old, new, file="params.yaml"):
    """Change a text in the repository, reproduce, and say which scripts ran."""
    path = Path("repo") / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    said = subprocess.run(["dvc", "repro"], cwd="repo", check=True, capture_output=True, text=True).stdout
    return [line.split("/")[1] for line in said.splitlines() if line.startswith("> python")]

print("train.C:           ", reruns("C: 1.0", "C: 0.01"))
print("a new, unread key: ", reruns("seed: 7", "seed: 7\nreport:\n  title: Churn"))
print("a comment in train:", reruns("model = ", "# plain is fine\nmodel = ", "src/train.py"))
print("features.bands:    ", reruns("[2, 6, 12, 24]", "[1, 2, 3, 4]"))

# %% [markdown] id="p2-comment"
# A comment reran the training: DVC compares bytes, not meaning. That is the price of a rule without exceptions, and a good reason to keep scripts small: one stage, one file.
#
# One more thing that you'll meet. Go back to a state that ran before, and nothing runs at all. DVC keeps a *run cache*: the same inputs gave these outputs once, so it checks them out.

# %% id="back-to-a-known-state"
print("bands back:", reruns("[1, 2, 3, 4]", "[2, 6, 12, 24]") or "no script ran")
assert json.loads(Path("repo/metrics.json").read_text())["customers"] > 5_000

# %% [markdown] id="p2-wrong"
# **What goes wrong.** The commonest mistake is to depend on the whole of `params.yaml` with `-d`: then every parameter reruns every stage, and after a week the team stops believing the pipeline. The second is to depend on too little. That one is silent.

# %% [markdown] id="p3-failure"
# ## 3. What DVC can't see
#
# **DVC believes what you declare.** It doesn't watch which files your script opens. A helper reads a small table of prices that nobody declared; the table changes; the features don't.

# %% id="undeclared"
Path("repo/src/prices.csv").write_text("contract,price\nOne year,1.0\n")
script = Path("repo/src/features.py")
script.write_text(script.read_text().replace('features.to_csv', 'features["price"] = pd.read_csv("src/prices.csv")["price"][0]\nfeatures.to_csv'))
subprocess.run(["dvc", "repro", "-q"], cwd="repo", check=True)
before = hashlib.md5(Path("repo/data/features.csv").read_bytes()).hexdigest()

print("the price changed; what reruns?", reruns("1.0", "2.0", "src/prices.csv") or "nothing")
print("the price in the features:     ", pd.read_csv("repo/data/features.csv")["price"].unique())
assert hashlib.md5(Path("repo/data/features.csv").read_bytes()).hexdigest() == before

# %% [markdown] id="p3-list"
# A file can be declared, once you know of it. Other things that decide a result can't: the versions of the libraries, environment variables, the clock, a table in a database, the order in which a folder is listed. Put what you can into a declared file: depend on the lock file of the environment (`-d uv.lock`, module 02), export the query's result and `dvc add` that.
#
# **How you would notice.** Run everything once by force, in a fresh clone, and let git compare. A stage whose output differs although no input did has a secret. This is the most useful nightly job that you can give a pipeline.

# %% id="nightly-honesty" language="bash"
# cd repo
# git add . && git commit -q -m "Prices"
# dvc push -q
# git clone -q . ../clone && cd ../clone
# dvc pull -q
# dvc repro -q --force
# git diff --unified=0 dvc.lock | grep -E '^[-+] '

# %% id="the-secret-is-out"
honest = hashlib.md5(Path("clone/data/features.csv").read_bytes()).hexdigest()
assert honest != before
print("declared:", subprocess.run(["dvc", "stage", "add", "-q", "--force", "-n", "features", "-d", "src/features.py", "-d", "data/customers.csv", "-d", "src/prices.csv",
      "-p", "features.bands", "-o", "data/features.csv", "python", "src/features.py"], cwd="repo").returncode == 0)
subprocess.run(["dvc", "repro", "-q"], cwd="repo", check=True)
assert hashlib.md5(Path("repo/data/features.csv").read_bytes()).hexdigest() == honest

# %% [markdown] id="p3-random"
# The same job finds the second kind of liar: a stage that gives other bytes each time, because it writes the date, or draws without a seed, or lets threads decide the order of rows. Every stage behind it then reruns whenever it does. Sort rows by a key before you write them; write no dates; pass the seed as a parameter. `features.py` above does the first, `train.py` the last.

# %% id="commit-the-cure" language="bash"
# set -e
# cd repo
# git add . && git commit -q -m "Declare the prices" && git tag release-1
# dvc push -q
# dvc repro --dry 2>&1 | grep -v '^$'

# %% [markdown] id="p3-3am"
# **At 3 a.m.** `dvc repro` reruns a four-hour stage and you don't know why. Interrupt it: the lock file is written only after a success. The old outputs are in the cache, though no longer in the folder, since DVC clears them away before a stage runs: `dvc checkout` brings them back. `dvc status` names the dependency that differs, `git diff dvc.lock` what it was before. If the difference is a comment in a script and you are certain, `dvc commit` accepts the outputs as they are without running anything. It is the one command here that can write an untrue receipt. Say so in the commit message.

# %% [markdown] id="p4-failure"
# ## 4. From a number to its rows
#
# A director quotes a number from a slide: *AUC so-and-so, model release-1*. Which customers was that? With commit, lock and bucket the answer is a chain of four links, and each is a lookup.
#
# ```
# metric ──► git revision ──► dvc.lock ──► MD5 ──► object in S3
# ```

# %% id="lineage"
def show(revision, path):
    """A file of a revision, parsed, without touching the working tree."""
    text = subprocess.run(["git", "show", f"{revision}:{path}"], cwd="repo", check=True, capture_output=True, text=True).stdout
    return yaml.safe_load(text)

def lineage(revision):
    """The chain from a revision's metric to the objects that it was made from."""
    stages = show(revision, "dvc.lock")["stages"]
    made = {out["path"]: name for name, stage in stages.items() for out in stage.get("outs", [])}
    chain = []
    for name, stage in stages.items():
        for dep in stage["deps"]:
            source = made.get(dep["path"], "git" if dep["path"].startswith("src/") else "dvc add")
            key = f"{prefix}/files/md5/{dep['md5'][:2]}/{dep['md5'][2:]}"
            stored = s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"] == 1
            chain.append({"stage": name, "reads": dep["path"], "md5": dep["md5"][:10], "from": source, "in S3": stored})
    return show(revision, "metrics.json")["auc"], pd.DataFrame(chain)

quoted, chain = lineage("release-1")
print("AUC", quoted)
display(chain)
assert chain.loc[chain["from"] != "git", "in S3"].all() and set(chain["from"]) == {"git", "dvc add", "features"}

# %% [markdown] id="p4-proof"
# A chain is a claim. Here is the proof, on a machine that has nothing: clone the tag, pull, and compute it again. Nothing reruns; and by force, the same number comes out.

# %% id="elsewhere" language="bash"
# set -e
# git clone -q --branch release-1 repo again 2>/dev/null && cd again
# dvc pull -q
# dvc repro 2>&1 | grep -v '^$'
# dvc repro -q --force && git status --short && cat metrics.json

# %% id="compare-with-the-quote"
again = json.loads(Path("again/metrics.json").read_text())["auc"]
history = []
for revision in ("first", "finer", "release-1"):
    stages = show(revision, "dvc.lock")["stages"]
    used = stages["features"]["params"]["params.yaml"] | stages["train"]["params"]["params.yaml"]
    history.append({"revision": revision, **used, "auc": show(revision, "metrics.json")["auc"]})
display(pd.DataFrame(history))
assert abs(again - quoted) < 1e-6

# %% [markdown] id="p4-seam"
# The table reads the parameters from the lock files, not from `params.yaml`: what ran, not what somebody meant to run. Now you can also answer why release-1 is worse than the commit before it: look at `train.C`, which an experiment of section 2 left behind.
#
# **The seam to module 04.** Experiment tracking remembers a thousand runs that never become a commit; DVC remembers the states that do. Neither replaces the other. What joins them is one line: put the commit and the MD5 of the data on the run, and the run's page leads to the lock file and from there to the bytes.

# %% id="tags-for-the-run"
stages = show("release-1", "dvc.lock")["stages"]
tags = {
    "git_commit": subprocess.run(["git", "rev-parse", "release-1^{commit}"], cwd="repo", check=True, capture_output=True, text=True).stdout.strip(),
    "data_md5": next(dep["md5"] for dep in stages["features"]["deps"] if dep["path"] == "data/customers.csv"),
    "features_md5": stages["features"]["outs"][0]["md5"],
}
for name, value in tags.items():
    print(f"mlflow.set_tag({name!r}, {value!r})")
rows = s3.get_object(Bucket=bucket, Key=f"{prefix}/files/md5/{tags['data_md5'][:2]}/{tags['data_md5'][2:]}")["Body"].read()
print("data_sha256, as module 04 logs it, of the same object:", hashlib.sha256(rows).hexdigest()[:16], "…")
assert rows == Path("customers.csv").read_bytes()

# %% [markdown] id="p4-notice"
# **How you would notice** that the chain is broken before a director asks: for every release tag, each MD5 of the lock must be in the bucket. The table above has the column; a job that fails on one *False* is ten lines. Run it after every lifecycle rule that somebody "only adds for logs".
#
# **Where the tool stops.** DVC reruns when *you* call it. It has no clock, no retries, no alert, no second machine: that is an orchestrator's work (module 05), which calls `dvc repro` or takes its place. It also doesn't know whether the rows make sense. A pipeline reproduces garbage to the last bit. The next page puts a gate in front of it.

# %% [markdown] id="sources"
# ## Sources
#
# | what | where |
# |---|---|
# | stages, `dvc.yaml`, `dvc.lock` (1) | [dvc.yaml files](https://dvc.org/doc/user-guide/project-structure/dvcyaml-files), [dvc stage add](https://dvc.org/doc/command-reference/stage/add) |
# | what reruns, `--dry`, `--force` (2, 3) | [dvc repro](https://dvc.org/doc/command-reference/repro) |
# | the run cache (2) | [run cache](https://dvc.org/doc/user-guide/pipelines/run-cache) |
# | `dvc commit` accepts without running (3) | [dvc commit](https://dvc.org/doc/command-reference/commit) |
