"""Kills processes at random while submissions flow, then proves that nothing acknowledged was lost, nor graded twice."""
