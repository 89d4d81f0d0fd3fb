from dataclasses import fields
from typing import Any, get_args

import pytest

from recast.merging.look import COLOR_MATCHES, ColorMatchName, Look, between

ONE = Look(grow=-0.1, tone=0.2, feather=0.0, sharpen=-50)
OTHER = Look("seamless", color_match="rct", grow=0.1, feather=0.2, sharpen=50)


def test_every_match_has_a_name() -> None:
    assert tuple(COLOR_MATCHES) == get_args(ColorMatchName)


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_between_two_looks_numbers_move_evenly(share: float) -> None:
    mixed = between(ONE, OTHER, share)
    for name in ("grow", "feather", "sharpen", "border", "hist_threshold"):
        before, after = getattr(ONE, name), getattr(OTHER, name)
        assert getattr(mixed, name) == pytest.approx(before * (1 - share) + after * share)
    assert mixed.mode == "seamless" and mixed.color_match == "rct"
    assert mixed.masked_hist_match is True


def test_a_tone_that_was_not_given_moves_too() -> None:
    assert between(ONE, OTHER, 0.5).share == pytest.approx((0.2 + 1.0) / 2)
    assert between(Look(), OTHER, 0.5).share == pytest.approx((0.2 + 1.0) / 2)


def test_at_the_end_it_is_the_other_look() -> None:
    done: dict[str, Any] = vars(between(ONE, OTHER, 1.0))
    for field in fields(Look):
        if field.name != "tone":
            assert done[field.name] == getattr(OTHER, field.name)
