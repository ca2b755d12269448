import csv
import io
from typing import Any

from typing_extensions import TypedDict

from grader.checks import Lab, check
from grader.checks.shapes import Pair
from grader.course.data import csv_text
from grader.run.questions import Csv

Row = dict[str, str]
Key = tuple[int, int]


class Judged(TypedDict):
    """The rows that a process judged, and their scores."""

    today: list[Any]
    scores: list[float]


def customers(lab: Lab, count: int) -> list[Row]:
    """Customers that no learner's file holds; six of ten have a second row, a month and a bill later."""
    drawn = lab.unseen("telco-churn", rows=count, label="churn")
    known = csv.DictReader(io.StringIO(drawn.table.text))
    first = [row | {"churn": left} for row, left in zip(known, drawn.labels, strict=True)]
    second = [row | {"tenure": str(int(row["tenure"]) + 1)} for row in lab.random.sample(first, count * 6 // 10)]
    rows = [*first, *second]
    lab.random.shuffle(rows)
    return rows


def table(rows: list[Row]) -> Csv:
    """The rows as the DataFrame that a function gets."""
    return Csv(csv_text(rows))


def keys(rows: list[Row]) -> list[Key]:
    """Which rows these are."""
    return sorted((int(row["customer_id"]), int(row["tenure"])) for row in rows)


def sides(lab: Lab, rows: list[Row], **changes: Any) -> tuple[list[Key], list[Key]]:
    """The keys on both sides of the split: to learn from, to be judged on."""
    answer = lab.call("sides", table(rows), changes, returns=dict[str, list[Pair]])
    return answer.get("past", []), answer.get("today", [])


def moved(first: list[float], second: list[float]) -> float:
    """The largest difference of two lists of scores; infinite when they are not of one length."""
    if len(first) != len(second):
        return float("inf")
    return max((abs(a - b) for a, b in zip(first, second, strict=True)), default=0.0)


@check("one-side")
def everybody_is_on_one_side(lab: Lab) -> None:
    """`load` gives all rows of the file that the configuration names, newcomers included; `split` puts every row on one side
    and no customer on both, a share `test_size` of them to be judged on."""
    rows = customers(lab, 240)
    for newcomer in lab.random.sample(rows, 5):
        newcomer.update(total_charges="")
    path = f"inbox/{lab.random.randrange(10**6)}.csv"
    found = lab.call("loaded", table(rows), path, returns=list[dict[str, Any]])
    lab.expect("rows", len(found), f"load of {path}, where 5 have no bill yet").equals(len(rows))

    def problem(seed: int) -> str:
        past, today = sides(lab, rows, seed=seed, test_size=0.3)
        both = {customer for customer, _ in past} & {customer for customer, _ in today}
        if both:
            return f"seed {seed}: {len(both)} of 240 customers on both sides"
        if sorted([*past, *today]) != keys(rows):
            return f"seed {seed}: {len(past) + len(today)} rows come out of {len(rows)}, or others"
        share = len(today) / len(rows)
        return "" if abs(share - 0.3) <= 0.07 else f"seed {seed}: {share:.2f} of the rows are judged, test_size is 0.3"

    lab.each("seeds", lab.random.sample(range(1000), 3), problem, "every row on one side, every customer on one side")


@check("same-seed")
def the_seed_says_who_is_judged(lab: Lab) -> None:
    """Two fresh processes with the same seed judge the same customers and give them the same scores; another seed judges
    others."""
    rows = customers(lab, 240)
    one, other = lab.random.sample(range(100, 1000), 2)
    processes = lab.call("twice", table(rows), {"seed": one}, returns=list[Judged])
    lab.expect("processes that answered", len(processes)).equals(2)
    first, second = processes
    lab.expect("judged customers, twice", first["today"] == second["today"], f"seed {one}").is_true(
        "the same in both processes"
    )
    lab.expect("largest difference of a score", moved(first["scores"], second["scores"]), f"seed {one}").close_to(
        0.0, within=1e-9
    )
    same = sides(lab, rows, seed=one)[1] == sides(lab, rows, seed=other)[1]
    lab.expect("judged customers, both seeds", not same, f"seeds {one} and {other}").is_true("others for another seed")


@check("declared-columns")
def only_what_is_declared_moves_a_score(lab: Lab) -> None:
    """No column moves a score that names the customer, that is written after they left, or that nobody has declared."""
    new = lab.random.choice(["satisfaction", "agent_rating", "loyalty_points"])
    rows = customers(lab, 260)
    for row in rows:
        gone = row["churn"] == "Yes"
        row.update({"last_month_gb": "0.0" if gone else f"{lab.random.uniform(5, 60):.1f}", new: "1" if gone else "9"})
    past, today = rows[:280], rows[280:]
    changed = {
        "customer_id": [row | {"customer_id": str(9_000_000 - int(row["customer_id"]))} for row in today],
        "last_month_gb": [row | {"last_month_gb": "33.3" if row["last_month_gb"] == "0.0" else "0.0"} for row in today],
        new: [row | {new: "9" if row[new] == "1" else "1"} for row in today],
        "churn": [row | {"churn": "No" if row["churn"] == "Yes" else "Yes"} for row in today],
    }
    judged = [row for variant in (today, *changed.values()) for row in variant]
    found = lab.call("scores_after", table(past), table(judged), {}, returns=list[float])
    lab.expect("number of scores", len(found), "one for each row").equals(len(judged))
    lab.expect("distinct scores", len(set(found[: len(today)])) > 10, f"of {len(today)} customers").is_true(
        "a model, no constant"
    )
    blocks = [found[n : n + len(today)] for n in range(0, len(found), len(today))]
    gaps = {name: moved(blocks[0], block) for name, block in zip(changed, blocks[1:], strict=True)}

    def problem(name: str) -> str:
        return f"{name} moves scores by up to {gaps[name]:.2f}" if gaps[name] > 1e-9 else ""

    lab.each("columns", list(changed), problem, "the same scores whatever stands in them")


@check("params-rule")
def the_configuration_decides(lab: Lab) -> None:
    """Another `C` gives another model; other prices give the same one."""
    rows = customers(lab, 220)
    past, today = table(rows[:240]), table(rows[240:])
    prices = {"missed": lab.random.choice([40, 55, 90]), "wasted": lab.random.choice([10, 20, 60])}
    wanted = {"C": 10.0}, {"C": 0.001}, {"C": 10.0, "prices": prices}
    free, held, dearer = (lab.call("scores_after", past, today, changes, returns=list[float]) for changes in wanted)
    lab.expect("scores with C 10 and with C 0.001", moved(free, held) > 0.01, f"differ by {moved(free, held):.4f}").is_true(
        "others"
    )
    lab.expect("largest change of a score when prices change", moved(free, dearer), f"prices {prices}").close_to(
        0.0, within=1e-9
    )


@check("money")
def the_cost_is_that_of_its_own_confusion(lab: Lab) -> None:
    """`evaluate` judges at the threshold that the prices give, whatever model it gets, and costs the mistakes per customer."""

    def problem(prices: dict[str, int]) -> str:
        rows, threshold = customers(lab, 150), prices["wasted"] / (prices["wasted"] + prices["missed"])
        edges = threshold / 2, threshold - 0.01, threshold + 0.01, (threshold + 1) / 2
        scores = [lab.random.choice(edges) for _ in rows]
        wanted = [[0, 0], [0, 0]]
        for row, score in zip(rows, scores, strict=True):
            wanted[row["churn"] == "Yes"][score > threshold] += 1
        found = lab.call("judged", scores, table(rows), {"prices": prices}, returns=dict[str, Any])
        cost = (prices["missed"] * wanted[1][0] + prices["wasted"] * wanted[0][1]) / len(rows)
        if found.get("confusion") != wanted:
            return f"prices {prices}: confusion {found.get('confusion')}, the threshold {threshold:.3f} gives {wanted}"
        told = found.get("cost")
        right = isinstance(told, float) and abs(told - cost) <= 1e-6
        return "" if right else f"prices {prices}: cost {told}, its own confusion costs {cost:.4f}"

    drawn = [{"missed": missed, "wasted": lab.random.choice([10, 20, 45])} for missed in lab.random.sample([40, 55, 90], 2)]
    lab.each("prices", drawn, problem, "the confusion at the prices' threshold, and what it costs")
