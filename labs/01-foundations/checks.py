import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

from grader.checks import Lab, NotRun, check
from grader.checks.expect import is_number

from .checks_answers import Judged, Sides, largest_gap, row_key
from .checks_exports import Row, exports, key, prices, table

SECRETS = [r"whk_[0-9a-f]{24}", r"AKIA[0-9A-Z]{16}", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"]
KEPT_OUT = ["data/exports.csv", "data/new/exports.csv", "model.joblib", "runs/model.joblib", ".env"]
LET_IN = ["churn/data.py", "churn/model.py", "churn/features.py", "config.yaml", "tests/test_split.py", ".gitignore"]
LARGE, ROWS_OR_MODEL = 100_000, re.compile(r".*\.(csv|joblib|pkl|parquet)(\.\w+)?$")
EMPTY_WORDS = {
    "wip", "update", "updates", "fix", "fixes", "fixed", "changes", "stuff", "work", "final", "test", "commit", "some", "more",
}  # fmt: skip


@check("load")
def every_row_of_the_named_file(lab: Lab) -> None:
    """`load` gives every row and column of whichever file the configuration names, newcomers with a blank included."""
    for number in range(2):
        rows = exports(lab, customers=60 + 20 * number)
        for newcomer in lab.random.sample(rows, 5):
            newcomer.update(tenure="0", total_charges="")
        path = f"inbox/{lab.random.randrange(10**6)}.csv"
        found = lab.call("loaded", table(rows), path, returns=list[dict[str, Any]])
        lab.expect("rows", len(found), f"load of {path}, 5 of whose rows have a blank total charge").equals(len(rows))
        lacking = sorted(set(rows[0]) - set(found[0]))
        lab.expect("columns that are gone", lacking, f"load of {path}").equals([])
        wanted = sorted(row["monthly_charges"] for row in rows)
        same = sorted(map(float, wanted)) == sorted(number_in(row.get("monthly_charges")) for row in found)
        lab.expect("the file's own values", same, f"load of {path}").is_true("those of the file that the configuration names")


def number_in(value: object) -> float:
    """A finite number, or -1."""
    return float(value) if is_number(value) else -1.0  # type: ignore[arg-type]


@check("same-seed")
def the_same_number_twice(lab: Lab) -> None:
    """Two fresh processes with the same rows and seed judge the same customers and give them the same scores."""
    rows = exports(lab, customers=250)
    processes = lab.call("twice", table(rows), {"seed": lab.draw("seed", 100, 999)}, returns=list[Judged])
    lab.expect("processes that answered", len(processes)).equals(2)
    first, second = processes
    same = sorted(map(repr, first["today"])) == sorted(map(repr, second["today"]))
    lab.expect("the rows that are judged", same, f"{len(first['today'])} and {len(second['today'])} rows").is_true("the same")
    gap = largest_gap(lab, first["scores"], second["scores"])
    lab.expect("largest difference of a score", gap, "same customers judged").close_to(0.0, within=1e-9)


def sides(lab: Lab, rows: Sequence[Row], **changes: Any) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """The keys on both sides of the split: to learn from, to be judged on."""
    answer = lab.call("sides", table(rows), changes, returns=Sides)
    return [row_key(row) for row in answer["past"]], [row_key(row) for row in answer["today"]]


@check("other-seed")
def other_seeds_judge_others(lab: Lab) -> None:
    """Another seed judges other customers, and `test_size` says how many."""
    rows = exports(lab, customers=300)
    seeds = lab.random.sample(range(1000), 3)
    judged = [{customer for customer, _ in sides(lab, rows, seed=seed, test_size=0.25)[1]} for seed in seeds]
    for (a, first), (b, second) in itertools.combinations(zip(seeds, judged, strict=True), 2):
        lab.expect("judged customers", first != second, f"seeds {a} and {b}").is_true("others for another seed")
    past, today = sides(lab, rows, seed=seeds[0], test_size=0.4)
    share = len(today) / max(1, len(past) + len(today))
    lab.expect("share of the rows that are judged", share, "test_size 0.4").close_to(0.4, within=0.07)


@check("customers-apart")
def nobody_is_on_both_sides(lab: Lab) -> None:
    """Whatever the seed, no customer is on both sides of the split, and every row is on one."""
    rows = exports(lab, customers=300)

    def problem(seed: int) -> str:
        past, today = sides(lab, rows, seed=seed)
        both = {customer for customer, _ in past} & {customer for customer, _ in today}
        if both:
            return f"seed {seed}: {len(both)} of 300 customers on both sides"
        if sorted([*past, *today]) != sorted(map(key, rows)):
            return f"seed {seed}: {len(past) + len(today)} rows come out of {len(rows)}, or others"
        return "" if today and past else f"seed {seed}: one side is empty"

    lab.each("seeds", lab.random.sample(range(1000), 3), problem, "every row on one side, every customer on one side")


def moves(lab: Lab, rows: Sequence[Row], columns: dict[str, Callable[[Row], str]]) -> dict[str, float]:
    """By how much a score of judged rows changes at most when only this column of theirs does."""
    past, today = rows[:300], rows[300:]
    variants = [[row | {column: change(row)} for row in today] for column, change in columns.items()]
    judged = [row for variant in [today, *variants] for row in variant]
    found = lab.call("scores", table(past), table(judged), {}, returns=list[float])
    lab.expect("number of scores", len(found), "one for each row").equals(len(judged))
    size = len(today)
    blocks = [found[n : n + size] for n in range(0, len(found), size)]
    return {
        name: max(abs(a - b) for a, b in zip(blocks[0], block, strict=True))
        for name, block in zip(columns, blocks[1:], strict=True)
    }


@check("no-leak")
def what_is_written_later_moves_nothing(lab: Lab) -> None:
    """`last_month_gb` moves no score, neither where it gives every leaver away nor where it is half noise."""

    def problem(noise: float) -> str:
        rows = exports(lab, customers=260, noise=noise)
        (gap,) = moves(lab, rows, {"last_month_gb": lambda row: "33.3" if row["last_month_gb"] == "0.0" else "0.0"}).values()
        told = "where it tells all" if noise == 0 else "where it is half noise"
        return f"{told}, it moves scores by up to {gap:.2f}" if gap > 1e-9 else ""

    lab.each("trainings", [0.0, 0.25], problem, "the same scores whatever stands in last_month_gb")


@check("config-rules")
def the_configuration_decides(lab: Lab) -> None:
    """Another `C` gives another model; other prices give the same one."""
    rows = exports(lab, customers=220)
    past, today = table(rows[:260]), table(rows[260:])
    wanted = {"C": 10.0}, {"C": 0.001}, {"C": 10.0, "prices": prices(lab)}
    free, held, dearer = (lab.call("scores", past, today, changes, returns=list[float]) for changes in wanted)
    gap = largest_gap(lab, free, held)
    lab.expect("scores", gap > 0.02, f"largest difference {gap:.2g}").is_true("others with C=0.001 than with C=10")
    gap = largest_gap(lab, free, dearer)
    lab.expect("difference that other prices make to a score", gap, "same C").close_to(0.0, within=1e-9)


def judged(lab: Lab, rows: Sequence[Row], scores: Sequence[float], at: dict[str, int]) -> tuple[list[list[int]], float]:
    """What `evaluate` makes of these scores."""
    answer = lab.call("judged", list(scores), table(rows), {"prices": at}, returns=dict[str, Any])
    confusion, cost = answer.get("confusion"), answer.get("cost")
    whole = isinstance(confusion, list) and [type(n) for row in confusion if isinstance(row, list) for n in row] == [int] * 4
    lab.expect("confusion", whole and len(confusion or []) == 2, f"{confusion!r}"[:80]).is_true("two rows of two whole numbers")
    lab.expect("cost is a number", is_number(cost), f"{cost!r}"[:80]).is_true("euros per customer")
    return confusion or [], float(cost or 0)


def chosen_scores(lab: Lab, rows: Sequence[Row], threshold: float) -> list[float]:
    """Scores on both sides of the threshold and of a half, better than chance, none too near to either."""
    drawn = []
    for row in rows:
        score = min(0.99, max(0.01, lab.random.gauss(0.55 if row["churn"] == "Yes" else 0.35, 0.25)))
        drawn.append(score + 0.01 if min(abs(score - threshold), abs(score - 0.5)) < 0.004 else score)
    return drawn


@check("verdicts")
def the_threshold_follows_from_the_prices(lab: Lab) -> None:
    """`confusion` counts the verdicts of whatever model it gets, at the threshold that the prices give."""
    for _ in range(2):
        rows, at = exports(lab, customers=150), prices(lab)
        threshold = at["wasted"] / (at["wasted"] + at["missed"])
        scores = chosen_scores(lab, rows, threshold)
        wanted = [[0, 0], [0, 0]]
        for row, score in zip(rows, scores, strict=True):
            wanted[row["churn"] == "Yes"][score > threshold] += 1
        found, _ = judged(lab, rows, scores, at)
        where = f"missed {at['missed']} €, wasted {at['wasted']} €"
        lab.expect("confusion", found, where).equals(wanted, why=f"scores that we chose, above {threshold:.3f}")


@check("cost")
def the_cost_is_that_of_its_own_confusion(lab: Lab) -> None:
    """`cost` is what the mistakes in its own confusion matrix cost, per customer, at the prices of the configuration."""
    for _ in range(2):
        rows, at = exports(lab, customers=150), prices(lab)
        confusion, cost = judged(lab, rows, [lab.random.random() for _ in rows], at)
        counted = sum(map(sum, confusion))
        lab.expect("customers in the confusion", counted, "evaluate of scores that we chose").equals(len(rows))
        wanted = (at["missed"] * confusion[1][0] + at["wasted"] * confusion[0][1]) / len(rows)
        where = f"confusion {confusion}, missed {at['missed']} €, wasted {at['wasted']} €"
        lab.expect("cost per customer", cost, where).close_to(wanted, within=1e-6, why="recomputed from its own confusion")


# The repository, as the examiner reads it.


def repository(lab: Lab) -> dict[str, Any]:
    """What the examiner found. Raises NotRun while nothing of the learner's is committed."""
    if "repository" not in lab.run.answers:
        lab.run.answers["repository"] = lab.examine("report", SECRETS, [*KEPT_OUT, *LET_IN])
    found: dict[str, Any] = lab.run.answers["repository"]
    if found["problem"]:
        raise NotRun(found["problem"], "the folder's git repository")
    if not found["commits"][-1]["there"]:
        raise NotRun("the last commit has none of the four functions yet", "your work, committed")
    return found


@check("history")
def commits_tell_the_story(lab: Lab) -> None:
    """Three commits or more change what the code does, none brings it all at once, and each says what it is for."""
    found = repository(lab)
    commits: list[dict[str, Any]] = found["commits"]
    steps = [commit for commit in commits if commit["changed"]]
    if len(steps) < 3:
        idle = {c["id"]: "" if c["changed"] else " (changes nothing that runs)" for c in commits}
        shown = "; ".join(f"{c['id']} {first_line(c)!r}{idle[c['id']]}" for c in commits[-4:])
        lab.fail("three commits or more that change what the code or the configuration does", f"{len(steps)}: {shown}")
    heavy = [f"{c['id']} brings {', '.join(c['written'])}" for c in commits if len(c["written"]) > 2]
    lab.expect("commits that bring more than two of the functions", heavy).equals([])
    demands: dict[str, list[str]] = {
        "messages": [problem for c, twin in with_twins(commits) if (problem := message_problem(c, twin))],
        "every commit can be parsed": [f"{c['id']}: {broken}" for c in commits for broken in c["broken"]],
        "the last commit holds what is handed in": [f"{path} is not as in the last commit" for path in found["uncommitted"]],
    }
    expected = "messages that say something, Python that can be parsed, nothing left uncommitted"
    lab.each("demands", list(demands), lambda name: "; ".join(demands[name][:3]), expected)


def first_line(commit: dict[str, Any]) -> str:
    """The subject of a commit."""
    message: str = commit["message"]
    return (message.splitlines() or [""])[0]


def with_twins(commits: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], bool]]:
    """Each commit, and whether an earlier one has the same subject."""
    seen: set[str] = set()
    marked = []
    for commit in commits:
        marked.append((commit, first_line(commit).lower() in seen))
        seen.add(first_line(commit).lower())
    return marked


def message_problem(commit: dict[str, Any], twin: bool) -> str:
    """What is wrong with a commit's subject; empty when nothing is."""
    subject = first_line(commit)
    words = [word for word in re.findall(r"[^\W\d_]{2,}", subject) if word.lower() not in EMPTY_WORDS]
    if twin:
        return f"{commit['id']} has the same message as an earlier one: {subject[:60]!r}"
    if len(words) < 3 or len(subject) > 72:
        return f"{commit['id']} says {subject[:60]!r}, {len(subject)} characters"
    return ""


@check("ignored")
def data_and_models_stay_out(lab: Lab) -> None:
    """`.gitignore` keeps data, models and `.env` out and lets code in, and no commit holds rows or a model."""
    found = repository(lab)
    inside = [f"{path} ({size:,} bytes)" for path, size in found["files"] if size > LARGE or ROWS_OR_MODEL.match(path)]
    lab.expect("rows, models and large files in the history", inside[:5]).equals([])
    through = [path for path in KEPT_OUT if not found["ignored"][path]]
    lab.expect("paths that .gitignore should keep out and doesn't", through, ".gitignore of the last commit").equals([])
    lost = [path for path in LET_IN if found["ignored"][path]]
    lab.expect("code that .gitignore keeps out", lost, ".gitignore of the last commit").equals([])


@check("no-secret")
def no_commit_holds_a_secret(lab: Lab) -> None:
    """No commit of any branch holds the warehouse's key or another secret, in no file and no message."""
    leaks = [f"{commit}: {where}" for commit, where in repository(lab)["leaks"]]
    lab.expect("commits with a secret", leaks).equals([], why="a later commit doesn't take it back")


@check("strict-config")
def a_typo_stops_the_training(lab: Lab) -> None:
    """`check_config` lets your own configuration pass, and raises ValueError for an unknown and for a missing key."""
    own = lab.call("configured", {}, returns=dict[str, Any])
    lab.call("checked", own)
    name = lab.random.choice(["seed", "test_size", "C", "prices"])
    lab.refuses("checked", {**own, f"{name}s": own.get(name)}, error="ValueError")
    lab.refuses("checked", {key: value for key, value in own.items() if key != name}, error="ValueError")


@check("declared-columns")
def only_what_is_declared(lab: Lab) -> None:
    """No column moves a score that is written later, that names the customer, or that nobody has declared."""
    new = lab.random.choice(["satisfaction", "agent_rating", "loyalty_points"])
    rows = [row | {new: "1" if row["churn"] == "Yes" else "9"} for row in exports(lab, customers=260)]
    changes: dict[str, Callable[[Row], str]] = {
        "refund_eur": lambda row: "40.00" if row["refund_eur"] == "0.00" else "0.00",
        "customer_id": lambda row: str(9_000_000 - int(row["customer_id"])),
        "export": lambda row: row["export"].replace("2026", "2031"),
        new: lambda row: "9" if row[new] == "1" else "1",
    }
    wrong = [f"{name} (by up to {gap:.2f})" for name, gap in moves(lab, rows, changes).items() if gap > 1e-9]
    lab.expect("columns that move scores", wrong).equals([], why=f"{new} is new in this export")
