import pandas as pd
import pytest
from churn_predictor import validate

CUSTOMER = {
    "customer_id": 7,
    "churn": "No",
    "female": 1,
    "senior_citizen": 0,
    "partner": 0,
    "dependents": 0,
    "tenure": 12,
    "phone_service": 1,
    "multiple_lines": "No",
    "internet_service": "DSL",
    "online_security": "No",
    "online_backup": "Yes",
    "device_protection": "No",
    "tech_support": "No",
    "streaming_tv": "No",
    "streaming_movies": "No",
    "contract": "One year",
    "paperless_billing": 1,
    "payment_method": "Mailed check",
    "monthly_charges": 50.0,
    "total_charges": 600.0,
}


def batch(**changes):
    return pd.DataFrame([{**CUSTOMER, **changes}])


def test_a_clean_batch_passes():
    assert validate(batch()) == {}


def test_a_newcomer_has_no_bill_yet():
    assert validate(batch(tenure=0, total_charges=None)) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"contract": "Two-year"},
        {"tenure": -1},
        {"tenure": 12.5},
        {"monthly_charges": 5000},
        {"total_charges": None},
        {"churn": None},
    ],
)
def test_a_fault_is_found_on_its_own_column(wrong):
    assert list(validate(batch(**wrong))) == list(wrong)


def test_columns_that_are_missing_or_unknown_are_named():
    assert set(validate(batch(loyalty=1).drop(columns="contract"))) == {"loyalty", "contract"}


def test_two_rows_of_one_customer_are_both_wrong():
    assert validate(pd.concat([batch(), batch()]))["customer_id"].startswith("2 rows")
