"""What a configuration must look like."""


def check_config(config):
    """Raise ValueError, with the key in its message, for a key that nobody knows and for one that is missing."""
    ### BEGIN SOLUTION
    known = {"data", "seed", "test_size", "C", "prices", "features"}
    wrong = sorted(known ^ set(config))
    if wrong:
        raise ValueError(f"unknown or missing in the configuration: {', '.join(wrong)}")
    ### END SOLUTION
