"""A learner's side: the folder to work in, the record of progress, the bundle that holds no secret."""
