"""Masks from what a face file knows."""

import base64

import cv2
import numpy as np
import pytest

from recast.geometry import Similarity
from recast.merging.outline import carried_mask, outline_mask, stored_mask

SQUARE = np.array([[4, 4], [20, 4], [20, 20], [4, 20]], np.float32)


def test_an_outline_is_the_filled_hull() -> None:
    inner = np.array([[10, 10], [12, 15]], np.float32)
    mask = outline_mask(np.concatenate([inner, SQUARE]), 32)
    slow = np.array([[4 <= x <= 20 and 4 <= y <= 20 for x in range(32)] for y in range(32)])
    assert np.array_equal(mask > 0.5, slow)
    assert outline_mask(SQUARE + 100, 32).max() == 0


def test_drawn_outlines_add_and_take_away_in_order() -> None:
    hole = np.array([[8, 8], [14, 8], [14, 14], [8, 14]], np.float32)
    mask = stored_mask("", [(True, SQUARE), (False, hole)], 32)
    assert mask[5, 5] == 1 and mask[11, 11] == 0 and mask[30, 30] == 0
    assert stored_mask("", [(False, hole)], 32)[0, 0] == 1
    assert stored_mask("", [], 32).max() == 0


def test_a_stored_picture_is_scaled_to_the_crop() -> None:
    half = np.zeros((16, 16), np.uint8)
    half[:, 8:] = 255
    png = base64.b64encode(cv2.imencode(".png", half)[1].tobytes()).decode()
    mask = stored_mask(png, [], 64)
    assert mask[:, :28].max() == 0 and mask[:, 36:].min() == 1
    assert stored_mask(base64.b64encode(b"no picture").decode(), [], 16).max() == 0


@pytest.mark.parametrize("zoom", [0.5, 2.0])
def test_a_mask_goes_to_another_crop(zoom: float) -> None:
    mask = outline_mask(SQUARE, 32)
    side = int(32 * zoom)
    shift = (zoom - 1) / 2
    onto = Similarity(np.array([[zoom, 0, shift], [0, zoom, shift]]))
    moved = carried_mask(mask, onto, side)
    assert moved.mean() == pytest.approx(mask.mean(), rel=0.1)
