"""The capstone as a learner has it: a repository that grows from a template, and how far it has come."""
