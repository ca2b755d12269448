"""Three checks; `hidden_tests/` asks the same in the form that nbgrader and otter know."""

from __future__ import annotations

import math

from sklearn.metrics import roc_auc_score

from grader.checks import Lab, check

GRID = [2, 5, 0, 9, 14]


@check("honest-metric")
def the_metric_is_the_models_own(lab: Lab) -> None:
    """The AUC of `train` is about the one that its model gives on customers that nobody has shown it."""
    unseen = lab.unseen("telco-churn", rows=1_000, label="churn")
    scores = lab.call("scores", unseen.table, returns=list[float])
    if len(scores) != len(unseen.labels) or not all(map(math.isfinite, scores)):
        lab.fail("a probability for each row", f"{len(scores)} scores for {len(unseen.labels)} rows")
    on_unseen = float(roc_auc_score([label == "Yes" for label in unseen.labels], scores))
    lab.expect("auc", lab.value("auc", float)).close_to(on_unseen, within=0.1, why="on unseen customers")


@check("every-depth")
def every_depth_has_its_result(lab: Lab) -> None:
    """`results` has each depth of the grid once, in order: an AUC for those that can work, None for the other."""
    results = lab.value("results", list[list[int | float | None]])
    lab.expect("depths", [depth for depth, _ in results]).equals(GRID)
    good = all((auc is None) if depth == 0 else (auc is not None and 0.5 < auc < 1) for depth, auc in results)
    lab.expect("results", good, str(results)).is_true("an AUC for each depth above 0, None for 0")


@check("best-of-sweep")
def the_best_is_chosen_rightly(lab: Lab) -> None:
    """`best_depth` chooses the highest AUC, whatever else is in the list."""
    draw = lab.random.uniform
    top = round(draw(0.8, 0.85), 4)
    plain = [[3, top - 0.05], [7, top], [11, top - 0.1]]
    for results in (plain, [[0, None], *plain], [*plain, [13, top]]):
        lab.expect(f"best_depth({results})", lab.call("best_depth", results, returns=int)).equals(7)
