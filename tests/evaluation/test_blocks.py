import pytest

from pentad.evaluation.blocks import row_blocks


@pytest.mark.parametrize(
    ("rows", "cells_per_row", "expected"),
    [
        (5, 5, [(0, 2), (2, 4), (4, 5)]),
        (2, 99, [(0, 1), (1, 2)]),  # a row larger than a block is a block
        (3, 0, [(0, 3)]),
        (0, 5, []),
    ],
)
def test_blocks_cover_the_rows(
    rows: int, cells_per_row: int, expected: list[tuple[int, int]]
) -> None:
    assert [(b.start, b.stop) for b in row_blocks(rows, cells_per_row, cells=10)] == expected
