# %% [markdown] id="intro"
# # Lab 01: a notebook that somebody else can run
#
# Maria has left for a year at sea. Her model decides on Monday whom the call centre calls, and what she left behind is
# `churn_final_v2.ipynb`: AUC 0.97, a path on her desktop, a key in the first cell, cells run in an order that only she knew.
# Open it and read it; it takes two minutes. Everything that the three lessons warned of is in it.
#
# You turn it into a small package, driven by a configuration, in a repository that you wouldn't mind handing over.
#
# | file | who writes it |
# |---|---|
# | `churn/data.py`, `churn/model.py`, `churn/money.py` | you: `load` and `split`, `train`, `evaluate` |
# | `config.yaml` | you add to it what you like; the keys that are there stay |
# | `.gitignore` | you |
# | `churn/configuration.py` | you, if you want the stretch points |
# | `churn_final_v2.ipynb`, `columns.md`, `warehouse.py`, `inspection.py` | we: to read, not to commit |
#
# **How it works.** Edit the files in an editor; this notebook only runs them. The grader calls your functions with customers,
# seeds and prices of its own, by way of `inspection.py`, and reads your repository. A number that stands in the code passes
# here and fails there. `mlops check` whenever you like, `mlops hint` when you are stuck.

# %% id="parameters" tags=["parameters"]
# Set by whoever runs the notebook; the values here are only stand-ins.
seed = 7
commit = "0" * 40

# %% id="imports"
# %load_ext autoreload
# %autoreload 2
import contextlib
import os
import sys

sys.path.insert(0, os.getcwd())  # the package and the files beside this notebook

import warehouse
from inspection import checked, configured, judged, keys, loaded, scores, sides, twice

# %% id="exports"
warehouse.write_exports("data/customers.csv", "data/exports.csv")
config = configured({})
print("the configuration:", config)

# %% [markdown] id="task-1" describes="data"
# ## 1. Rows: `churn/data.py`
#
# `load(config)` gives all rows and all columns of the file that `config["data"]` names. (Maria's `dropna` threw away every
# newcomer, since they have no bill yet. The model can fill blanks later.)
#
# `split(rows, config)` gives two tables: the rows to learn from, and the rows to be judged on. `config["test_size"]` is the
# share of *customers* to be judged on, `config["seed"]` says which. In April's export most of March's customers stand a second
# time. Every row comes out on exactly one side, and no customer on both.

# %% id="run-data"
with contextlib.suppress(NotImplementedError):  # until you have written it
    import churn

    rows = churn.load(config)
    past, today = churn.split(rows, config)
    both = set(past["customer_id"]) & set(today["customer_id"])
    print(f"{len(rows):,} rows: {len(past):,} to learn from, {len(today):,} to be judged on; {len(both)} customers on both sides")

# %% [markdown] id="task-2" describes="train"
# ## 2. One object: `churn/model.py`
#
# `train(rows, config)` gives one fitted object with all the preparation in it: a logistic regression with
# `C=config["C"]`. Whoever has it asks `predict_proba(rows)[:, 1]`, and hands over rows with all columns of the export.
# So the object itself must look only at those that it may.
#
# Which may it? Maria's model owes its 0.97 to columns that nobody knows when the call is made. `columns.md` says when each
# value is written. Find at least the one that shouts; the quiet one is worth points in task 6.
#
# The same rows, seed and `C` give the same scores, to the last digits, also in a fresh process.

# %% id="run-train"
with contextlib.suppress(NotImplementedError, NameError):
    import churn
    from sklearn.metrics import roc_auc_score

    model = churn.train(past, config)
    auc = roc_auc_score(today["churn"] == "Yes", model.predict_proba(today)[:, 1])
    print(f"AUC {auc:.3f}" + ("   (this data never gave an honest model more than 0.90)" if auc > 0.9 else ""))

# %% [markdown] id="task-3" describes="evaluate"
# ## 3. Money: `churn/money.py`
#
# `evaluate(model, rows, config)` gives a dict with two keys.
#
# - `confusion`: `[[stayed and not called, stayed and called], [left and not called, left and called]]`, in whole numbers. Called
#   is whose score is above the threshold that follows from `config["prices"]`.
# - `cost`: euros per row of `rows`: `prices["missed"]` for each leaver who wasn't called, `prices["wasted"]` for each call to
#   one who stayed.

# %% id="run-evaluate"
with contextlib.suppress(NotImplementedError, NameError):
    import churn

    print(churn.evaluate(model, today, config))

# %% [markdown] id="task-4" describes="repository"
# ## 4. The repository
#
# Your folder is a git repository. It tells the story of this work to somebody who wasn't there.
#
# - **Commits that mean something.** At least three, after the first one, that change what the code or the configuration does,
#   and none that brings more than two of the four functions. The first line says what it does: three words or more, at most
#   72 characters, and no two alike. Python files can be parsed at every commit, and the last commit holds what you hand in.
# - **What stays out.** `.gitignore` keeps out the folder `data/`, models (`*.joblib`) and `.env`, and lets code in. No
#   commit holds rows or a model: nothing over 100 kB, no `.csv`, `.joblib`, `.pkl` or `.parquet`. That goes for every commit,
#   not just for the last.
# - **No secret in any commit.** Maria's notebook has one. Mind `git add .`!
#
# `git status --short --ignored`, `git ls-files` and `git log --stat` show what the grader sees.

# %% [markdown] id="task-5" describes="configuration"
# ## 5. Stretch: a strict configuration, `churn/configuration.py`
#
# `check_config(config)` raises `ValueError` with the key's name when a key is unknown (a typo: `treshold`) or missing. It says
# nothing to your own `config.yaml`.

# %% [markdown] id="task-6" describes="columns"
# ## 6. Stretch: only what is declared
#
# Next month the warehouse adds a column, as it did with `refund_eur`. Make a model that uses no column which you haven't
# declared, in `config.yaml`, after you have read when it is written. The customer's number is no feature either.
