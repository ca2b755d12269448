"""Who somebody is: passwords, sign-ins, links, tokens; and what a role may do (decision 13)."""
