import pytest

from churnlib import band, clean, score

ROW = {"tenure": "10", "contract": "One year", "monthly_charges": "70.5", "total_charges": "705.0"}


def test_numbers_become_numbers():
    ### BEGIN SOLUTION
    assert clean(ROW) == {"tenure": 10, "monthly_charges": 70.5, "total_charges": 705.0, "contract": "One year"}


def test_a_new_customer_owes_nothing():
    assert clean({**ROW, "total_charges": " "})["total_charges"] == 0.0


def test_blanks_around_a_contract_are_dropped():
    assert clean({**ROW, "contract": " One year "})["contract"] == "One year"


@pytest.mark.parametrize("wrong", [{"tenure": "-1"}, {"contract": "Weekly"}])
def test_a_row_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="negative|unknown"):
        clean({**ROW, **wrong})


def test_tenure_0_is_a_customer():
    assert clean({**ROW, "tenure": "0"})["tenure"] == 0


def test_score_of_a_customer_worked_out_by_hand():
    # -1.6048 - 0.0361 * 10 + 0.0287 * 70.5 - 1.0442 = -0.98665, and 1 / (1 + e^0.98665)
    assert score(ROW) == pytest.approx(0.271574, abs=1e-6)


def test_a_dearer_contract_leaves_more_often():
    assert score({**ROW, "monthly_charges": "100"}) > score(ROW)


def test_more_than_72_months_count_as_72():
    longest = score({**ROW, "tenure": "72"})
    assert score({**ROW, "tenure": "73"}) == longest < score({**ROW, "tenure": "71"})


@pytest.mark.parametrize(
    ("probability", "wanted"),
    [(0, "leave"), (0.29, "leave"), (0.3, "mail"), (0.59, "mail"), (0.6, "call"), (1, "call")],
)
def test_bands_at_their_edges(probability, wanted):
    assert band(probability) == wanted


@pytest.mark.parametrize("impossible", [-0.01, 1.01])
def test_what_is_no_probability_is_refused(impossible):
    with pytest.raises(ValueError, match="no probability"):
        band(impossible)
    ### END SOLUTION
