"""Kills everything that a class's service is made of, at random, while submissions flow over HTTP; then proves that nothing
acknowledged was lost, graded twice, or charged for our faults."""
