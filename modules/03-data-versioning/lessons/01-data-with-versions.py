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
# # Data with versions
#
# After this page you can say which bytes a model has learned from, and get them back on another machine, after the file with that name has been overwritten twice. You also know the three ways in which teams lose data that was "under version control".

# %% [markdown] id="before-you-start"
# The cells run real `git` and `dvc` commands in a folder `repo/` and talk to a live S3 bucket; its address and your keys are in environment variables already. Run them from top to bottom. Every reading starts over, below a prefix of its own in the bucket.

# %% id="setup"
import hashlib, os, shutil, sys, uuid
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small fits are faster on one thread; set before numpy is imported

import boto3, pandas as pd, yaml
from botocore.exceptions import ClientError
from IPython.display import SVG, display
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

here = Path.cwd()
for folder in ("repo", "exports", "colleague", "origin.git"):
    shutil.rmtree(folder, ignore_errors=True)
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"   # shell cells: this kernel's own `dvc`
os.environ.update(DVC_NO_ANALYTICS="1", DVC_SITE_CACHE_DIR=str(here / ".dvc-site"))       # no report home; a cache folder that we may write
os.environ["GIT_CEILING_DIRECTORIES"] = str(here)                                         # a repository further up is not meant
os.environ.pop("FORCE_COLOR", None)                                                       # Jupyter sets it, and DVC would draw spinners
for who in ("AUTHOR", "COMMITTER"):                                                       # git refuses to commit for nobody
    os.environ.setdefault(f"GIT_{who}_NAME", "Data team")
    os.environ.setdefault(f"GIT_{who}_EMAIL", "data@example.org")
os.environ.update(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="init.defaultBranch", GIT_CONFIG_VALUE_0="main")

bucket = os.environ["LAB_BUCKET"]
prefix = os.environ["PREFIX"] = f"lesson-{uuid.uuid4().hex[:8]}"
s3 = boto3.client("s3")
everyone = pd.read_csv("customers.csv")
print(f"{len(everyone):,} customers; data will go to s3://{bucket}/{prefix}")
assert 5_000 < len(everyone) < 6_500

# %% [markdown] id="p1-failure"
# ## 1. The file that changed under its name
#
# Monday, 02:14. The export of the customers breaks off after four fifths of its rows: the database closed the connection, and the script took the end of the stream for the end of the table. The file opens, the columns are right, the nightly training is green. On Tuesday the whole file comes and overwrites Monday's. By Friday the call list looks strange and someone asks which of the two files the live model has learned from. Both are called `customers.csv`. One of them no longer exists.
#
# The export is ordered by seniority, oldest customers first. So guess who was missing.

# %% id="two-exports"
Path("exports").mkdir()
by_seniority = everyone.sort_values("tenure", ascending=False, kind="stable")
by_seniority.head(len(everyone) * 4 // 5).to_csv("exports/monday.csv", index=False)
by_seniority.to_csv("exports/tuesday.csv", index=False)

def trained(path):
    """A plain churn model on the file at `path`."""
    rows = pd.read_csv(path)
    X, y = rows.drop(columns=["customer_id", "churn"]), rows["churn"] == "Yes"
    texts = list(X.select_dtypes("object"))
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), texts), (numbers, list(X.columns.difference(texts))))
    return make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(X, y)

def call_list(model):
    """The 600 customers whom retention would call today, among those who are still here."""
    stayed = everyone[everyone["churn"] == "No"]
    risk = model.predict_proba(stayed.drop(columns=["customer_id", "churn"]))[:, 1]
    return set(stayed["customer_id"].iloc[risk.argsort()[::-1][:600]])

lists = {}
for day in ("monday", "tuesday"):
    rows = pd.read_csv(f"exports/{day}.csv")
    lists[day] = call_list(trained(f"exports/{day}.csv"))
    print(f"{day:8} {len(rows):,} rows, shortest tenure {rows['tenure'].min():2} months, {(rows['churn'] == 'Yes').mean():.1%} left")
different = 600 - len(lists["monday"] & lists["tuesday"])
print(f"{different} of the 600 calls differ")
assert different > 60 and (pd.read_csv("exports/monday.csv")["churn"] == "Yes").mean() < 0.22

# %% [markdown] id="p1-idea"
# The model of Monday has never met a new customer, and new customers are the ones who leave. Nothing raised an error, for nothing knew what the file should have been.
#
# The idea that repairs this is old and small: **name the bytes by what they are.** A hash of the content is a name that can't be reused: other bytes, other name. Keep the bytes under that name in a store, keep the name in git beside the code that read them. DVC (Data Version Control) does this and little else; most of what it prints is about keeping three places in step.

# %% id="three-places"
display(SVG("""<svg xmlns="http://www.w3.org/2000/svg" width="690" height="160" font-family="sans-serif" font-size="13">
<rect width="690" height="160" fill="white"/>
<g fill="#eef3fb" stroke="#345"><rect x="10" y="45" width="190" height="70" rx="6"/><rect x="260" y="45" width="170" height="70" rx="6"/><rect x="490" y="45" width="190" height="70" rx="6"/></g>
<g stroke="#345" stroke-width="1.5"><path d="M200 68 L252 68"/><path d="M260 95 L208 95"/><path d="M430 68 L482 68"/><path d="M490 95 L438 95"/></g>
<g fill="#345"><path d="M260 68 l-10 -4 v8z"/><path d="M200 95 l10 -4 v8z"/><path d="M490 68 l-10 -4 v8z"/><path d="M430 95 l10 -4 v8z"/></g>
<text x="22" y="68">workspace and git</text><text x="22" y="86" fill="#567">data/customers.csv</text><text x="22" y="103" fill="#567">data/customers.csv.dvc (note)</text>
<text x="272" y="68">cache, this machine</text><text x="272" y="92" fill="#567">.dvc/cache/files/md5/…</text>
<text x="502" y="68">remote, S3</text><text x="502" y="92" fill="#567">prefix/files/md5/…</text>
<text x="206" y="36" fill="#567">add, commit</text><text x="206" y="134" fill="#567">checkout</text>
<text x="440" y="36" fill="#567">push</text><text x="440" y="134" fill="#567">fetch</text><text x="300" y="153" fill="#567">pull = fetch + checkout</text></svg>"""))

# %% [markdown] id="p1-commands"
# `dvc init` in a git repository, `dvc add` on a file. (Without git there is `dvc init --no-scm`. You then version nothing but one state; treat it as an emergency exit.)

# %% id="first-add" language="bash"
# set -e
# git init -q repo && cd repo
# dvc init -q
# git commit -q -m "Start DVC"
# mkdir data && cp ../exports/monday.csv data/customers.csv
# dvc add data/customers.csv
# git status --short

# %% [markdown] id="p1-look"
# Don't take the tool's word. The note is a few lines of YAML, and the name in it is the MD5 that any other program computes. (MD5 is fine as a name, where nobody attacks you. Never use it to prove that a file was not forged.)

# %% id="the-note" language="bash"
# cd repo
# cat data/customers.csv.dvc data/.gitignore
# md5sum data/customers.csv
# find .dvc/cache -type f
# git add . && git commit -q -m "Monday's export"
# git ls-files

# %% id="note-in-python"
def noted(path="repo/data/customers.csv.dvc"):
    """The MD5 in a note."""
    return yaml.safe_load(Path(path).read_text())["outs"][0]["md5"]

def md5(path):
    return hashlib.md5(Path(path).read_bytes()).hexdigest()

monday = noted()
assert monday == md5("exports/monday.csv") == md5(f"repo/.dvc/cache/files/md5/{monday[:2]}/{monday[2:]}")
print("git holds", sum(len((Path("repo") / name).read_bytes()) for name in ("data/customers.csv.dvc", "data/.gitignore")), "bytes for", Path("exports/monday.csv").stat().st_size)

# %% [markdown] id="p1-wrong"
# **What goes wrong.** Someone had committed the file to git before DVC came. DVC refuses it, and says what to do. What it can't do is take the rows out of the commits where they already are; that is `git filter-repo` and a talk with everybody who has a clone.

# %% id="tracked-by-git" language="bash"
# cd repo
# cp ../exports/monday.csv old.csv && git add old.csv
# dvc add old.csv; echo "exit code $?"
# git rm -q --cached old.csv && rm old.csv

# %% [markdown] id="p1-limit"
# **Where the tool stops.** DVC versions whole files. One changed cell in a file of 40 GB is another 40 GB in the store, and `dvc diff` can tell you *that* the file changed, never which rows. For a table that changes every minute look at formats with versions inside (Delta Lake, Iceberg); for files that people exchange, this is the right tool.
#
# *Sources: [dvc add](https://dvc.org/doc/command-reference/add), [internal files](https://dvc.org/doc/user-guide/project-structure/internal-files), DVC's own documentation.*

# %% [markdown] id="p2-failure"
# ## 2. It was only on one laptop
#
# The commit with the note is on the git server. The laptop with the cache is on its way to repair. A colleague clones, types `dvc pull`, and reads *missing cache files*. Git is full of notes about rows that no one has: the most frequent ticket about DVC, and the cheapest one to prevent.
#
# A **remote** is where the bytes of all versions lie for everyone. The address belongs into `.dvc/config`, which git takes. The keys don't: DVC finds them where boto3 does, in the environment or in a role of the machine.

# %% id="remote" language="bash"
# set -e
# cd repo
# dvc remote add --default store "s3://$LAB_BUCKET/$PREFIX"
# cat .dvc/config
# git commit -q -a -m "Where the rows lie" && git tag v1
# dvc status --cloud
# dvc push
# dvc status --cloud

# %% [markdown] id="p2-look"
# `dvc status` without `--cloud` compares the workspace with the notes. With it, it compares the cache with the remote: two questions, and "up to date" to the first says nothing on the second. Ask S3 itself what is there.

# %% id="what-s3-has"
def stored():
    """Keys below our prefix, with what the store says about them."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix + "/").get("Contents", [])
    return pd.DataFrame([{"key": o["Key"], "bytes": o["Size"], "etag": o["ETag"].strip('"'), "modified": o["LastModified"]} for o in found])

display(stored())
assert stored()["key"].tolist() == [f"{prefix}/files/md5/{monday[:2]}/{monday[2:]}"] and stored()["etag"].tolist() == [monday]

# %% [markdown] id="p2-idea"
# The key is the hash, cut after two digits. No file name, no date, no author: those are in git. Whoever browses the bucket without the repository sees noise, and whoever uploads `customers.csv` by hand has uploaded something that no clone will ever ask for.
#
# Now lose the laptop.

# %% id="a-colleague-clones" language="bash"
# set -e
# git clone -q repo colleague && cd colleague
# ls data
# dvc pull
# md5sum data/customers.csv

# %% [markdown] id="p2-secrets"
# **What goes wrong.** `dvc remote modify store secret_access_key …` writes the secret into `.dvc/config`, and the next commit publishes it. With `--local` it goes to `.dvc/config.local`, which DVC keeps out of git. Better: don't configure keys at all. **How you would notice:** a scanner in the commit hook (module 13), or this one line in CI.

# %% id="no-keys-in-config" language="bash"
# cd repo
# git log --all --oneline -G 'secret_access_key|access_key_id' -- .dvc/config | wc -l

# %% [markdown] id="p2-3am"
# **At 3 a.m.** `dvc pull` fails. Three causes, in this order: the keys (AccessDenied: ask S3 for anything at all, as the cell above does), the address (another bucket in `.dvc/config` than you think), the bytes (they were never pushed). For the last one look for the machine that ran `dvc add`, not for the bug: its `.dvc/cache` has them.

# %% [markdown] id="p3-failure"
# ## 3. The code is back, the data is not
#
# Wednesday: a rollback. Somebody checks out the tag of last week's release, trains, and the number is wrong. The code was last week's. The data wasn't.
#
# First, Tuesday's export becomes version 2. Watch what each command knows.

# %% id="second-version" language="bash"
# set -e
# cd repo
# cp ../exports/tuesday.csv data/customers.csv
# dvc data status
# dvc add -q data/customers.csv
# git commit -q -a -m "Tuesday's export, whole" && git tag v2
# dvc diff v1 v2

# %% [markdown] id="p3-data-status"
# `dvc data status` is `git status` for the rows: *uncommitted* is what `dvc add` hasn't seen, *committed* what git hasn't. One more option answers the question of section 2 for exactly these files: is it in the remote?

# %% id="not-in-remote" language="bash"
# cd repo
# dvc data status --not-in-remote
# dvc push
# dvc data status --not-in-remote

# %% [markdown] id="p3-trap"
# Now the rollback. `git checkout` exchanges the note. It doesn't touch the rows, for git doesn't know them.

# %% id="half-a-rollback" language="bash"
# cd repo
# git checkout -q v1
# wc -l data/customers.csv
# dvc status
# echo "--- and now the rows"
# dvc checkout
# wc -l data/customers.csv

# %% id="proof-of-rollback"
assert md5("repo/data/customers.csv") == noted() == monday
tuesday = md5("exports/tuesday.csv")

# %% [markdown] id="p3-hooks"
# The cure is to make forgetting impossible. `dvc install` writes three git hooks: `dvc checkout` after each `git checkout`, `dvc status` before each commit, `dvc push` before each `git push`. The hooks live in `.git/`, so every clone needs the command once; put it into the setup script of the project.

# %% id="hooks" language="bash"
# set -e
# git init -q --bare origin.git
# cd repo
# dvc install
# git remote add origin ../origin.git
# git checkout -q main && wc -l data/customers.csv
# git checkout -q v1 && wc -l data/customers.csv
# git checkout -q main && wc -l data/customers.csv
# git push -q origin main

# %% [markdown] id="p3-old-rows"
# Often you want an old version *beside* the new one, without moving the tree at all: to compare, or to answer an auditor. `dvc get` takes a repository (a path or an address), a file and a revision.

# %% id="beside-the-new-one" language="bash"
# dvc get -q repo data/customers.csv --rev v1 -o exports/from-v1.csv --force
# md5sum exports/from-v1.csv exports/monday.csv

# %% id="which-customers-were-missing"
old, new = pd.read_csv("exports/from-v1.csv"), pd.read_csv("repo/data/customers.csv")
missing = new[~new["customer_id"].isin(old["customer_id"])]
print(f"v1 lacked {len(missing):,} customers; longest tenure among them {missing['tenure'].max()} months, {(missing['churn'] == 'Yes').mean():.0%} of them left")
assert len(missing) == len(new) - len(old) and (missing["churn"] == "Yes").mean() > 0.4

# %% [markdown] id="p3-3am"
# **At 3 a.m.** You need the rows of release 41, now: `git show release-41:data/customers.csv.dvc` has the MD5, and that MD5 is the key. With a key to the bucket and no DVC on the machine you are one `GetObject` away from the bytes. That is the best property of the format: it needs no server, and no DVC, to be read.
#
# **Where the tool stops.** DVC can tell you that v1 and v2 differ. That v1 was *broken* it can't know: both are just bytes. Page three is about that.

# %% [markdown] id="p4-failure"
# ## 4. What an object store promises, and what it doesn't
#
# A file system has folders, renames and appends. S3 has none of these. It maps a key to bytes, whole, and everything else is a convention. Four facts decide whether your data survives.
#
# **Keys are flat.** A slash is a character. "Folders" are made when you list with a delimiter; renaming one copies every object.

# %% id="no-folders"
for key in ("2024/01/a.csv", "2024/01/b.csv", "2024/02/c.csv"):
    s3.put_object(Bucket=bucket, Key=f"{prefix}/flat/{key}", Body=b"x")
answer = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/flat/2024/", Delimiter="/")
print([folder["Prefix"].removeprefix(prefix) for folder in answer["CommonPrefixes"]], "and", answer.get("KeyCount"), "entries in the answer")
assert len(answer["CommonPrefixes"]) == 2 and "Contents" not in answer

# %% [markdown] id="p4-etag"
# **The ETag is sometimes the MD5.** For an object put in one piece without KMS encryption, yes. Uploaded in parts, it is a hash of the parts' hashes, a dash, and their number: the same bytes have another ETag with another part size. boto3 starts to cut at its `multipart_threshold`. So a script that compares ETags with MD5 sums works on every test file and fails on the first big one.
#
# *Source: [Object, Amazon S3 API reference](https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).*

# %% id="etag-of-parts"
from boto3.s3.transfer import TransferConfig

big = os.urandom(9 * 2**20)
Path("big.bin").write_bytes(big)
s3.upload_file("big.bin", bucket, f"{prefix}/big.bin")
etag = s3.head_object(Bucket=bucket, Key=f"{prefix}/big.bin")["ETag"].strip('"')
print(f"threshold {TransferConfig().multipart_threshold / 2**20:.0f} MiB; MD5 {md5('big.bin')}, ETag {etag}")
parts = [big[i : i + 8 * 2**20] for i in range(0, len(big), 8 * 2**20)]
print("MD5 of the parts' MD5:", hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest(), f"- {len(parts)}")
assert etag != md5("big.bin") and etag.endswith(f"-{len(parts)}")
Path("big.bin").unlink()

# %% [markdown] id="p4-overwrite"
# **A put replaces, and nothing asks.** Unless the bucket keeps versions, the old bytes are gone, and the answer is the same cheerful 200. Two remedies. A key that is a hash never needs to be overwritten (DVC's way). And a put can carry a condition: *only if nothing is there*.

# %% id="only-if-absent"
key = f"{prefix}/report.csv"
s3.put_object(Bucket=bucket, Key=key, Body=b"the audited report")
s3.put_object(Bucket=bucket, Key=key, Body=b"a test")
print("after a careless put: ", s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
try:
    s3.put_object(Bucket=bucket, Key=key, Body=b"another test", IfNoneMatch="*")
except ClientError as error:
    print("with a condition:     ", error.response["Error"]["Code"])
    assert error.response["Error"]["Code"] == "PreconditionFailed"
assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"a test"

# %% [markdown] id="p4-owner"
# **Versions and lifetimes are the bucket owner's.** With *versioning* on, a put adds a version and a delete adds a marker, and either can be undone. A *lifecycle rule* deletes by prefix and age, on a schedule, without telling anybody. You, with a key that reaches one bucket's objects, may neither set nor even read these. Try; it is what least privilege looks like.

# %% id="not-yours-to-set"
for question in (s3.get_bucket_versioning, s3.get_bucket_lifecycle_configuration):
    try:
        question(Bucket=bucket)
    except ClientError as error:
        print(error.response["Error"]["Code"], "·", error.operation_name)
        assert error.response["Error"]["Code"] == "AccessDenied"

# %% [markdown] id="p4-rules"
# So ask the owner, in writing, before the first push. For a bucket of DVC the answers you want are:
#
# | setting | for the prefix of DVC | why |
# |---|---|---|
# | versioning | on, old versions kept 30 days | undoes a wrong `gc` or delete |
# | lifecycle: expire current objects | **never** | an object of DVC is old because it is right: last accessed says nothing |
# | lifecycle: abort unfinished uploads | after 7 days | parts of broken uploads cost money and show up in no listing of objects |
# | delete permission | one role, not everyone's key | reading and adding is all that daily work needs |
#
# The rule that costs most is well meant: somebody tidies the bucket with *expire after 90 days*. Every commit older than a quarter then points at nothing, and you'll hear of it when you need one.

# %% [markdown] id="p4-silent"
# **And DVC trusts the store.** An object's name says what it must hold. By default a pull from S3 doesn't look whether it does. Put other bytes under the key, as a broken copy job would, and pull.

# %% id="silent-corruption"
key = f"{prefix}/files/md5/{tuesday[:2]}/{tuesday[2:]}"
s3.put_object(Bucket=bucket, Key=key, Body=b"customer_id,churn\n1,Yes\n");

# %% id="pulled-and-content" language="bash"
# cd colleague
# git pull -q
# dvc pull
# wc -l data/customers.csv
# dvc status

# %% [markdown] id="p4-verify"
# *Up to date*, says DVC, of two lines that are not the file: it has taken the store's word for their hash. The option `verify` of a remote makes every download count its hash. Turn it on wherever the store isn't only yours; it costs one pass over the bytes.

# %% id="verified" language="bash"
# cd colleague
# dvc remote modify store verify true
# rm -rf .dvc/cache data/customers.csv
# dvc pull; echo "exit code $?"

# %% [markdown] id="verified-looks-like"
# The message is the one of section 2, where the object was never pushed. So at night both are possible causes; `aws s3 ls` on the object's key tells which: there with other bytes, or not there.

# %% id="repair"
# The cache of the first clone still has the right bytes: put them back under their own name.
assert not Path("colleague/data/customers.csv").exists()
s3.upload_file(f"repo/.dvc/cache/files/md5/{tuesday[:2]}/{tuesday[2:]}", bucket, key)

# %% id="repaired" language="bash"
# cd colleague
# dvc pull && md5sum data/customers.csv && grep md5: data/customers.csv.dvc

# %% [markdown] id="p4-source"
# *Source: [remote modify](https://dvc.org/doc/command-reference/remote/modify), and `dvc/config_schema.py` of DVC 3.67.1: `verify` is off by default for S3.*

# %% [markdown] id="p5-failure"
# ## 5. The tidy colleague
#
# The bucket bill doubled, so someone types what the first search result says: `dvc gc --workspace --cloud`. It asks *are you sure?*, prints one line for each removed object, and ends with code 0. What it means: **keep what the current workspace uses, delete everything else, here and in the remote.** Every tag, every branch, every colleague's version.
#
# Look before you leap, on our own two versions. `--dry` prints what would go; mind that it prints *Removed* all the same.

# %% id="gc-dry" language="bash"
# cd repo
# echo "--- keep the workspace"; dvc gc --workspace --cloud --dry
# echo "--- keep all tags, too"; dvc gc --workspace --all-tags --cloud --dry

# %% [markdown] id="p5-do-it"
# The first would have taken Monday's export: the only evidence in the case of section 1. Let it happen, to see what the team sees.

# %% id="gc-for-real" language="bash"
# cd repo
# dvc gc --workspace --cloud --force 2>&1 | grep Removed
# dvc status; echo "today: exit code $?"
# git checkout -q v1; dvc pull; echo "the auditor's question: exit code $?"
# git checkout -q main

# %% [markdown] id="p5-notice"
# **How you would notice** on the same day, and not with the auditor: ask for every tag whether the remote has its rows. One line in a nightly job. *missing* means that neither the cache nor the remote has it.

# %% id="watch-the-tags" language="bash"
# cd repo
# dvc status --cloud --all-tags

# %% id="restore-from-a-copy"
# Monday's file still exists under its own name in exports/. Its hash says that it is the right one, so DVC takes it back.
assert md5("exports/monday.csv") == monday
s3.upload_file("exports/monday.csv", bucket, f"{prefix}/files/md5/{monday[:2]}/{monday[2:]}")

# %% id="back-again" language="bash"
# cd repo
# dvc fetch --all-tags
# dvc status --cloud --all-tags

# %% [markdown] id="p5-3am"
# **At 3 a.m.** Stop the second `gc`: whoever ran it once has it in a cron job. Then collect copies before anybody cleans up: bucket versions (ask the owner for the delete markers), and the caches of all laptops and CI runners that ever pulled. A file whose MD5 fits *is* the lost version, wherever it comes from; you have just seen one come home.
#
# **The rule** to write down: collect garbage in the cache as you like (`dvc gc --workspace`, and add `--not-in-remote` so that what was never pushed stays). In the remote only with `--all-commits` or `--all-tags`, only after `--dry`, only one person.
#
# **Where the tool stops.** `gc` knows the commits of *this* clone. Branches that you haven't fetched and other repositories that share the prefix don't count as uses. One prefix a repository, and a fetch before every cleaning.
#
# *Source: [dvc gc](https://dvc.org/doc/command-reference/gc): "Cloud deletion is irreversible".*
#
# You can now name bytes, store them and get them back. The next page does it for everything that is computed from them.

# %% [markdown] id="sources"
# ## Sources
#
# | what | where |
# |---|---|
# | what `dvc add` writes, where the bytes lie (1) | [dvc add](https://dvc.org/doc/command-reference/add), [internal files](https://dvc.org/doc/user-guide/project-structure/internal-files) |
# | `--local` stays out of git; `verify` (2, 4) | [dvc remote modify](https://dvc.org/doc/command-reference/remote/modify) |
# | cache or workspace: `status`, `data status` (2, 3) | [dvc status](https://dvc.org/doc/command-reference/status), [dvc data status](https://dvc.org/doc/command-reference/data/status) |
# | three git hooks (3) | [dvc install](https://dvc.org/doc/command-reference/install) |
# | an old version beside the new one (3) | [dvc get](https://dvc.org/doc/command-reference/get) |
# | keys are flat (4) | [S3, organizing objects using prefixes](https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html) |
# | when the ETag is no MD5 (4) | [S3, Object](https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html) |
# | a put with a condition (4) | [S3, conditional writes](https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html) |
# | versions and delete markers (4) | [S3, delete markers](https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html) |
# | unfinished uploads cost money until a rule ends them (4) | [S3, incomplete multipart uploads](https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html) |
# | what `gc` keeps and deletes (5) | [dvc gc](https://dvc.org/doc/command-reference/gc) |
