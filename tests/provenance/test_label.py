"""The label can be read, stands in its corner, and leaves every other pixel as it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recast.errors import OptionUnusable
from recast.provenance.label import LONGEST, NOTICES, Label, noticed


def frame(size: tuple[int, int], dtype: type = np.uint8, level: float = 0.5) -> np.ndarray:
    width, height = size
    return np.full((height, width, 3), int(np.iinfo(dtype).max * level), dtype)


@pytest.mark.parametrize("language", NOTICES)
def test_every_translation_can_be_drawn_and_differs(language: str) -> None:
    label = Label.of(language, (640, 360))
    assert label.ink.max() > 0.95 and 0.05 < (label.ink > 0.5).mean() < 0.5
    others = [Label.of(one, (640, 360)) for one in NOTICES if one != language]
    assert all(
        label.ink.shape != other.ink.shape or (label.ink != other.ink).any() for other in others
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_it_is_small_light_on_dark_at_the_lower_left(dtype: type) -> None:
    before = frame((1280, 720), dtype)
    after = Label.of("en", (1280, 720)).drawn(before)
    changed = (after != before).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert after.dtype == dtype and np.array_equal(after[~changed], before[~changed])
    assert rows[0] > 0.9 * 720 and rows[-1] < 719
    assert 0 < columns[0] < 40 and columns[-1] < 0.4 * 1280
    assert changed.mean() < 0.03
    limit = np.iinfo(dtype).max
    assert after.max() > 0.97 * limit and after[changed].min() < 0.25 * limit


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 400), st.integers(1, 300), st.sampled_from(["ru", "A satire by Театр 9"]))
def test_it_fits_into_a_frame_of_any_size(width: int, height: int, notice: str) -> None:
    before = frame((width, height))
    after = Label.of(notice, (width, height)).drawn(before)
    assert after.shape == before.shape
    assert Label.of(notice, (width, height)).covering(np.zeros((height, width), np.float32)).any()


def test_letters_have_their_holes_and_their_shape() -> None:
    """An o is a ring, an i has a dot, and both sides of an H are as heavy."""

    def ink(text: str) -> np.ndarray:
        drawn = Label.of(text, (4000, 2800)).ink > 0.5
        rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
        return drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]

    ooo = ink("OOO")
    first = ooo[:, : ooo.shape[1] // 3]
    assert not first[first.shape[0] // 2, first.shape[1] // 2]
    assert first[0].any() and first[-1].any() and first[:, 0].any()
    iii = ink("iii")
    stripe = iii[:, : iii.shape[1] // 5].any(axis=1)
    assert np.abs(np.diff(stripe.astype(int))).sum() == 2  # dot, gap, stem
    hhh = ink("HHH")
    assert np.array_equal(hhh, hhh[:, ::-1]) or (hhh != hhh[:, ::-1]).mean() < 0.02


def test_a_matte_shows_the_notice_and_keeps_the_face() -> None:
    matte = np.zeros((360, 640), np.float32)
    matte[100:200, 200:300] = 1
    shown = Label.of("en", (640, 360)).covering(matte)
    assert (shown >= matte).all() and shown[:300].sum() == matte.sum()
    assert shown[300:].max() > 0.9 and not matte[300:].any()


def test_a_language_or_ones_own_words() -> None:
    assert noticed("ru") == NOTICES["ru"] and noticed(" DE ") == NOTICES["de"]
    assert noticed("auto") == NOTICES["en"]
    assert noticed("  Театр,\n 2026 ") == "Театр, 2026"


@pytest.mark.parametrize(
    ("notice", "why"),
    [
        ("", "no label"),
        ("xx", "no label in 'xx'"),
        ("x" * (LONGEST + 1), f"{LONGEST + 1} letters"),
        ("顔の置換", "cannot draw"),
        ("two\u0007bells", "cannot draw"),
    ],
)
def test_what_cannot_be_read_is_refused(notice: str, why: str) -> None:
    with pytest.raises(OptionUnusable, match=why) as refused:
        Label.of(notice, (640, 360))
    assert refused.value.fix
