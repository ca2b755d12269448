"""What goes to and comes from other programs: reports of results, tables of grades, nbgrader's courses, webhooks."""
