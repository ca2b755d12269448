import re

import churn_predictor


def test_the_version_has_three_numbers():
    assert re.fullmatch(r"\d+\.\d+\.\d+", churn_predictor.__version__)
