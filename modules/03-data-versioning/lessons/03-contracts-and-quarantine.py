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
# # Contracts and quarantine
#
# After this page you can write down what a batch of rows must be, hold it to that with pandera or with Great Expectations, tell a harmless change of schema from a dangerous one, and keep 599 good rows going while one bad row waits for a human.

# %% id="setup"
import json, logging, os, shutil, subprocess, sys, time, uuid
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", GX_ANALYTICS_ENABLED="false", DISABLE_PANDERA_IMPORT_WARNING="True")

import boto3, pandas as pd, yaml
from IPython.display import display
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

here = Path.cwd()
shutil.rmtree("repo", ignore_errors=True)
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
os.environ.update(DVC_NO_ANALYTICS="1", DVC_SITE_CACHE_DIR=str(here / ".dvc-site"), GIT_CEILING_DIRECTORIES=str(here))
os.environ.pop("FORCE_COLOR", None)
bucket, prefix = os.environ["LAB_BUCKET"], f"lesson-{uuid.uuid4().hex[:8]}"
s3 = boto3.client("s3")

customers = pd.read_csv("customers.csv")
FEED = ["customer_id", "tenure", "contract", "internet_service", "senior_citizen", "monthly_charges", "total_charges"]
feed = customers[FEED]
print(f"{len(feed):,} customers, {feed['total_charges'].isna().sum()} without a total charge, all of them with tenure {feed.loc[feed['total_charges'].isna(), 'tenure'].unique()}")

# %% [markdown] id="p1-failure"
# ## 1. Shorter is better
#
# The CRM team ships a release on Wednesday evening. One label is shorter now: *Monthly* instead of *Month-to-month*. Nothing fails. The encoder has been told to ignore what it doesn't know, which everyone recommends, so the customers who can leave any day have, for the model, no contract at all. Retention calls everyone whose risk is above one half. On Thursday the list is short, and the team is pleased with its model.

# %% id="one-label"
texts, numbers = ["contract", "internet_service"], ["tenure", "senior_citizen", "monthly_charges"]
encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), texts), (StandardScaler(), numbers))
model = make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(feed, customers["churn"] == "Yes")

wednesday = feed.assign(contract=feed["contract"].replace("Month-to-month", "Monthly"))
calls, monthly = {}, feed["contract"] == "Month-to-month"
for day, rows in {"Tuesday": feed, "Wednesday": wednesday}.items():
    risk = pd.Series(model.predict_proba(rows)[:, 1])
    calls[day] = (risk > 0.5).sum()
    print(f"{day:10} mean risk of a monthly contract {risk[monthly].mean():.3f}; customers above 0.5, who are called: {calls[day]:,}")
print("no error, no warning")
assert calls["Wednesday"] < 0.7 * calls["Tuesday"]

# %% [markdown] id="p1-idea"
# Those who are missing on the list are the ones it was made for. Versioning doesn't help: both batches are perfectly versioned. What was missing is an agreement, in writing, that a machine holds both sides to. A **data contract** says what a batch is, who owes it to whom, and what happens on a breach. The producer can read it before a release; the consumer refuses what breaks it, with the column's name.

# %% id="contract-file"
# %%writefile contract.yaml
name: customers-feed
version: 3
producer: CRM team, crm-oncall@example.org
consumer: churn scoring
arrives: daily before 02:00
on_breach: {row: quarantine, column: refuse the batch, more_than_bad: 0.05}
columns:
  customer_id: {range: [1, 1000000], whole: true, unique: true}
  tenure: {range: [0, 120], whole: true}
  contract: {values: [Month-to-month, One year, Two year]}
  internet_service: {values: [DSL, Fiber optic, "No"]}
  senior_citizen: {values: [0, 1]}
  monthly_charges: {range: [10, 200]}
  total_charges: {range: [0, 20000], blank: only where tenure is 0}

# %% [markdown] id="p1-kinds"
# Five kinds of promise, from cheap to dear. Most teams write the first two and are hurt by the last three.
#
# | promise | example here | a breach looks like |
# |---|---|---|
# | **shape** | seven columns, these types | a renamed column, `12 months` in a number |
# | **values** | one of three contracts, charges from 10 to 200 | `Monthly`; cents instead of euros |
# | **relation** | a blank total only for tenure 0; one row a customer | a broken join, a doubled load |
# | **volume, distribution** | 5,000 to 8,000 rows, mean charge 60 to 70 | Monday's export of page one; a segment missing |
# | **time** | here before 02:00, of yesterday | yesterday's file again under today's name |
#
# Where do the numbers come from? From the producer and from the business, not from last month's minimum and maximum. A range copied from data refuses the first honest extreme and gets switched off. And mind the YAML trap in the file: a bare `No` is the boolean false to most readers.

# %% id="the-norwegian-trap"
contract = yaml.safe_load(Path("contract.yaml").read_text())
rules = contract["columns"]
print(yaml.safe_load("values: [DSL, No]"), "but quoted:", rules["internet_service"])
assert rules["internet_service"]["values"][2] == "No"

# %% [markdown] id="p2-pandera"
# ## 2. The same contract in pandera
#
# pandera describes a DataFrame in Python: columns with types and checks. `validate` gives the frame back, or raises. With `lazy=True` it looks at everything before it raises, and the error holds a table with a row for each bad cell. Without it you mend one fault a night.

# %% id="pandera-schema"
import pandera.pandas as pa

def column(rule):
    checks = [pa.Check.isin(rule["values"])] if "values" in rule else [pa.Check.in_range(*rule["range"])]
    if rule.get("whole"):
        checks.append(pa.Check(lambda numbers: numbers % 1 == 0, name="whole"))
    return pa.Column(checks=checks, nullable="blank" in rule, unique=rule.get("unique", False))

schema = pa.DataFrameSchema(
    {name: column(rule) for name, rule in rules.items()},
    checks=pa.Check(lambda rows: rows["total_charges"].notna() | (rows["tenure"] == 0), name="blank total only for tenure 0"),
    strict=True,  # a column that isn't in the contract is a breach, too
)

def cases(rows):
    """pandera's own table of what is wrong; empty when nothing is."""
    try:
        schema.validate(rows, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return errors.failure_cases
    return pd.DataFrame(columns=["schema_context", "column", "check", "failure_case", "index"])

sick = feed.head(8).copy()
sick.loc[1, "contract"] = "Two-year"
sick.loc[2, "monthly_charges"] *= 100
sick.loc[3, "total_charges"] = None
sick.loc[5, "customer_id"] = sick.loc[4, "customer_id"]
display(cases(sick)[["schema_context", "column", "check", "failure_case", "index"]].drop_duplicates(["column", "check", "index"]))
assert len(cases(feed)) == 0 and {"contract", "monthly_charges", "customer_id"} <= set(cases(sick)["column"].dropna())

# %% [markdown] id="p2-read-it"
# Three things to know before you build on this table. A check over the whole frame, like the one on blank totals, reports cells of the row under *their* columns, and not always the one at fault: the blank `total_charges` of row 3 is the one column that is missing above. Give such a rule a function of its own if the *column* matters. A missing column is reported with its name as `failure_case`, not as `column`. And look what one text does to a column of numbers:

# %% id="one-text-in-a-column"
text = feed.head(8).astype({"tenure": object})
text.loc[0, "tenure"] = "12 months"
found = cases(text)
display(found[["column", "check", "failure_case"]].head(3))
gone = cases(feed.drop(columns="contract"))
display(gone[["column", "check", "failure_case"]].head(2))
assert set(found["column"]) >= {"tenure"} and "contract" in set(gone["failure_case"])

# %% [markdown] id="p2-coerce"
# The comparison itself broke (a `TypeError` as failure case), so pandera can't say which row is at fault. Turn what should be numbers into numbers *before* you validate, and remember which cells would not turn: `pd.to_numeric(…, errors="coerce")` makes them blank, and a blank is a finding with a row.
#
# *Source: [pandera, lazy validation](https://pandera.readthedocs.io/en/stable/lazy_validation.html).*

# %% [markdown] id="p3-gx"
# ## 3. The same contract in Great Expectations
#
# Great Expectations (GX) describes the same as a list of named *expectations*. It doesn't raise. It gives a report: for each expectation, whether it held, how many rows broke it and which. Reports are data; you can store them, count them, and show them to the producer.

# %% id="gx-suite"
logging.getLogger("great_expectations").setLevel(logging.ERROR)
import great_expectations as gx
import great_expectations.expectations as gxe

def expectations(rules):
    yield gxe.ExpectTableColumnsToMatchSet(column_set=list(rules), exact_match=True)
    yield gxe.ExpectTableRowCountToBeBetween(min_value=5_000, max_value=8_000)
    yield gxe.ExpectColumnMeanToBeBetween(column="monthly_charges", min_value=60, max_value=70)
    for name, rule in rules.items():
        if "values" in rule:
            yield gxe.ExpectColumnValuesToBeInSet(column=name, value_set=rule["values"])
        else:
            yield gxe.ExpectColumnValuesToBeBetween(column=name, min_value=rule["range"][0], max_value=rule["range"][1])
        if rule.get("unique"):
            yield gxe.ExpectColumnValuesToBeUnique(column=name)
        billed = {"row_condition": 'col("tenure") > 0', "condition_parser": "great_expectations"} if "blank" in rule else {}
        yield gxe.ExpectColumnValuesToNotBeNull(column=name, **billed)

context = gx.get_context(mode="ephemeral")  # nothing on disk; a file context would keep suites and reports
context.variables.progress_bars = {"globally": False}
asset = context.data_sources.add_pandas("feed").add_dataframe_asset("customers")
batch = asset.add_batch_definition_whole_dataframe("one batch")
suite = context.suites.add(gx.ExpectationSuite(name="customers-feed", expectations=list(expectations(rules))))
gate = context.validation_definitions.add(gx.ValidationDefinition(name="gate", data=batch, suite=suite))

def report(rows):
    """What GX says of the rows, one line an expectation that failed."""
    result = gate.run(batch_parameters={"dataframe": rows}, result_format={"result_format": "COMPLETE"})
    failed = [r for r in result.results if not r.success]
    return pd.DataFrame([{
        "expectation": r.expectation_config.type.removeprefix("expect_"), "column": r.expectation_config.kwargs.get("column"),
        "rows": r.result.get("unexpected_index_list"), "observed": r.result.get("observed_value"),
    } for r in failed], columns=["expectation", "column", "rows", "observed"])

large = feed.copy()
large.loc[[1, 2, 3], "contract"] = "Two-year"
large.loc[7, "total_charges"] = None if large.loc[7, "tenure"] > 0 else large.loc[7, "total_charges"]
display(report(large))
assert report(feed).empty and set(report(large)["column"]) == {"contract", "total_charges"}

# %% [markdown] id="p3-statistics"
# Some of these expectations are about the batch as a whole: the set of its columns, the number of rows, a mean. They can see what no rule about cells sees. Here is Monday's export of page one, in which every single row is perfect; watch which of them notice.

# %% id="every-row-is-perfect"
monday = customers.sort_values("tenure", ascending=False)[FEED].head(len(feed) * 4 // 5).reset_index(drop=True)
print("pandera, cell by cell:", len(cases(monday)), "findings")
display(report(monday)[["expectation", "column", "observed"]])
assert cases(monday).empty and not report(monday).empty

# %% [markdown] id="p3-which"
# Which one? Measure on your own machine, then decide by the table.

# %% id="which-costs-what"
def clock(work, times=1):
    started = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - started) / times

def fresh(module):
    """Seconds that a new process needs to import the module, pandas being there already."""
    code = f"import pandas, time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)

costs = pd.DataFrame({
    "import, s": {"pandera": fresh("pandera.pandas"), "Great Expectations": fresh("great_expectations")},
    f"{len(feed):,} rows, s": {"pandera": clock(lambda: cases(feed), 3), "Great Expectations": clock(lambda: report(feed), 3)},
})
display(costs.round(3))
assert costs.loc["pandera", "import, s"] < costs.loc["Great Expectations", "import, s"]

# %% [markdown] id="p3-table"
# | | pandera | Great Expectations |
# |---|---|---|
# | is at home | in code: a function's input and output, a test, an API | between teams: a nightly gate, a warehouse, a report |
# | a breach | an exception, with a table of cells | a report, and exit status is your business |
# | runs on | pandas, polars, pyspark, … in this process | pandas, Spark, and SQL *in the database*, without fetching the rows |
# | "95 % of the rows" | write a check | `mostly=0.95` on any column expectation |
# | statistics of the batch | write a check | dozens are there |
# | price | small, starts at once | long import, many concepts (context, asset, suite, checkpoint) |
#
# Many teams use both: pandera where the code takes the frame, GX where the producer hands it over. What must not be in two places is the contract. Above, both were built from one file.
#
# **What goes wrong** with GX: a blank passes every expectation except the one about blanks, as nulls are left out before the check. Without `ExpectColumnValuesToNotBeNull` a column of nothing is a success. The next cell shows it.

# %% id="a-column-of-nothing"
empty = feed.assign(internet_service=None)
values_only = batch.get_batch(batch_parameters={"dataframe": empty}).validate(gxe.ExpectColumnValuesToBeInSet(column="internet_service", value_set=["DSL"]))
print("all values in the set:", values_only.success)
assert values_only.success and "internet_service" in set(report(empty)["column"])

# %% [markdown] id="p4-drift"
# ## 4. Schema drift
#
# Contracts age. The CRM adds a column, an integer becomes a text, a contract of three years is sold for the first time. Some of it is progress, some of it breaks you, and the difference isn't in the size of the change. It is in who must move first.
#
# | change | breaks a consumer? | who moves first |
# |---|---|---|
# | a new column | no, if it is ignored by name | producer, any time |
# | a new value | yes: unknown to every encoder | consumer |
# | a narrower range, fewer blanks | no | producer |
# | a wider range, more blanks | perhaps | consumer looks first |
# | another type, unit or meaning | yes | nobody: new column, old one stays for a while |
# | a column removed or renamed | yes | consumer, then producer |
#
# Compare two batches by their profiles. Ten lines find most of it, and run well as a step before every training.

# %% id="profile"
def profile(rows):
    """What can be said of each column in one line."""
    about = {}
    for name, values in rows.items():
        few = values.nunique() <= 10
        about[name] = {
            "type": "number" if pd.api.types.is_numeric_dtype(values) else "text",
            "blank": round(float(values.isna().mean()), 3),
            "values": sorted(map(str, values.dropna().unique())) if few else None,
            "median": float(values.median()) if not few and pd.api.types.is_numeric_dtype(values) else None,
        }
    return about

def drift(old, new):
    """Changes from one profile to the other, with what they mean for a consumer."""
    changes = [(name, "gone", "breaking") for name in old.keys() - new.keys()] + [(name, "new column", "harmless") for name in new.keys() - old.keys()]
    for name in old.keys() & new.keys():
        a, b = old[name], new[name]
        if a["type"] != b["type"]:
            changes.append((name, f"{a['type']} became {b['type']}", "breaking"))
        if a["values"] and b["values"] and set(b["values"]) - set(a["values"]):
            changes.append((name, f"new values {sorted(set(b['values']) - set(a['values']))}", "breaking"))
        if b["blank"] > a["blank"] + 0.01:
            changes.append((name, f"blank: {a['blank']:.1%} to {b['blank']:.1%}", "look"))
        if a["median"] and b["median"] and not 0.8 < b["median"] / a["median"] < 1.25:
            changes.append((name, f"median {a['median']:g} to {b['median']:g}", "look"))
    return pd.DataFrame(sorted(changes), columns=["column", "change", "verdict"])

next_release = wednesday.assign(
    tenure=feed["tenure"].astype(str) + " m", monthly_charges=(feed["monthly_charges"] * 100).round(), loyalty_points=7
).rename(columns={"internet_service": "InternetService"})
changes = drift(profile(feed), profile(next_release))
display(changes)
assert changes["column"].tolist() == ["InternetService", "contract", "internet_service", "loyalty_points", "monthly_charges", "tenure"]
assert drift(profile(feed), profile(feed.sample(frac=0.5, random_state=1))).empty

# %% [markdown] id="p4-wrong"
# A rename shows up as two lines, one of which calls itself harmless. Read the table as a whole. (Harmless for those who read: the gate of section 2 refuses unknown columns all the same, until somebody has said what the new one means and put it into the contract.) And a change of *meaning* isn't in it at all: `tenure` in months since the first contract, or since the last? Same type, same range, another truth. Only the producer can tell you, which is why the contract has an address in it.
#
# **How you would notice** without any of this: the share of blanks and of unknown values in what the model is given, as two time series, per column (module 11). They are the cheapest drift monitor there is.

# %% [markdown] id="p5-failure"
# ## 5. One bad row, 600 calls
#
# 02:10. One customer in the batch has a tenure of -1. The gate does what it was built for and refuses the batch, so nobody is called today. The next week somebody lets the gate drop what it doesn't like. In May it drops 4,000 rows a night, quietly.
#
# Both are wrong in the same way: they have one answer for two questions. **A broken row goes into quarantine, a broken column stops the batch, and too many broken rows are a broken column.** The contract above says so, `on_breach`. Quarantine means: set aside, with the reason, where someone will look, and from where it can come back.

# %% id="quarantine"
def bad_cells(rows):
    """Row by row: which columns break the contract. Numbers are made numbers first; what wouldn't turn is at fault."""
    found = []
    for name, rule in rules.items():
        values = pd.to_numeric(rows[name], errors="coerce") if "range" in rule else rows[name]
        bad = ~values.isin(rule["values"]) if "values" in rule else ~values.between(*rule["range"])
        if rule.get("whole"):
            bad |= values % 1 != 0
        if rule.get("unique"):
            bad |= values.duplicated(keep=False)
        if "blank" in rule:
            bad &= ~(rows[name].isna() & (rows["tenure"] == 0))
        found.append(bad.rename(name))
    return pd.concat(found, axis=1)

def quarantine(rows):
    """The rows that keep the contract, and the others with the reason. Raises ValueError for a batch that is broken as a whole."""
    absent = [name for name in rules if name not in rows]
    if absent:
        raise ValueError(f"refused: no column {', '.join(absent)} (ask {contract['producer']})")
    cells = bad_cells(rows)
    bad = cells.any(axis=1)
    if bad.mean() > contract["on_breach"]["more_than_bad"]:
        worst = cells.mean().idxmax()
        raise ValueError(f"refused: {bad.mean():.0%} of the rows are bad, most of them in {worst} (ask {contract['producer']})")
    reasons = cells[bad].apply(lambda row: ", ".join(row.index[row]), axis=1)
    return rows[~bad], rows[bad].assign(reason=reasons, contract_version=contract["version"])

night = feed.head(600).copy()
night.loc[3, "tenure"] = -1
night.loc[[10, 11], "contract"] = "Two-year"
night.loc[11, "monthly_charges"] = 9_999
good, bad = quarantine(night)
print(f"{len(good)} go on, {len(bad)} wait")
display(bad[["customer_id", "tenure", "contract", "monthly_charges", "reason"]])
assert len(good) + len(bad) == len(night) and bad["reason"].tolist() == ["tenure", "contract", "contract, monthly_charges"]

for rows in (night.drop(columns="tenure"), wednesday):
    try:
        quarantine(rows)
    except ValueError as refusal:
        print(refusal)

# %% [markdown] id="p5-keep"
# The bad rows go into the store as they came, below the date, with their reasons and the version of the contract that refused them. When the producer has mended the cause, the same rows go through the gate again. Without that way back, a quarantine is a bin with a better name.

# %% id="keep-the-bad-rows"
key = f"{prefix}/quarantine/customers-feed/2024-03-07/bad.csv"
s3.put_object(Bucket=bucket, Key=key, Body=bad.to_csv(index=False).encode())

back = pd.read_csv(s3.get_object(Bucket=bucket, Key=key)["Body"])
mended = back.replace({"contract": {"Two-year": "Two year"}})[FEED]
passed, still_bad = quarantine(pd.concat([mended, feed.tail(300)], ignore_index=True))
print(f"after the mend: {len(still_bad)} of {len(back)} still wait:", still_bad["reason"].tolist())
assert len(still_bad) == 2

# %% [markdown] id="p5-3am"
# **At 3 a.m.** The gate refuses the batch. Read the column in the message and look at ten values of it. Is it the same fault in every row? Then it is a release on the other side: call the address in the contract, and score yesterday's batch meanwhile if the business says that stale is better than none (ask them by day, write the answer into the contract). What you don't do is widen the range at 3 a.m. to make it green.
#
# **How you would notice** a quarantine that is filling up: one number a night, bad rows by reason, and an alert on its rate. Alert on *zero* for a month, too: a gate that never finds anything may not be connected.

# %% [markdown] id="p6-gate"
# ## 6. The gate is a stage
#
# A gate that somebody has to call is a suggestion. Make it a stage of the pipeline, in front of everything else: its output is the good rows, all later stages depend on that output, and when it exits with an error nothing behind it runs.

# %% id="gate-script" language="bash"
# set -e
# mkdir -p repo/data && cd repo
# dvc init -q --no-scm
# cat > gate.py <<'PYTHON'
# """data/batch.csv -> data/good.csv, data/bad.csv; exit code 1 when the batch is broken as a whole."""
# import sys
# import pandas as pd
# rows = pd.read_csv("data/batch.csv")
# bad = ~rows["contract"].isin(["Month-to-month", "One year", "Two year"])
# if bad.mean() > 0.05:
#     sys.exit(f"refused: {bad.mean():.0%} of the contracts are unknown, such as {rows.loc[bad, 'contract'].iloc[0]!r}")
# rows[~bad].to_csv("data/good.csv", index=False)
# rows[bad].to_csv("data/bad.csv", index=False)
# PYTHON
# dvc stage add -q -n gate -d gate.py -d data/batch.csv -o data/good.csv -o data/bad.csv python gate.py
# dvc stage add -q -n features -d data/good.csv -o data/features.csv "cut -d, -f1-3 data/good.csv > data/features.csv"

# %% id="good-night"
night.to_csv("repo/data/batch.csv", index=False)

# %% id="good-night-runs" language="bash"
# cd repo
# dvc repro -q && wc -l data/*.csv

# %% id="bad-night"
wednesday.to_csv("repo/data/batch.csv", index=False)
refused = subprocess.run(["dvc", "repro"], cwd="repo", capture_output=True, text=True)
print(refused.stderr.strip().splitlines()[0], "| exit code", refused.returncode)
print("features of this batch:", Path("repo/data/features.csv").exists() and sum(1 for _ in open("repo/data/features.csv")) - 1, "rows, those of the night before")
assert refused.returncode != 0 and "Monthly" in refused.stderr

# %% [markdown] id="p6-limit"
# The features that lie there are yesterday's, and the exit code says that they are. Whoever reads the file without asking for the code has a stale feature table again; page two began with one. So let the next step depend on the *stage*, never on the file.
#
# **Where the tool stops.** A contract tells broken from whole. It can't tell you that the world has changed: customers who really are older, a competitor who really is cheaper. All rules hold, and the model is wrong all the same. That is drift of another kind, and module 12's work.

# %% [markdown] id="sources"
# ## Sources
#
# | what | where |
# |---|---|
# | a bare `No` is false in YAML 1.1 (1) | [YAML, boolean type](https://yaml.org/type/bool.html) |
# | all breaches at once (2) | [pandera, lazy validation](https://pandera.readthedocs.io/en/stable/lazy_validation.html) |
# | `errors="coerce"` (2) | [pandas, `to_numeric`](https://pandas.pydata.org/docs/reference/api/pandas.to_numeric.html) |
# | what pandera runs on (3) | [pandera, supported libraries](https://pandera.readthedocs.io/en/stable/supported_libraries.html) |
# | expectations, `mostly` (3) | [Great Expectations, gallery](https://greatexpectations.io/expectations/) |
# | what Great Expectations runs on (3) | [GX Core, connect to data](https://docs.greatexpectations.io/docs/core/connect_to_data/) |
# | blanks pass all other expectations (3) | shown by the cell; [issue 5027](https://github.com/great-expectations/great_expectations/issues/5027) |
