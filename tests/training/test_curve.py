"""The picture of the losses shows every loss, and never fails on odd histories."""

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recast.training.curve import HEIGHT, WIDTH, loss_curve


def line(step: int, **losses: float) -> dict[str, Any]:
    return {"step": step, "seconds": 1.0, "losses": losses}


def test_an_empty_history_is_an_empty_picture() -> None:
    assert (loss_curve([]) == 255).all()


def test_each_loss_has_its_line() -> None:
    one = loss_curve([line(s, face=1 / s) for s in range(1, 50)])
    two = loss_curve([line(s, face=1 / s, mask=0.5 / s) for s in range(1, 50)])
    red = np.all(np.abs(two.astype(int) - (214, 39, 40)) < 30, axis=-1)
    assert one.shape == (HEIGHT, WIDTH, 3)
    assert red.sum() > 200
    assert not np.all(np.abs(one.astype(int) - (214, 39, 40)) < 30, axis=-1).any()


def test_a_falling_loss_falls_in_the_picture() -> None:
    picture = loss_curve([line(s, face=10.0 ** (-s / 40)) for s in range(1, 100)])
    blue = np.all(np.abs(picture.astype(int) - (31, 119, 180)) < 30, axis=-1)
    heights = [np.flatnonzero(blue[50:, x]).mean() for x in (150, 450, 800)]
    assert heights[0] < heights[1] < heights[2]


@pytest.mark.filterwarnings("error")
@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.floats(allow_nan=True), max_size=3), max_size=5
    )
)
@example(losses=[{"a": 1.7976931348622103e308}])
def test_any_history_can_be_drawn(losses: list[dict[str, float]]) -> None:
    loss_curve([line(step, **one) for step, one in enumerate(losses)])
