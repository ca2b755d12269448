"""The model: preparation and classifier in one object."""

from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def train(rows, config):
    """A fitted logistic regression that looks at the declared features only, whatever other columns the rows have."""
    features = config["features"]
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    texts = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer((numbers, features["numbers"]), (texts, features["texts"]))
    return make_pipeline(columns, LogisticRegression(C=config["C"], max_iter=1000)).fit(rows, rows["churn"] == "Yes")
