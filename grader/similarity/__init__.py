"""How alike submissions are: fragments that two of them share and the course did not give them (decision 18).

It knows sources and numbers, no people and no marks: what is alike is for a person to look at.
"""
