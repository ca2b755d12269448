"""What a batch of customers must look like before anything learns from it."""

import pandas as pd

YES_NO, ADD_ON = ["Yes", "No"], ["Yes", "No", "No internet service"]
CONTRACT = {
    "customer_id": {"range": [1, 1_000_000], "whole": True, "unique": True},
    "churn": {"values": YES_NO},
    **dict.fromkeys(["female", "senior_citizen", "partner", "dependents"], {"values": [0, 1]}),
    "tenure": {"range": [0, 120], "whole": True},
    "phone_service": {"values": [0, 1]},
    "multiple_lines": {"values": ["Yes", "No", "No phone service"]},
    "internet_service": {"values": ["DSL", "Fiber optic", "No"]},
    **dict.fromkeys(["online_security", "online_backup", "device_protection"], {"values": ADD_ON}),
    **dict.fromkeys(["tech_support", "streaming_tv", "streaming_movies"], {"values": ADD_ON}),
    "contract": {"values": ["Month-to-month", "One year", "Two year"]},
    "paperless_billing": {"values": [0, 1]},
    "payment_method": {"values": ["Electronic check", "Mailed check", "Bank transfer (automatic)", "Credit card (automatic)"]},
    "monthly_charges": {"range": [10, 200]},
    "total_charges": {"range": [0, 20_000], "blank_where_tenure_is_0": True},
}


def validate(batch):
    """What breaks the contract, by column; {} when nothing does."""
    found = {name: "is missing" for name in CONTRACT if name not in batch}
    found |= {name: "is not in the contract" for name in batch if name not in CONTRACT}
    for name in (name for name in CONTRACT if name in batch):
        wrong = batch.loc[faulty(batch, name), name]
        if len(wrong):
            found[name] = f"{len(wrong)} rows, such as {wrong.iloc[0]!r}"
    return found


def faulty(batch, name):
    """For each row whether its value in this column breaks the rule."""
    rule, column = CONTRACT[name], batch[name]
    if "values" in rule:
        return ~column.isin(rule["values"])
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = ~numbers.between(*rule["range"])
    if rule.get("whole"):
        wrong |= numbers % 1 != 0
    if rule.get("unique"):
        wrong |= numbers.duplicated(keep=False)
    if rule.get("blank_where_tenure_is_0") and "tenure" in batch:
        wrong &= ~(column.isna() & (pd.to_numeric(batch["tenure"], errors="coerce") == 0))
    return wrong
