"""Features are measured once, kept in the index, and dropped with the files they come from."""

import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recast.errors import Stopped
from recast.events import Event, Note, Progress, silent
from recast.faceset import load_faceset, save_face
from recast.faceset.features import cached
from recast.faceset.index import INDEX_NAME, rename_in_index

from .conftest import SaveFace, drawn_crop, record_of


class Means:
    """A measure that counts how many faces it saw."""

    def __init__(self, width: int = 2) -> None:
        self.seen, self.width = 0, width
        self._lock = threading.Lock()

    def __call__(
        self, crops: Sequence[NDArray[np.uint8]], landmarks: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        with self._lock:
            self.seen += len(crops)
        assert all(points.shape == (68, 2) for points in landmarks)
        rows = [[crop.mean(), *range(self.width - 1)] for crop in crops]
        return np.array(rows, np.float32).reshape(-1, self.width)


def shaded(folder: Path, count: int = 5) -> list[float]:
    """Faces of different brightness; their means."""
    means = []
    for number in range(count):
        crop = np.full((64, 64, 3), 20 * number % 240 + 10, np.uint8)
        save_face(folder / f"{number:06d}_0.png", crop, record_of(frame=number))
        means.append(float(crop.mean()))
    return means


def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    means, measure = shaded(tmp_path), Means()
    for _ in range(3):
        found = cached(load_faceset(tmp_path), "mean-1", measure, silent)
        assert found[:, 0].tolist() == means
        assert found.dtype == np.float32
    assert measure.seen == 5


def test_a_part_of_the_set_gets_its_own_rows(tmp_path: Path) -> None:
    means = shaded(tmp_path)
    faces = load_faceset(tmp_path)
    cached(faces[[4, 1]], "mean-1", Means(), silent)
    measure = Means()
    assert cached(faces[[3, 1]], "mean-1", measure, silent)[:, 0].tolist() == [means[3], means[1]]
    assert measure.seen == 1


def test_features_do_not_mix(tmp_path: Path) -> None:
    means = shaded(tmp_path)
    faces, along = load_faceset(tmp_path), Means(5)
    keys = ['a "quoted" key', "a 'quoted' key", "ж 1"]
    others = {key: along for key in keys[1:]}
    assert cached(faces, keys[0], Means(), silent, along=others).shape == (5, 2)
    again = Means(5)
    for key in keys[1:]:
        assert cached(faces, key, again, silent)[:, 0].tolist() == means
    assert (along.seen, again.seen) == (10, 0)


def test_a_changed_file_is_measured_again(tmp_path: Path) -> None:
    shaded(tmp_path)
    cached(load_faceset(tmp_path), "mean-1", Means(), silent)
    save_face(tmp_path / "000002_0.png", np.full((64, 64, 3), 99, np.uint8), record_of(frame=2))
    os.utime(tmp_path / "000002_0.png", ns=(0, 12345))
    measure = Means()
    assert cached(load_faceset(tmp_path), "mean-1", measure, silent)[2, 0] == 99
    assert measure.seen == 1


def test_a_new_face_never_gets_the_features_of_one_that_is_gone(tmp_path: Path) -> None:
    shaded(tmp_path, 1)
    cached(load_faceset(tmp_path), "mean-1", Means(), silent)
    (tmp_path / "000000_0.png").unlink()
    assert len(load_faceset(tmp_path)) == 0
    shaded(tmp_path, 3)
    measure = Means()
    cached(load_faceset(tmp_path), "mean-1", measure, silent)
    assert measure.seen == 3


def test_features_follow_a_renaming(tmp_path: Path) -> None:
    means = shaded(tmp_path, 3)
    cached(load_faceset(tmp_path), "mean-1", Means(), silent)
    names = ["000000_0.png", "000001_0.png", "000002_0.png"]
    turned = dict(zip(names, [names[1], names[0], None], strict=True))
    for name in names:
        (tmp_path / name).rename(tmp_path / f"x{name}")
    for old, new in turned.items():
        (tmp_path / f"x{old}").rename(tmp_path / (new or "gone.txt"))
    rename_in_index(tmp_path, turned)
    measure = Means()
    found = cached(load_faceset(tmp_path), "mean-1", measure, silent)
    assert found[:, 0].tolist() == [means[1], means[0]]
    assert measure.seen == 0


def test_files_that_cannot_be_read_are_named_and_have_no_numbers(tmp_path: Path) -> None:
    shaded(tmp_path)
    faces = load_faceset(tmp_path)
    (tmp_path / "000001_0.png").unlink()  # by a viewer, since the folder was read
    (tmp_path / "000003_0.png").write_bytes(b"broken")
    events: list[Event] = []
    found = cached(faces, "mean-1", Means(), events.append)
    assert np.isnan(found).all(axis=1).tolist() == [False, True, False, True, False]
    notes = [event.text for event in events if isinstance(event, Note) and event.warning]
    assert ["000001_0.png" in notes[0], "000003_0.png" in notes[1]] == [True, True]
    assert [event for event in events if isinstance(event, Progress)][-1].done == 5


def test_if_no_file_can_be_read_there_are_no_columns(tmp_path: Path) -> None:
    shaded(tmp_path, 1)
    faces = load_faceset(tmp_path)
    (tmp_path / "000000_0.png").unlink()
    assert cached(faces, "mean-1", Means(), silent).shape == (1, 0)
    assert cached(faces[[]], "mean-1", Means(), silent).shape == (0, 0)


def test_what_was_measured_before_a_stop_is_kept(tmp_path: Path) -> None:
    shaded(tmp_path, 60)
    faces = load_faceset(tmp_path)

    def report(event: Event) -> None:
        if isinstance(event, Progress) and event.done >= 16:
            raise Stopped("stopped by a test")

    with pytest.raises(Stopped):
        cached(faces, "mean-1", Means(), report)
    measure = Means()
    cached(faces, "mean-1", measure, silent)
    assert 0 < measure.seen <= 44


def damage_values(index: Path) -> None:
    with closing(sqlite3.connect(index)) as database, database:
        database.execute("""UPDATE "feature mean-1" SET value = x'00' WHERE face = 2""")
        database.execute("""UPDATE "feature mean-1" SET value = 'text' WHERE face = 3""")
        database.execute("""UPDATE "feature mean-1" SET value = zeroblob(40) WHERE face = 4""")


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        damage_values,
        lambda index: index.write_bytes(b"SQLite format 3\x00" + b"\x07" * 5000),
        lambda index: index.write_bytes(b""),
    ],
)
def test_a_lost_or_broken_index_costs_only_time(tmp_path: Path, damage: object) -> None:
    means = shaded(tmp_path)
    faces = load_faceset(tmp_path)
    cached(faces, "mean-1", Means(), silent)
    damage(tmp_path / INDEX_NAME)  # type: ignore[operator]
    for _ in range(2):
        found = cached(faces, "mean-1", Means(), silent)
        assert found[:, 0].tolist() == means
        faces = load_faceset(tmp_path)


def test_deep_pictures_are_measured_in_8_bits(tmp_path: Path) -> None:
    deep = np.asarray(drawn_crop().astype(np.uint16) * 256 + 255, np.uint16)
    save_face(tmp_path / "a.png", deep, record_of())
    found = cached(load_faceset(tmp_path), "mean-1", Means(), silent)
    assert found[0, 0] == pytest.approx(drawn_crop().mean())


def test_without_a_place_for_the_index_everything_is_measured(
    tmp_path: Path, save: SaveFace
) -> None:
    save(0)
    (tmp_path / INDEX_NAME).mkdir()
    measure = Means()
    for _ in range(2):
        assert np.isfinite(cached(load_faceset(tmp_path), "mean-1", measure, silent)).all()
    assert measure.seen == 2
