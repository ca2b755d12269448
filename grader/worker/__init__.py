"""The worker: takes jobs from the queue and grades them by the same `grade()` as every other door."""
