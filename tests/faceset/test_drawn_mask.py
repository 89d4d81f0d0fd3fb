"""Masks drawn by hand: where they are, how they add up, and that a face file holds them."""

import base64
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recast.errors import FaceFileUnreadable
from recast.faceset import FaceRecord, load_face, load_record, replace_record, save_face
from recast.faceset.containers import CONTAINERS
from recast.faceset.drawn_mask import (
    begins_full,
    carried_mask,
    carries_mask,
    flattened,
    mask_in,
    with_part,
    without_mask,
)
from recast.faceset.record import MOST_MASK, MOST_POINTS, MOST_POLYGONS
from recast.geometry import Points, Similarity

from .conftest import drawn_crop, record_of

SQUARE = np.array([[4, 4], [40, 4], [40, 40], [4, 40]], np.float32)
HOLE = np.array([[8, 8], [24, 8], [24, 24], [8, 24]], np.float32)


def test_parts_add_and_take_away_in_their_order() -> None:
    record = with_part(with_part(record_of(), SQUARE, adds=True), HOLE, adds=False)
    mask = carried_mask(record)
    assert mask[5, 5] == 1 and mask[16, 16] == 0 and mask[60, 60] == 0
    again = carried_mask(with_part(record, HOLE, adds=True))
    assert again[16, 16] == 1


def test_where_the_first_part_takes_away_the_whole_crop_is_there_before() -> None:
    record = with_part(record_of(), HOLE, adds=False)
    assert begins_full(record) and carried_mask(record)[0, 0] == 1
    assert carried_mask(record)[16, 16] == 0
    assert not begins_full(record_of()) and carried_mask(record_of()).max() == 0
    assert carries_mask(record) and not carries_mask(record_of())
    assert without_mask(record) == record_of()


@pytest.mark.parametrize("width", [1.0, 5.0, 20.5])
def test_a_stroke_covers_what_is_near_its_line(width: float) -> None:
    line = np.array([[10, 12], [40, 20], [30, 50]], np.float32)
    mask = carried_mask(with_part(record_of(), line, adds=True, width=width))
    y, x = np.mgrid[0:64, 0:64]
    pixels = np.stack([x, y], -1).astype(np.float32)
    away = np.min([_distance(pixels, *pair) for pair in pairwise(line)], 0)
    assert mask[away < width / 2 - 1].min(initial=1) > 0.9
    assert mask[away > width / 2 + 1.5].max() < 0.1


def _distance(pixels: Points, one: Points, other: Points) -> Points:
    along = other - one
    share = np.clip(((pixels - one) @ along) / (along @ along), 0, 1)
    return np.asarray(np.linalg.norm(pixels - one - share[..., None] * along, axis=-1))


def test_a_touch_of_the_brush_is_a_disc() -> None:
    mask = carried_mask(
        with_part(record_of(), np.array([[30, 30]], np.float32), adds=True, width=20)
    )
    assert mask.sum() == pytest.approx(np.pi * 100, rel=0.05)


def test_a_picture_beneath_is_scaled_to_the_crop() -> None:
    half = np.zeros((16, 16), np.uint8)
    half[:, 8:] = 255
    png = base64.b64encode(cv2.imencode(".png", half)[1].tobytes()).decode()
    record = record_of(segmentation=png)
    mask = carried_mask(record)
    assert mask[:, :28].max() == 0 and mask[:, 36:].min() == 1
    painted = carried_mask(with_part(record, HOLE, adds=True))
    assert painted[16, 16] == 1 and painted[60, 4] == 0 and painted[60, 60] == 1
    broken = base64.b64encode(b"no picture").decode()
    assert carried_mask(record_of(segmentation=broken)).max() == 0
    assert carried_mask(record_of(segmentation="A")).max() == 0


@pytest.mark.parametrize("zoom", [0.5, 2.0])
def test_a_mask_goes_to_another_crop_of_its_frame(zoom: float) -> None:
    record = with_part(record_of(), SQUARE, adds=True)
    shift = (zoom - 1) / 2
    placed = record.placed.then(Similarity(np.array([[zoom, 0, shift], [0, zoom, shift]])))
    moved = mask_in(record, placed, int(64 * zoom))
    assert moved.mean() == pytest.approx(carried_mask(record).mean(), rel=0.1)


def test_a_face_file_says_the_version_that_its_mask_needs(tmp_path: Path) -> None:
    path = tmp_path / "f.jpg"
    for width, version in ((None, 1), (4.0, 2)):
        save_face(path, drawn_crop(), with_part(record_of(), SQUARE, adds=True, width=width))
        assert load_record(path).version == version
    text = load_record(path).model_dump_json().replace('"version":2', '"version":1')
    with pytest.raises(ValueError, match="stroke in a record of version 1"):
        FaceRecord.model_validate_json(text)
    with pytest.raises(ValueError, match="fewer than 3"):
        FaceRecord.model_validate(
            record_of().model_dump() | {"polygons": [{"adds": True, "points": [[1, 2]]}]}
        )


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_record_is_replaced_and_the_picture_stays_bit_by_bit(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"f{suffix}"
    save_face(path, drawn_crop(), record_of(mesh=True))
    container, before = CONTAINERS[suffix], path.read_bytes()
    painted = with_part(record_of(mesh=True), SQUARE, adds=True, width=3.0)
    replace_record(path, painted)
    assert load_face(path)[1] == painted
    assert container.strip(path.read_bytes()) == container.strip(before)
    replace_record(path, without_mask(painted))
    assert path.read_bytes() == before
    with pytest.raises(FaceFileUnreadable, match="its record says 128"):
        replace_record(path, record_of(size=128))
    assert path.read_bytes() == before


def test_more_parts_than_a_file_holds_become_a_picture(tmp_path: Path) -> None:
    record = record_of(size=256, mesh=True)
    rng = np.random.default_rng(0)
    wanted = carried_mask(record)
    for number in range(3 * MOST_POLYGONS):
        line = rng.uniform(20, 236, (30, 2)).astype(np.float32)
        adds, width = number % 3 != 1, float(rng.uniform(2, 30))
        record = with_part(record, line, adds=adds, width=width)
        alone = with_part(record_of(size=256), line, adds=adds, width=width)
        stroke = carried_mask(alone) if adds else 1 - carried_mask(alone)
        wanted = np.maximum(wanted, stroke) if adds else np.minimum(wanted, 1 - stroke)
    assert record.segmentation is not None and len(record.segmentation) <= MOST_MASK
    assert np.abs(carried_mask(record) - wanted).mean() < 0.03
    save_face(tmp_path / "f.jpg", drawn_crop(256), record)
    assert load_face(tmp_path / "f.jpg")[1] == record


def test_joining_the_parts_changes_nothing_that_shows() -> None:
    record = with_part(with_part(record_of(), SQUARE, adds=True), HOLE, adds=False, width=6)
    joined = flattened(record)
    assert joined.polygons == () and joined.version == 1
    assert np.abs(carried_mask(joined) - carried_mask(record)).max() < 0.01
    assert flattened(joined) is joined


drawn = st.lists(
    st.tuples(st.floats(-1e9, 1e9, width=32), st.floats(-1e9, 1e9, width=32)),
    min_size=3,
    max_size=800,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(drawn, st.booleans(), st.none() | st.floats(0.5, 500))
def test_whatever_a_hand_draws_fits_the_file(
    points: list[tuple[float, float]], adds: bool, width: float | None
) -> None:
    record = with_part(record_of(), np.array(points, np.float32), adds=adds, width=width)
    assert sum(len(part.points) for part in record.polygons) <= MOST_POINTS
    mask = carried_mask(record)
    assert mask.shape == (64, 64) and mask.min() >= 0 and mask.max() <= 1
