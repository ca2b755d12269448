"""The queue of gradings, in the gradebook's database: leases, tokens, turns, dead letters (decision 12)."""
