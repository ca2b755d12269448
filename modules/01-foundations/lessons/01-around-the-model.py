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
# # What stands around a model
#
# After this page you can say who owns each step between a question and a phone call, name the parts of a system that will cost you next year, and find out with one test whether production computes what training computed.

# %% [markdown] id="before-you-start"
# The customers are real; what happens to them below is made up, and each section says where. A call with an offer costs 30 €, and a leaver who gets one is worth 100 € on average, so a call pays from a score of 0.3. (Page two derives that.)

# %% id="setup"
import os
os.environ.setdefault("OMP_NUM_THREADS", "1")  # small fits are faster on one thread; set before numpy is imported

import matplotlib.pyplot as plt, numpy as np, pandas as pd
from IPython.display import SVG, display
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

customers = pd.read_csv("customers.csv")
numbers = [c for c in customers.select_dtypes("number") if c != "customer_id"]
texts = [c for c in customers.select_dtypes("object") if c != "churn"]

def prepare(numbers=numbers, texts=texts):
    """Fill and scale the numbers, spread the texts over 0/1 columns."""
    return make_column_transformer((make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers), (OneHotEncoder(handle_unknown="ignore"), texts))

def left(rows):
    return (rows["churn"] == "Yes").astype(int)

def gain(scores, rows):
    """Euros: 30 for each call, 100 back for each leaver who is called."""
    return int(np.where(scores > 0.3, 100 * left(rows) - 30, 0).sum())

past, today = train_test_split(customers, test_size=0.25, random_state=7, stratify=customers["churn"])
model = make_pipeline(prepare(), LogisticRegression(max_iter=1000)).fit(past, left(past))
score = lambda rows: model.predict_proba(rows)[:, 1]
scores = score(today)
print(f"{len(past):,} customers to learn from, {len(today):,} to score; AUC {roc_auc_score(left(today), scores):.3f}, {(scores > 0.3).sum()} on the list, {gain(scores, today):,} €")
assert 0.82 < roc_auc_score(left(today), scores) < 0.85

# %% [markdown] id="p1-failure"
# ## 1. Everyone did their part
#
# Monday, 08:10. The call centre has finished its list before the second coffee. Last week it had lasted until noon. The data scientist's notebook gives the AUC that it always gave. The ML engineer's job is green: it was asked for a list and delivered one. The platform engineer sees no restart, no error, no full disk. Three people are right, and the company loses money every morning.
#
# On Friday the CRM team had tidied up a word. *Month-to-month* is *Monthly* now.

# %% id="one-word"
renamed = today.replace({"contract": {"Month-to-month": "Monthly"}})
after = score(renamed)
monday = pd.DataFrame({
    "last week": [(scores > 0.3).sum(), gain(scores, today), roc_auc_score(left(today), scores)],
    "Monday": [(after > 0.3).sum(), gain(after, today), roc_auc_score(left(today), after)],
}, index=["on the list", "gain in €", "AUC"]).round(3)
display(monday)
assert 0.75 < (after > 0.3).sum() / (scores > 0.3).sum() < 0.9 and gain(after, today) < 0.92 * gain(scores, today)
assert roc_auc_score(left(today), scores) - roc_auc_score(left(today), after) < 0.01

# %% [markdown] id="p1-idea"
# The encoder has never seen *Monthly*, was told to ignore what it hasn't seen, and ignored it. Every line of code did what it says. What broke is the **seam** between two of them, and a seam has no owner until you give it one. Note the last row, too: the AUC hardly moves, even if you wait three months for the labels.
#
# A model's life is a circle of hand-overs. Three engineering roles share it; in a small team one person wears all three hats, which changes the commute but not the seams.

# %% id="lifecycle"
steps = [("question", "#999"), ("data", "#999"), ("training", "#b55"), ("evaluation", "#b55"), ("pipeline", "#37a"), ("service", "#37a"), ("operation", "#393")]
parts = []
for i, (word, colour) in enumerate(steps):
    x = 10 + i * 98
    parts.append(f'<rect x="{x}" y="30" width="84" height="36" rx="6" fill="white" stroke="{colour}" stroke-width="2"/><text x="{x + 42}" y="53">{word}</text>')
    if i < len(steps) - 1:
        parts.append(f'<path d="M{x + 84} 48 h12" stroke="#345"/><circle cx="{x + 91}" cy="48" r="4" fill="#345"/>')
parts.append('<path d="M640 66 v28 H150 v-26" fill="none" stroke="#345"/><path d="M150 66 l-4 9 h8z" fill="#345"/><text x="395" y="110" fill="#567">decisions become next year\'s data</text>')
for x, word, colour in ((248, "data scientist", "#b55"), (444, "ML engineer", "#37a"), (640, "platform engineer", "#393")):
    parts.append(f'<text x="{x}" y="20" fill="{colour}">{word}</text>')
display(SVG(f'<svg xmlns="http://www.w3.org/2000/svg" width="700" height="120" font-family="sans-serif" font-size="13" text-anchor="middle"><rect width="700" height="120" fill="white"/>{"".join(parts)}</svg>'))

# %% [markdown] id="p1-seams"
# | seam (a dot in the picture) | what crosses it | the check that stands there | who is called |
# |---|---|---|---|
# | question → data | the decision that the score leads to, and what a mistake costs | two prices, in writing | product owner |
# | data → training | rows, and the values that they may hold | `surprises(rows) == []`, below | whoever owns the source |
# | evaluation → pipeline | functions, a configuration, a seed, one expected number | someone else gets that number | data scientist |
# | pipeline → service | *one* fitted object, preparation included | the same rows through both paths, section 3 | ML engineer |
# | service → operation | an image, a health check, limits, a way back | it starts, answers and rolls back on a Tuesday | ML and platform engineer |
# | decisions → data | what was scored, with which version, and what was done | every call can be joined to its score | data scientist |
#
# The data scientist owns *whether the number is right*, the ML engineer *whether it arrives*, the platform engineer *whether anything arrives*. The table is for what lies between. Here is its second row: the values seen in training travel with the model, and each batch is held against them.

# %% id="check-at-the-seam"
known = {column: set(past[column].dropna()) for column in texts}

def surprises(rows):
    """Per text column: values that training never saw, and the share of rows that hold them."""
    strange = {column: rows[column][~rows[column].isin(known[column])] for column in texts}
    return [f"{column}: {sorted(values.dropna().unique())} in {len(values) / len(rows):.0%} of rows" for column, values in strange.items() if len(values)]

print("last week:", surprises(today))
print("Monday:   ", surprises(renamed))
assert surprises(today) == [] and len(surprises(renamed)) == 1

# %% [markdown] id="p1-3am"
# **How you would notice.** Compare the *length* of today's list with the last ten. It is one number, it needs no labels, and it moved by almost a fifth on Monday morning. No AUC will ever tell you.
#
# **At 3 a.m.** Don't retrain: a model that learns *Monthly* tonight is lost when the CRM team changes the word back. Hold the list, send last week's, and write the one line that `surprises` printed to the owner of the source.
#
# **Where it stops.** The check knows words. It doesn't know that a tenure in days is no tenure in months. Data contracts (module 03) do.

# %% [markdown] id="p2-failure"
# ## 2. The column that was worth nothing
#
# The slide on features says that `monthly_charges` is worthless: leave it out and the AUC stays where it is. Nobody removed it, for it did no harm. In March the billing system moves to another database, and for one night the column holds zeros.
#
# We break every column in turn, as a bad night would (numbers 0, texts "Unknown"), and beside it put what the column is worth, measured by training without it.

# %% id="worth-and-danger"
def without(dropped):
    """Scores of a model that was trained without these columns."""
    columns = prepare([c for c in numbers if c not in dropped], [c for c in texts if c not in dropped])
    return make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(past, left(past)).predict_proba(today)[:, 1]

base = roc_auc_score(left(today), scores)
table = []
for column in numbers + texts:
    slim, night = without([column]), score(today.assign(**{column: 0 if column in numbers else "Unknown"}))
    table.append({
        "column": column,
        "AUC it is worth": base - roc_auc_score(left(today), slim),
        "list changes when it is left out": ((slim > 0.3) != (scores > 0.3)).sum(),
        "list changes when it breaks": ((night > 0.3) != (scores > 0.3)).sum(),
        "€ lost that night": gain(scores, today) - gain(night, today),
    })
table = pd.DataFrame(table).set_index("column").sort_values("list changes when it breaks", ascending=False)
display(table.round(4))
billing = table.loc["monthly_charges"]
assert abs(billing["AUC it is worth"]) < 0.001 and billing["list changes when it breaks"] > 100

# %% id="worth-and-danger-picture"
figure, axis = plt.subplots(figsize=(8, 3.2))
axis.scatter(table["AUC it is worth"], table["list changes when it breaks"], color="#37a")
for column, lift in (("tenure", -3), ("monthly_charges", 3), ("contract", -15), ("internet_service", -11), ("total_charges", -3)):
    axis.annotate(column, (table.loc[column, "AUC it is worth"], table.loc[column, "list changes when it breaks"]), xytext=(6, lift), textcoords="offset points", fontsize=9)
axis.axvspan(-0.002, 0.0005, color="#b55", alpha=0.12)
axis.set(xlabel="AUC that the column is worth", ylabel="customers whose verdict\nchanges when it breaks", title="red: all risk, no return", xlim=(-0.002, 0.0105))
figure.tight_layout()
plt.show()

# %% [markdown] id="p2-idea"
# Whatever stands in the red band pays nothing while it works and sends the bill when it breaks. In 2015 a team at Google gave such things a name: **technical debt of ML systems**, and the sentence everyone quotes, that only a small fraction of such a system is code that learns. Debt isn't bad code. It is a cost that arrives later, in somebody else's budget.
#
# | debt | what you would see in this churn system | how you pay it back |
# |---|---|---|
# | underutilized data dependency | `monthly_charges`, above | train without it once a quarter; drop what doesn't earn its place |
# | entanglement: *changing anything changes everything* | the column "list changes when it is left out": without a column that is worth nothing, other customers get called | never say "only a small change"; compare lists, not just AUCs |
# | undeclared consumer | marketing reads your score file for its newsletter, and you are about to rescale it | access on request, so that you know whom to tell |
# | feedback loop | customers who were called stay, and next year's model learns that such customers stay | hold back a few at random from the list, uncalled |
# | glue code, pipeline jungle | three notebooks that must run in the right order | functions and one entry point (the lab) |
# | configuration debt | thresholds in four files, two of them stale | one file, in git, read by everything |
#
# *Source: D. Sculley et al., "Hidden Technical Debt in Machine Learning Systems", NIPS 2015. The debts' names are theirs, the examples ours.*
#
# Paying back is dull and quick. Leave out *everything* in the red band at once, and look at both numbers: the AUC, and the list.

# %% id="pay-back"
dropped = list(table.index[table["AUC it is worth"] < 0.0005])
slim = without(dropped)
print(f"{len(numbers + texts)} columns: AUC {base:.4f}, {gain(scores, today):,} €")
print(f"{len(numbers + texts) - len(dropped)} columns: AUC {roc_auc_score(left(today), slim):.4f}, {gain(slim, today):,} €; {((slim > 0.3) != (scores > 0.3)).sum()} customers change sides")
print("no longer needed:", ", ".join(dropped))
assert len(dropped) >= 8 and "monthly_charges" in dropped and base - roc_auc_score(left(today), slim) < 0.003 and len(numbers + texts) - len(dropped) <= 6

# %% [markdown] id="p2-wrong"
# **What goes wrong.** "Worth nothing" was measured one column at a time. Two columns that say the same cover for each other: each is worthless alone, both together aren't. That is why the last cell measures them together before anyone deletes a line. Read its second line as an offer: the same AUC with a quarter of the ways to break. (The columns were chosen on the rows that judge them, so the small win is flattered. That they cost nothing is what counts.)
#
# **How you would notice.** Per column and night: share of zeros, share of blanks, mean. A dependency that you don't watch is one that you can't afford.
#
# **At 3 a.m.** If the broken column is in the red band, score with the slim model, which never reads it. It is the cheapest spare wheel there is, and you have just built it. Try it before the night comes.
#
# **Where it stops.** One split, one seed: differences in the fourth digit are noise (module 04 measures how much). Debt is a reason to look, not a verdict.

# %% [markdown] id="p3-failure"
# ## 3. Two paths to one number
#
# In spring the campaign for newcomers starts: customers in their first year, scored every night by a small service. Its author got the model from the notebook, wrote the preparation anew ("it's just a scaler"), and tested it on a batch. The list comes, the calls are made. Half a year later finance asks why newcomers are called so rarely, when so many of them leave.
#
# This is the author's code. It is short, it runs, and code reviewers have let it pass many times:

# %% id="the-service"
newcomers = today[today["tenure"] <= 12]
classifier = model[-1]

def serve(batch):
    """The service's own preparation, then the trained classifier."""
    return classifier.predict_proba(prepare().fit_transform(batch))[:, 1]

trained, served = score(newcomers), serve(newcomers)
both = pd.DataFrame({
    name: [values.mean(), (values > 0.3).sum(), gain(values, newcomers), roc_auc_score(left(newcomers), values)]
    for name, values in (("training path", trained), ("serving path", served))
}, index=["mean score", "on the list", "gain in €", "AUC"]).round(3)
display(both)
print(f"{left(newcomers).mean():.0%} of these {len(newcomers)} newcomers left")
assert (served > 0.3).sum() < 0.8 * (trained > 0.3).sum() and roc_auc_score(left(newcomers), served) > roc_auc_score(left(newcomers), trained) - 0.01

# %% [markdown] id="p3-idea"
# `fit_transform` computes mean and spread from *tonight's batch*. In training, three months of tenure lay far below the average customer; among newcomers, three months is the average. The service shifts every number, and the classifier, which learned what "far below" means, sees ordinary customers. **Training-serving skew: the same model, fed by two preparations that don't agree.**
#
# Look at the last row again. The AUC doesn't suffer; it asks only for the *order*, and the order survives a shift. The number on every dashboard is blind to the damage, and the damage is in the list.

# %% id="skew-picture"
figure, axis = plt.subplots(figsize=(4.6, 3.6))
axis.scatter(trained, served, s=8, alpha=0.5, color="#37a")
axis.plot([0, 1], [0, 1], color="#999", linewidth=1)
axis.axvline(0.3, color="#b55", linewidth=1), axis.axhline(0.3, color="#b55", linewidth=1)
lost = (trained > 0.3) & (served <= 0.3)
axis.text(0.68, 0.05, f"{lost.sum()} not called", color="#b55")
axis.set(xlabel="score by the training path", ylabel="score by the serving path", title="every point should lie on the line")
figure.tight_layout()
plt.show()
assert lost.sum() > 60

# %% [markdown] id="p3-commands"
# The cure is one object. Preparation and classifier were fitted together and travel together; whoever serves calls `predict_proba` of the whole and never `fit` of anything. And a test keeps it so: a few rows, both paths, equal to the last digits. It belongs into the build of the service, with rows that are kept in its repository.

# %% id="parity-test"
def parity(path, rows):
    """Largest difference between a serving path's scores and the training path's; 0 up to rounding when they agree."""
    return float(np.abs(path(rows) - model.predict_proba(rows)[:, 1]).max())

repaired = lambda batch: model.predict_proba(batch)[:, 1]
print(f"the service:          {parity(serve, newcomers):.3f}")
print(f"the service, mended:  {parity(repaired, newcomers):.1e}")
print(f"the service, all rows: {parity(serve, today):.3f}   <- why its author saw nothing")
assert parity(serve, newcomers) > 0.1 and parity(repaired, newcomers) < 1e-9 and parity(serve, today) < 0.5 * parity(serve, newcomers)

# %% [markdown] id="p3-kinds"
# The third line is the trap in the author's test: on a batch that looks like the training rows, refitting hardly matters. Skew shows where the batch is *different*, so test with the odd ones: newcomers, one single row, a row full of blanks.
#
# | kind of skew | how it gets in | the check |
# |---|---|---|
# | preparation fitted twice | `fit` or `fit_transform` in serving code | the parity test |
# | preparation written twice | Python in training, SQL or Java in serving | the parity test, with odd rows |
# | value from another time | training reads tonight's balance, serving last night's copy | log what was served, and train on the log |
# | another default | blank becomes the median here and 0 there | a blank in the test's rows |
#
# *Source for the third row: M. Zinkevich, "Rules of Machine Learning", rule 29 (developers.google.com/machine-learning/guides/rules-of-ml).*
#
# **How you would notice** without waiting half a year: the mean score should be near the share that leaves, in every group you can name. In the table above one column is near it and one is far off.
#
# **At 3 a.m.** Take last night's logged rows, send them through the training path, compare. If they differ, roll back the *service*: the model is innocent, and retraining it would teach it nothing.
#
# **Where it stops.** Parity proves that both paths compute the same function. Whether the world still resembles the training rows is drift, another question (module 12).

# %% [markdown] id="p4-count"
# ## 4. Count it yourself
#
# "Only a small fraction is code that learns." This page is no production system, but it kept every line it ran. So count.

# %% id="lines-that-learn"
lines = [line for cell in In for line in cell.splitlines() if line.strip() and not line.strip().startswith("#")]
learning = [line for line in lines if ".fit" + "(" in line]
print(f"{len(learning)} of {len(lines)} lines train a model: {len(learning) / len(lines):.1%}")
assert len(learning) / len(lines) < 0.05

# %% [markdown] id="p4-end"
# The others ask whether the rows are what they were, whether two paths agree, and what it costs when they don't. That is the rest of this course.
#
# Next page: the number itself. When may you believe an AUC, how do you get the same one twice, and what is it worth in euros?

# %% [markdown] id="sources"
# ## Sources
#
# | what | where |
# |---|---|
# | technical debt of ML systems, and the names of the debts (2, 4) | [Sculley et al., NIPS 2015](https://papers.nips.cc/paper/5656-hidden-technical-debt-in-machine-learning-systems) |
# | unknown values become zeros with `handle_unknown="ignore"` (1) | [scikit-learn, `OneHotEncoder`](https://scikit-learn.org/stable/modules/generated/sklearn.preprocessing.OneHotEncoder.html) |
# | one fitted object, and what `fit_transform` does to a batch (3) | [scikit-learn, common pitfalls](https://scikit-learn.org/stable/common_pitfalls.html) |
# | train on what was served (3) | [Zinkevich, Rules of Machine Learning, rule 29](https://developers.google.com/machine-learning/guides/rules-of-ml#training-serving_skew) |
