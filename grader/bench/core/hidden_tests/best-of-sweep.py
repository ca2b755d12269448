# mypy: ignore-errors
# ruff: noqa: D100, F821
top = 0.8123
plain = [[3, top - 0.05], [7, top], [11, top - 0.1]]
for made_up in (plain, [[0, None], *plain], [*plain, [13, top]]):
    assert best_depth(made_up) == 7
