"""What the model's verdicts cost."""

from sklearn.metrics import confusion_matrix


def evaluate(model, rows, config):
    """The confusion (rows: stayed, left; columns: not called, called) and the cost in euros per customer.

    Called is whose score is above the threshold at which a wasted call costs as much as a missed leaver.
    """
    missed, wasted = config["prices"]["missed"], config["prices"]["wasted"]
    called = model.predict_proba(rows)[:, 1] > wasted / (wasted + missed)
    confusion = confusion_matrix(rows["churn"] == "Yes", called, labels=[False, True])
    (_, false_alarms), (misses, _) = confusion
    return {"confusion": confusion.tolist(), "cost": float(missed * misses + wasted * false_alarms) / len(rows)}
