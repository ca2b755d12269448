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
# # Git for models
#
# After this page you can keep a repository small enough to clone and clean enough to publish, write commits that a machine can search, and let git find the commit that cost you money while you fetch a coffee. And when a key has been committed, you do the right thing first.

# %% [markdown] id="before-you-start"
# Everything below happens in throw-away folders beside this notebook, with the real git of this machine. Run the cells from top to bottom; each section starts from a fresh folder, so you may run it again.

# %% id="setup"
import os, secrets, subprocess, sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # shell cells: this kernel's own `python`
os.environ.update(GIT_AUTHOR_NAME="You", GIT_AUTHOR_EMAIL="you@example.org", GIT_COMMITTER_NAME="You", GIT_COMMITTER_EMAIL="you@example.org")
os.environ.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_PAGER="cat", GIT_ADVICE="0")  # your own settings stay out of it

def sh(command):
    """What a shell command prints."""
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout.strip()

print(sh("git --version"))

# %% [markdown] id="p1-failure"
# ## 1. The repository that nobody can clone
#
# A new colleague clones the churn project on Monday at nine. At ten it says 31 %. The code is 60 kilobytes. The rest is four months of `git add .`: every export, and every model that was ever trained, each in a version of its own. "But we deleted them", says the team. They did.
#
# Let's do the same in small: three trainings, three commits of everything.

# %% id="add-everything" language="bash"
# rm -rf heavy fresh && git init -q -b main heavy && cd heavy
# cat > train.py <<'PY'
# import sys, joblib, pandas as pd
# from sklearn.ensemble import RandomForestClassifier
# rows = pd.read_csv("customers.csv")
# X = pd.get_dummies(rows.drop(columns=["customer_id", "churn"]))
# joblib.dump(RandomForestClassifier(n_estimators=60, random_state=int(sys.argv[1])).fit(X, rows["churn"]), "model.joblib")
# PY
# for month in 1 2 3; do
#   python -c "import pandas as pd; pd.read_csv('../customers.csv').sample(frac=1, random_state=$month).to_csv('customers.csv', index=False)"
#   python train.py $month && git add . && git commit -q -m "wip"
# done
# git rm -q --cached customers.csv model.joblib && git commit -q -m "Remove data and model"
# git log --oneline && git ls-files && git gc -q && git clone -q --no-local . ../fresh

# %% id="weight"
weight = lambda folder: sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file()) / 1e6
code, history = Path("fresh/train.py").stat().st_size / 1e6, weight("fresh/.git")
print(f"a fresh clone: {code:.4f} MB of code, {history:.1f} MB of history")
assert sh("git -C heavy ls-files") == "train.py" and history > 3 and history > 1000 * code

# %% [markdown] id="p1-idea"
# **Git keeps every version of every file that was ever committed, and a clone fetches them all.** That is the point of it. Deleting adds a commit without the file; the file stays in the ones before. Text that changes in a few lines costs next to nothing. A model changes in every byte, so each retraining costs its full size, for everybody, for ever.
#
# Ask git who the heavy ones are. Keep this line; you will need it once a year.

# %% id="heaviest" language="bash"
# cd heavy
# git rev-list --objects --all | git cat-file --batch-check='%(objectsize) %(objecttype) %(rest)' | grep blob | sort -nr | head -n 7

# %% [markdown] id="p1-where"
# | what | where it lives | why not in git |
# |---|---|---|
# | code, configuration, lock file, tests | git | |
# | data | DVC and a bucket (module 03); git keeps the hash | every export is a full copy; and personal data can't be deleted from a history |
# | models | MLflow and a bucket (04), registry (07) | every training is a full copy |
# | keys, passwords | environment variables, a secret store | section 3 |
# | notebooks | git, as text or without outputs | outputs are data, and no diff can be read |
#
# `.gitignore` is the first file of the first commit. It has no power over what git already tracks, which is why it must be there before `git add`. Don't trust it by eye: `check-ignore -v` names the line that decides, and says nothing for a file that would be committed.

# %% id="gitignore" language="bash"
# rm -rf light && git init -q -b main light && cd light
# printf '%s\n' 'data/' '*.csv' 'models/' '*.joblib' '.env' '__pycache__/' '.ipynb_checkpoints/' > .gitignore
# cp ../heavy/train.py . && cp ../heavy/model.joblib . && mkdir data && cp ../customers.csv data/ && echo 'KEY=...' > .env && gzip -c ../customers.csv > export.csv.gz
# git add . && git commit -q -m "Start with the training script; data, models and keys stay out" && git ls-files
# for file in data/customers.csv model.joblib .env export.csv.gz; do git check-ignore -v $file || echo "no pattern ignores $file"; done

# %% [markdown] id="p1-wrong"
# **What goes wrong.** The last line: `*.csv` doesn't match `.csv.gz`. The compressed export is in the repository now, by the very commit that says it isn't. Read `git ls-files` before the first push, every time.
#
# **How you would notice.** Early, with a hook that refuses large files (end of this page). GitHub itself warns above 50 MiB and refuses above 100 MiB, which is late: the commit is made by then, and so are the ten on top of it.
#
# *Source: docs.github.com, "About large files on GitHub".*
#
# **The cure** rewrites history: every commit gets a new id, commits that held nothing else are dropped, and everybody clones anew. So agree on an hour, then it is one command. (`git filter-repo` is no part of git: `pip install git-filter-repo`.)

# %% id="lose-weight" language="bash"
# cd fresh && git filter-repo --strip-blobs-bigger-than 100K > /dev/null
# git log --oneline

# %% id="weight-after"
print(f"history: {history:.1f} MB before, {weight('fresh/.git'):.2f} MB after")
assert weight("fresh/.git") < 0.05 * history
light = sh("git -C light ls-files").splitlines()
assert light == [".gitignore", "export.csv.gz", "train.py"]

# %% [markdown] id="p1-stop"
# **At 3 a.m.** Nothing here is worth getting up for, unless the file holds customers' data and the repository is public. Then it is section 3.
#
# **Where it stops.** Git LFS keeps a pointer in git and the bytes on a server: fine for a few pictures. It knows nothing of pipelines, splits or which model came from which data; DVC and MLflow do.

# %% [markdown] id="p2-failure"
# ## 2. Which commit cost us the money?
#
# In January the model costs 10 € per customer (page two: missed leavers and wasted offers, in euros). In March it costs more. Nobody changed the model, everybody changed the code: a dozen commits, and one of them did it. Reading them all takes the morning, and the guilty one looks harmless, or it wouldn't have passed its review.
#
# Here is January's training. It prints one number.

# %% id="january" language="bash"
# rm -rf churn && git init -q -b main churn && cd churn && printf '%s\n' '*.csv' '*.joblib' '.env' '__pycache__/' > .gitignore
# cat > train.py <<'PY'
# import sys
# import pandas as pd
# from sklearn.compose import make_column_selector as of_type, make_column_transformer
# from sklearn.impute import SimpleImputer
# from sklearn.linear_model import LogisticRegression
# from sklearn.metrics import confusion_matrix
# from sklearn.model_selection import train_test_split
# from sklearn.pipeline import make_pipeline
# from sklearn.preprocessing import OneHotEncoder, StandardScaler
#
# MISSED, WASTED = 70, 30
#
#
# def load(path):
#     return pd.read_csv(path)
#
#
# def split(rows):
#     return train_test_split(rows, test_size=0.25, random_state=7, stratify=rows["churn"])
#
#
# def train(rows):
#     numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
#     texts = OneHotEncoder(handle_unknown="ignore")
#     columns = make_column_transformer((numbers, of_type(dtype_include="number")), (texts, of_type(dtype_include="object")))
#     return make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(rows.drop(columns=["customer_id", "churn"]), rows["churn"])
#
#
# def evaluate(model, rows):
#     verdict = model.predict_proba(rows.drop(columns=["customer_id", "churn"]))[:, 1] > WASTED / (WASTED + MISSED)
#     (_, wasted), (missed, _) = confusion_matrix(rows["churn"] == "Yes", verdict)
#     return (MISSED * missed + WASTED * wasted) / len(rows)
#
#
# past, today = split(load(sys.argv[1]))
# print(f"{evaluate(train(past), today):.2f}")
# PY
# git add . && git commit -q -m "Train the churn model and print its cost per customer"
# python train.py ../customers.csv

# %% [markdown] id="p2-commit"
# **What a good commit is.** *One* reason to exist. It runs. Its first line says what it does, as an order ("Read", "Drop", "Fix"); the body says why, because the *what* stands in the diff. In an ML repository the body has one more line: the number before and after. Don't type that number, let the shell fetch it:

# %% id="a-good-commit" language="bash"
# cd churn && before=$(python train.py ../customers.csv)
# sed -i.bak 's/LogisticRegression(max_iter=1000)/LogisticRegression(C=0.5, max_iter=1000)/' train.py && rm train.py.bak
# after=$(python train.py ../customers.csv)
# git commit -q -a -F - <<TEXT
# Hold the regression back a little
#
# C=1 gave the 0/1 columns of rare values large weights, which jump from
# month to month and make the call centre's lists hard to explain.
#
# Cost per customer: $before -> $after EUR
# TEXT
# git log -1 --stat

# %% [markdown] id="p2-quarter"
# Now the quarter goes by. The next cell plays your colleagues: ten commits, each with a sensible message. Some can't even be run. Don't look for the guilty one; that is git's job.

# %% id="a-quarter-of-commits"
quarter = [
    ("Name the columns that are no features", 'rows.drop(columns=["customer_id", "churn"]), rows["churn"])', 'rows.drop(columns=NO_FEATURES), rows["churn"])'),
    ("Define NO_FEATURES and use it in evaluate, too", "MISSED, WASTED = 70, 30", 'MISSED, WASTED = 70, 30\nNO_FEATURES = ["customer_id", "churn"]'),
    ("Say what load does", "    return pd.read_csv(path)", '    """The customers of one export."""\n    return pd.read_csv(path)'),
    ("Seed the split from one constant", "random_state=7", "random_state=SEED"),
    ("Add SEED, forgotten in the last commit", "MISSED, WASTED = 70, 30", "MISSED, WASTED = 70, 30\nSEED = 7"),
    ("Simplify evaluate: ask the model for its verdict", "model.predict_proba(rows.drop(columns=[\"customer_id\", \"churn\"]))[:, 1] > WASTED / (WASTED + MISSED)", 'model.predict(rows.drop(columns=["customer_id", "churn"])) == "Yes"'),
    ("Document split", "    return train_test_split(", '    """Three quarters to learn from, one to be judged on."""\n    return train_test_split('),
    ("Give the solver more steps", "max_iter=1000", "max_iter=2000"),
    ("Document train", "    numbers = make_pipeline", '    """Preparation and classifier, fitted together."""\n    numbers = make_pipeline'),
    ("Say how the script is called", "import sys", '"""Usage: python train.py FILE"""\nimport sys'),
]
script = Path("churn/train.py")
for message, old, new in quarter:
    text = script.read_text()
    assert text.count(old) == 1, message
    script.write_text(text.replace(old, new))
    sh(f'git -C churn commit -q -a -m "{message}"')
print(sh("git -C churn log --oneline"))

# %% [markdown] id="p2-bisect"
# **Bisect.** Name one commit that was good and one that is bad. Git checks out the middle one, you say which it is, and half of the rest is cleared. `bisect run` lets a script say it: exit code 0 is good, 125 is "can't tell, try a neighbour", any other up to 127 is bad.
#
# *Source: git-scm.com/docs/git-bisect.*
#
# The script stands outside of the repository, or it would change with every checkout.

# %% id="bisect" language="bash"
# cat > is-it-good.sh <<'SH'
# # a commit that doesn't run says nothing about money
# cost=$(python train.py ../customers.csv 2> /dev/null) || { echo "  doesn't run"; exit 125; }
# echo "  cost $cost"
# python -c "raise SystemExit($cost > 10.5)"
# SH
# cd churn
# git bisect start HEAD "$(git rev-list --max-parents=0 HEAD)" > /dev/null
# git bisect run sh ../is-it-good.sh | grep -E '  cost|  doesn|is the first bad' | tee ../bisect.log
# git rev-parse bisect/bad > ../guilty && git bisect reset > /dev/null 2>&1 && git branch --show-current

# %% id="the-guilty-one"
guilty = Path("guilty").read_text().strip()
runs, commits = Path("bisect.log").read_text().count("cost"), int(sh("git -C churn rev-list --count HEAD"))
print(f"{runs} trainings for {commits} commits")
print(sh(f"git -C churn show --stat --format='%h %s' {guilty}"))
print(sh(f"git -C churn show --format= --unified=0 {guilty} | grep '^[-+] '"))
os.environ["GUILTY"] = guilty
assert "Simplify evaluate" in sh(f"git -C churn show -s --format=%s {guilty}") and runs < commits / 2

# %% [markdown] id="p2-idea"
# The threshold came from the prices; `predict` has 0.5 built in. The author was right that the line is simpler. The AUC never moved, so no dashboard said anything.
#
# Two things made this quick, and neither is git. **The training gives the same number every time** (page two): a metric that wobbles sends bisect to a random commit, with full confidence. **The commits are small.** Had the quarter been one commit called "Q1 changes", the answer would have been "it was Q1". Compare what is left to read, even in this toy of forty lines:

# %% id="lines-to-read"
one, whole = (sum(int(n) for line in sh(f"git -C churn diff --numstat {a} {b}").splitlines() for n in line.split()[:2]) for a, b in ((f"{guilty}~1", guilty), (f"{guilty}~6", "HEAD")))
print(f"{one} changed lines to read, instead of {whole}")
assert one == 2 and whole >= 5 * one

# %% [markdown] id="p2-3am"
# **At 3 a.m.** Don't repair, revert. `git revert` makes a new commit that undoes the old one and leaves everybody's history as it is; the argument about the simpler line can wait for daylight.

# %% id="revert" language="bash"
# cd churn && python train.py ../customers.csv
# git revert --no-edit $GUILTY > /dev/null && git log -1 --format=%s
# python train.py ../customers.csv | tee ../reverted

# %% [markdown] id="p2-stop"
# **What goes wrong.** A script that answers "bad" for a commit that doesn't run leads bisect to the wrong place; that is what 125 is for. Two commits of this quarter don't run, bisect met one of them, and the answer is right all the same.
#
# **Where it stops.** Bisect sees what is in git. If the number moved because `customers.csv` did, every commit looks bad, also January's. That is a finding, too: try the old commit first, and if it is bad today, look at the data (module 03) and the environment (module 02).

# %% id="reverted"
assert float(Path("reverted").read_text()) < 10.5

# %% [markdown] id="p3-failure"
# ## 3. A key in the history
#
# Friday, 17:50. The nightly upload must work before the weekend, so for now the store's key goes into the script. On Monday it is moved to an environment variable, and the commit says "Remove key". In May the repository is opened to a contractor. In June the bill for the object store has five digits.
#
# We play it with a key that opens nothing, drawn here, and a list that stands for what the store accepts.

# %% id="friday"
key = os.environ["OLD_KEY"] = "store-live-" + secrets.token_hex(12)
accepted = {key}
store_answers = lambda key: 200 if key in accepted else 401

sh("rm -rf team.git laptop colleague expressions.txt && git init -q --bare -b main team.git && git clone -q team.git laptop 2> /dev/null")
upload = Path("laptop/upload.py")
upload.write_text(f'KEY = "{key}"\nprint("uploading with", KEY[:5])\n')
sh('cd laptop && git checkout -q -B main && git add . && git commit -q -m "Upload the model every night" && git push -q origin main && git clone -q ../team.git ../colleague')
upload.write_text('import os\n\nKEY = os.environ["STORE_KEY"]\nprint("uploading with", KEY[:5])\n')
sh('cd laptop && git commit -q -a -m "Remove key" && git push -q origin main');

# %% id="monday" language="bash"
# cd laptop && grep -q store-live upload.py || echo "the file is clean. The history:"
# git log --oneline --all -S "$OLD_KEY"
# git grep -h store-live $(git rev-list --all) | cut -c 1-24

# %% [markdown] id="p3-idea"
# `-S` lists the commits in which the text came or went: two. Whoever has the repository has the key. **A key that was pushed is no secret any more, whatever you do to the repository afterwards.** It may lie in clones, forks, backups, the build server's cache, a search engine. So the order isn't a matter of taste:
#
# 1. **Rotate:** make a new key, give it to the service, make the old one invalid. This ends the danger.
# 2. **Look:** the store's access log tells who used the old key, and when.
# 3. **Tell** whoever must know. With personal data behind the key the law sets a deadline (module 13).
# 4. **Rewrite** the history, in daylight, so that scanners and newcomers don't find it again.
#
# Most people begin with 4, because it feels like cleaning. Watch what it achieves. `filter-repo` wants a fresh clone, and replaces the text in every commit:

# %% id="rewrite-first" language="bash"
# printf '%s==>REMOVED\n' "$OLD_KEY" > expressions.txt
# cd laptop && git log --format=%h > ../ids-before
# git filter-repo --force --replace-text ../expressions.txt > /dev/null
# git log --format=%h > ../ids-after
# git grep -h REMOVED $(git rev-list --all)
# echo "commits that kept their id: $(grep -c -F -f ../ids-before ../ids-after)"
# git remote add origin ../team.git && git push -q --force origin main

# %% id="what-it-achieved"
old_commit = sh("git -C colleague rev-parse HEAD")
holds = lambda repository: key in sh(f"git -C {repository} show {old_commit}:upload.py 2> /dev/null || true")
print("in the rewritten history:          ", key in sh("git -C laptop log -p --all"))
print("in the colleague's clone:          ", holds("colleague"))
print("on the server, by the commit's id: ", holds("team.git"))
print("the store says to the old key:     ", store_answers(key))
assert key not in sh("git -C laptop log -p --all") and holds("colleague") and holds("team.git") and store_answers(key) == 200

# %% [markdown] id="p3-wrong"
# The history is spotless and the key still opens the store. The colleague has it. Even the server has it: nothing points to the old commit any more, but whoever knows its id can ask for it until the server cleans up (on GitHub: until support does). And if the colleague merges and pushes, the old commits come back with the key in them.
#
# *Source: docs.github.com, "Removing sensitive data from a repository".*
#
# Here is what ends the danger. It has nothing to do with git.

# %% id="rotate"
new_key = "store-live-" + secrets.token_hex(12)
accepted.add(new_key)      # first the new one, and the service gets it,
accepted.discard(key)      # then the old one goes
print("old key:", store_answers(key), " new key:", store_answers(new_key))
assert (store_answers(key), store_answers(new_key)) == (401, 200)

# %% [markdown] id="p3-prevent"
# **How you would notice** before the bill: a look at what is about to be committed, by a machine. A hook is a script in `.git/hooks` that git runs before each commit; if it fails, there is no commit. This one refuses keys and large files. It is ten lines and knows one pattern; Gitleaks knows hundreds (module 13), and pre-commit installs hooks for the whole team (module 02).

# %% id="hook" language="bash"
# cd laptop && cat > .git/hooks/pre-commit <<'SH'
# #!/bin/sh
# if git diff --cached | grep -q '^+.*store-live-[0-9a-f]\{24\}'; then
#   echo "refused: this commit holds a key of the store (read it from the environment)"; exit 1
# fi
# git diff --cached --name-only --diff-filter=AM | while read -r file; do
#   if [ "$(git cat-file -s ":$file")" -gt 500000 ]; then echo "refused: $file has over 0.5 MB (git keeps it for ever)"; exit 1; fi
# done
# SH
# chmod +x .git/hooks/pre-commit
# echo "KEY = \"$OLD_KEY\"" > quick-fix.py && git add quick-fix.py && { git commit -q -m "Quick fix" || git rm -q --cached quick-fix.py; }
# cp ../customers.csv . && git add customers.csv && { git commit -q -m "Data" || git rm -q --cached customers.csv; }
# git status --short

# %% [markdown] id="p3-3am"
# **At 3 a.m.** Rotate, look at the log, write down the times. Touch nothing in the repository: its history is evidence until somebody has read it.
#
# **Where it stops.** Hooks run on the machine that commits, and `git commit --no-verify` walks past them. The scan that counts runs on the server, on every push and over the whole history (modules 10 and 13).

# %% id="refused-twice"
assert sh("git -C laptop status --short").splitlines() == ["?? customers.csv", "?? quick-fix.py"]
assert sh("git -C laptop rev-list --count HEAD") == "2"

# %% [markdown] id="end"
# Three habits, then: nothing large and nothing secret goes in; every commit has one reason and runs; and a metric that repeats makes the history searchable.
#
# The lab hands you a notebook with everything wrong that these three pages have shown. You take it apart into four functions and a configuration, in a repository that you wouldn't mind handing over.

# %% [markdown] id="sources"
# ## Sources
#
# | what | where |
# |---|---|
# | ignored files, and why tracked ones stay (1) | [gitignore](https://git-scm.com/docs/gitignore), [git-check-ignore](https://git-scm.com/docs/git-check-ignore) |
# | a warning above 50 MiB, a refusal above 100 (1) | [GitHub, large files](https://docs.github.com/en/repositories/working-with-files/managing-large-files/about-large-files-on-github) |
# | exit codes 0, 125 and up to 127 (2) | [git-bisect](https://git-scm.com/docs/git-bisect#_bisect_run) |
# | `git revert` (2) | [git-revert](https://git-scm.com/docs/git-revert) |
# | `filter-repo` wants a fresh clone (1, 3) | [git-filter-repo](https://github.com/newren/git-filter-repo) |
# | what remains after a rewrite (3) | [GitHub, removing sensitive data](https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/removing-sensitive-data-from-a-repository) |
# | personal data: 72 hours to notify (3) | [GDPR, article 33](https://eur-lex.europa.eu/eli/reg/2016/679/oj) |
# | hooks, and `--no-verify` (3) | [githooks](https://git-scm.com/docs/githooks), [git-commit](https://git-scm.com/docs/git-commit) |
