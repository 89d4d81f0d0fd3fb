"""The outline of a face as a mask."""

import numpy as np

from recast.merging.outline import outline_mask

SQUARE = np.array([[4, 4], [20, 4], [20, 20], [4, 20]], np.float32)


def test_an_outline_is_the_filled_hull() -> None:
    inner = np.array([[10, 10], [12, 15]], np.float32)
    mask = outline_mask(np.concatenate([inner, SQUARE]), 32)
    slow = np.array([[4 <= x <= 20 and 4 <= y <= 20 for x in range(32)] for y in range(32)])
    assert np.array_equal(mask > 0.5, slow)
    assert outline_mask(SQUARE + 100, 32).max() == 0
