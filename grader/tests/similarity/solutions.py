"""Solutions of one made-up lab: a right one, a copy of it in disguise, and another right one that somebody else wrote."""

from __future__ import annotations

GIVEN = """\
def shown(table):
    \"\"\"The first rows, for a look at what came out, and how many there are in all.\"\"\"
    rows = [dict(zip(table.columns, row)) for row in table.itertuples(index=False)]
    return {"first": rows[:5], "count": len(rows), "columns": sorted(str(name) for name in table.columns)}
"""
FIRST = {
    "clean": '''\
def clean(customers):
    """Customers without holes."""
    cleaned = customers.drop_duplicates(subset="customer_id", keep="last").copy()
    newcomers = cleaned["total_charges"].isna() & (cleaned["tenure"] == 0)
    cleaned.loc[newcomers, "total_charges"] = 0.0
    # whoever is blank for another reason is a fault upstream
    suspicious = cleaned["total_charges"].isna().sum()
    if suspicious > 0:
        raise ValueError(f"{suspicious} customers were billed and have no total")
    return cleaned.sort_values("customer_id").reset_index(drop=True)
''',
    "features": """\
def features(cleaned, bins=4):
    columns = ["tenure", "monthly_charges", "total_charges"]
    out = cleaned[columns].astype(float)
    out["per_month"] = out["total_charges"] / out["tenure"].clip(lower=1)
    edges = np.quantile(out["tenure"], np.linspace(0, 1, bins + 1))
    out["age_group"] = np.searchsorted(edges[1:-1], out["tenure"], side="right")
    for name in ("contract", "payment"):
        dummies = pd.get_dummies(cleaned[name], prefix=name, dtype=int)
        out = out.join(dummies)
    return out
""",
    "train": """\
def train(table, target, depth=3):
    fit, test = train_test_split(table.index, test_size=0.25, random_state=7, stratify=target)
    with mlflow.start_run(run_name=f"depth-{depth}") as run:
        model = DecisionTreeClassifier(max_depth=depth, random_state=7)
        model.fit(table.loc[fit], target.loc[fit])
        scores = model.predict_proba(table.loc[test])[:, 1]
        auc = roc_auc_score(target.loc[test], scores)
        mlflow.log_param("depth", depth)
        mlflow.log_metric("auc", auc)
    return model, auc, run.info.run_id
""",
}
COPIED = {
    "train": """\
def train(x, y, levels=5):
    # split the rows
    a, b = train_test_split(x.index, test_size=0.3, random_state=42, stratify=y)
    with mlflow.start_run(run_name=f"my run {levels}") as r:
        tree = DecisionTreeClassifier(max_depth=levels, random_state=42)
        tree.fit(x.loc[a], y.loc[a])

        p = tree.predict_proba(x.loc[b])[:, 1]
        value = roc_auc_score(y.loc[b], p)
        mlflow.log_param("levels", levels)
        mlflow.log_metric("score", value)
    return tree, value, r.info.run_id
""",
    "features": '''\
def features(data, groups=6):
    """My very own features."""
    wanted = ["tenure", "monthly_charges", "total_charges"]
    result = data[wanted].astype(float)
    result["ratio"] = result["total_charges"] / result["tenure"].clip(lower=1)
    borders = np.quantile(result["tenure"], np.linspace(0, 1, groups + 1))
    result["bucket"] = np.searchsorted(borders[1:-1], result["tenure"], side="right")
    for column in ("contract", "payment"):
        encoded = pd.get_dummies(data[column], prefix=column, dtype=int)
        result = result.join(encoded)
    return result
''',
    "clean": """\
def clean(df):
    x = df.drop_duplicates(subset="customer_id", keep="last").copy()
    mask = x["total_charges"].isna() & (x["tenure"] == 0)
    x.loc[mask, "total_charges"] = 0.0
    bad = x["total_charges"].isna().sum()
    if bad > 0:
        raise ValueError(f"there are {bad} bad rows")
    return x.sort_values("customer_id").reset_index(drop=True)
""",
}
"""Other names, numbers, texts and comments, and the cells in another order."""
OWN = {
    "clean": '''\
def clean(customers):
    """Newest row per customer; new joiners owe nothing."""
    newest = customers.groupby("customer_id", as_index=False).tail(1)
    is_new = newest.tenure.eq(0)
    charges = newest.total_charges.where(~(is_new & newest.total_charges.isnull()), 0.0)
    result = newest.assign(total_charges=charges)
    assert result.total_charges.notnull().all(), "a billed customer has no total"
    result = result.set_index("customer_id").sort_index()
    return result.reset_index()
''',
    "features": """\
def one_hot(series):
    return {f"{series.name}={value}": (series == value).astype(int) for value in sorted(series.unique())}


def features(cleaned):
    numbers = cleaned.filter(items=["tenure", "monthly_charges", "total_charges"])
    months = numbers.tenure.replace(0, 1)
    extra = {"per_month": numbers.total_charges.div(months), "group": pd.qcut(numbers.tenure, q=4, labels=False)}
    extra.update(one_hot(cleaned.contract))
    extra.update(one_hot(cleaned.payment))
    return numbers.assign(**extra)
""",
    "train": """\
def train(table, target, depth=3):
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=0.25, random_state=7)
    rows, held_back = next(splitter.split(table, target))
    tree = make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=depth))
    mlflow.start_run()
    try:
        tree.fit(table.iloc[rows], target.iloc[rows])
        auc = roc_auc_score(target.iloc[held_back], tree.predict_proba(table.iloc[held_back]).T[1])
        mlflow.log_params({"depth": depth, "rows": len(rows)})
        mlflow.log_metrics({"auc": auc})
        return tree, auc, mlflow.active_run().info.run_id
    finally:
        mlflow.end_run()
""",
}
