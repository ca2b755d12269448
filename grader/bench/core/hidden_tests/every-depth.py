# mypy: ignore-errors
# ruff: noqa: D100, F821
assert [depth for depth, _ in results] == [2, 5, 0, 9, 14]
for depth, result in results:
    assert result is None if depth == 0 else 0.5 < result < 1
