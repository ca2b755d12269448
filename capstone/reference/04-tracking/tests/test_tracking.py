import hashlib

from churn_predictor.tracking import fingerprint


def test_the_fingerprint_is_that_of_the_bytes(tmp_path):
    file = tmp_path / "customers.csv"
    file.write_bytes(b"customer_id\n7\n")
    assert fingerprint(file) == hashlib.sha256(b"customer_id\n7\n").hexdigest()
