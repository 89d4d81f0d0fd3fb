"""What poses src lacks: against a slow count of every cell."""

import numpy as np
import pytest

from recast.stages.coverage import ENOUGH, STEP, coverage


def test_a_pose_that_only_dst_has_is_lacking() -> None:
    found = coverage(([0.0] * 5, [0.0] * 5), ([1.0, 1.0, 1.0, 60.0], [1.0, 1.0, 1.0, 5.0]))
    (far,) = [cell for cell in found.cells if cell.lacking]
    assert (far.yaw, far.pitch, far.src, far.dst) == (65.0, 5.0, 0, 1)
    assert found.lacking == 0.25


def test_neighbours_serve_a_pose() -> None:
    found = coverage(([9.0] * ENOUGH, [0.0] * ENOUGH), ([11.0], [0.0]))
    assert found.lacking == 0.0
    found = coverage(([9.0] * (ENOUGH - 1), [0.0] * (ENOUGH - 1)), ([11.0], [0.0]))
    assert found.lacking == 1.0


@pytest.mark.parametrize("seed", range(3))
def test_cells_hold_every_face_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    src, dst = rng.normal(0, 40, (2, 200)), rng.normal(0, 40, (2, 150))
    found = coverage((src[0], src[1]), (dst[0], dst[1]))
    assert sum(c.src for c in found.cells) == 200 and sum(c.dst for c in found.cells) == 150
    for cell in found.cells:
        near = (np.abs(src[0] - cell.yaw) <= 1.5 * STEP) & (
            np.abs(src[1] - cell.pitch) <= 1.5 * STEP
        )
        assert cell.lacking == (cell.dst > 0 and near.sum() < ENOUGH)


def test_no_faces_lack_nothing() -> None:
    assert coverage(([], []), ([], [])).cells == ()
    assert coverage(([1.0], [1.0]), ([], [])).lacking == 0.0
