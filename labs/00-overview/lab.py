# %% [markdown] id="intro"
# # Lab 00: first contact
#
# Two slides in one meeting say how many customers leave, by contract. They disagree in the third digit. Both authors
# are sure, both have deleted their notebook, and one of them had thrown away every customer with a blank charge:
# the newest ones, the only ones whom a call in their first week could have kept.
#
# You will make a number that can be looked up instead of argued about: clean the blanks, compute the rates, put them on
# a live server, and read them back. Four tasks, five to ten minutes.
#
# **How it works.** Write your answer where a cell says `raise NotImplementedError`, and keep the names of functions and
# arguments. Then run `mlops check` in a terminal (`mlops check --all` explains every check): it runs your notebook from
# top to bottom in a fresh experiment on a live MLflow server, calls your functions with customers that your file does
# not hold, and reads the server. A number typed in passes here and fails there. Stuck? `mlops hint`, as often as you
# like: each call says a little more. Cells that you add are yours to play with and are not run.

# %% id="parameters" tags=["parameters"]
# Set by whoever runs the notebook; the values here are only stand-ins.
tracking_uri = "http://127.0.0.1:5000"
experiment = "lab-00"
bucket = "lab-00"
seed = 7
commit = "0" * 40

# %% id="imports"
import contextlib

import mlflow
import pandas as pd

# %% id="connect"
# Address and credentials of the server come from the environment, never from the notebook.
mlflow.set_tracking_uri(tracking_uri)
mlflow.set_experiment(experiment);

# %% id="look"
customers = pd.read_csv("customers.csv")
print(f"{len(customers):,} customers; blank charges:")
customers.loc[customers["total_charges"].isna(), ["customer_id", "tenure", "contract", "monthly_charges", "total_charges", "churn"]]

# %% [markdown] id="task-1" describes="clean"
# ## 1. The blank charges
#
# The company has 11 customers without a total charge; your file holds some of them, the grader's tables hold others. All
# joined this month (`tenure` is 0) and have not been billed, so they owe 0. That is a fact about billing, not a guess:
# an average in its place would invent money.
#
# `clean` gives the table back with these charges as 0. Everything else stays as it came: every customer, every other
# value, every other blank. A blank charge of somebody who has been here for years is another matter. Something broke
# upstream, and a 0 would hide it: leave that one blank.

# %% task="clean"
def clean(customers):
    """The customers, with 0 as the total charge of those who were never billed."""
    ### BEGIN SOLUTION
    cleaned = customers.copy()
    never_billed = cleaned["total_charges"].isna() & (cleaned["tenure"] == 0)
    cleaned.loc[never_billed, "total_charges"] = 0.0
    return cleaned
    ### END SOLUTION


# %% id="run-clean"
with contextlib.suppress(NotImplementedError):  # until you have written it
    print("blank charges left:", clean(customers)["total_charges"].isna().sum())

# %% [markdown] id="task-2" describes="churn-rate"
# ## 2. Who leaves, by contract
#
# `churn_rate` gives a dict: for every contract in the table the share of *its* customers who left, between 0 and 1 and
# not rounded. A contract that nobody left is in it, too, with 0. The customers who left have `"Yes"` in `churn`.

# %% task="churn-rate"
def churn_rate(customers):
    """The share of customers who left, by contract."""
    ### BEGIN SOLUTION
    return (customers["churn"] == "Yes").groupby(customers["contract"]).mean().to_dict()
    ### END SOLUTION


# %% id="run-churn-rate"
with contextlib.suppress(NotImplementedError):
    print(churn_rate(clean(customers)))

# %% [markdown] id="task-3" describes="publish"
# ## 3. Put it where others can find it
#
# `publish` leaves one finished run in the experiment and returns its id (`run.info.run_id`). The run holds
#
# - the metric `churn_rate`: the share of *all* customers in the table who left;
# - the file `churn_by_contract.json`: what your `churn_rate` gives, as JSON. `mlflow.log_dict` writes it, and sends it to
#   the run's place in the S3 bucket.
#
# `with mlflow.start_run() as run:` opens a run, and closes it at the end of the block.

# %% task="publish"
def publish(customers):
    """Log the churn of these customers as a run of its own; returns the run's id."""
    ### BEGIN SOLUTION
    with mlflow.start_run() as run:
        mlflow.log_metric("churn_rate", (customers["churn"] == "Yes").mean())
        mlflow.log_dict(churn_rate(customers), "churn_by_contract.json")
    return run.info.run_id
    ### END SOLUTION


# %% id="run-publish"
run_id = None
with contextlib.suppress(NotImplementedError):
    run_id = publish(clean(customers))
    print("published as run", run_id)

# %% [markdown] id="task-4" describes="read-back"
# ## 4. Read it back
#
# A colleague gets a run's id in a mail and nothing else: not your variables, not your disk. `read_rate` returns that
# run's metric `churn_rate`, `read_file` the content of its `churn_by_contract.json` as a dict, both from the server. Any
# run may be asked for, also one that you didn't make. A file of a run has an address, `runs:/<run id>/<file name>`, and
# `mlflow.artifacts.load_dict` reads JSON from one.

# %% task="read-back"
def read_rate(run_id):
    """The churn rate that the run holds."""
    ### BEGIN SOLUTION
    return mlflow.get_run(run_id).data.metrics["churn_rate"]
    ### END SOLUTION


def read_file(run_id):
    """The content of the run's churn_by_contract.json."""
    ### BEGIN SOLUTION
    return mlflow.artifacts.load_dict(f"runs:/{run_id}/churn_by_contract.json")
    ### END SOLUTION


# %% id="run-read-back"
with contextlib.suppress(NotImplementedError):
    if run_id:
        print(f"{read_rate(run_id):.1%} of all customers left;", read_file(run_id))
