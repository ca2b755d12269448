"""What the model's verdicts cost."""

from sklearn.metrics import confusion_matrix


def evaluate(model, rows, config):
    """A dict with `confusion` and `cost`, for calls to everybody whose score is above the threshold of the prices.

    `confusion` is `[[stayed and not called, stayed and called], [left and not called, left and called]]`, whole numbers.
    `cost` is euros per customer: `config["prices"]["missed"]` for each leaver who isn't called,
    `config["prices"]["wasted"]` for each call to somebody who stays.
    """
    ### BEGIN SOLUTION
    missed, wasted = config["prices"]["missed"], config["prices"]["wasted"]
    called = model.predict_proba(rows)[:, 1] > wasted / (wasted + missed)
    confusion = confusion_matrix(rows["churn"] == "Yes", called, labels=[False, True])
    (_, false_alarms), (misses, _) = confusion
    return {"confusion": confusion.tolist(), "cost": float(missed * misses + wasted * false_alarms) / len(rows)}
    ### END SOLUTION
