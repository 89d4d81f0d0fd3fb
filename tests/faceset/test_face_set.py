"""Face sets: columns over a folder, and the index that makes them fast."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from recast import images
from recast.faceset import load_faceset
from recast.faceset.index import INDEX_NAME, scan

from .conftest import SaveFace, drawn_crop, record_of


def test_an_empty_folder_is_an_empty_set(tmp_path: Path) -> None:
    faces = load_faceset(tmp_path)
    assert len(faces) == 0
    assert faces.landmarks.shape == (0, 68, 2)
    assert len(faces[faces.yaw > 3]) == 0
    assert faces.crops([], 32).shape == (0, 32, 32, 3)


def test_columns_say_what_the_files_say(tmp_path: Path, save: SaveFace) -> None:
    for frame in (7, 3):
        save(frame)
    faces, record = load_faceset(tmp_path), record_of(frame=3)
    assert faces.names.tolist() == ["000003_0.jpg", "000007_0.jpg"]
    assert faces.frames.tolist() == [3, 7]
    assert faces.moments.tolist() == [Fraction(3, 25), Fraction(7, 25)]
    assert np.allclose(faces.landmarks[0], record.points)
    assert np.allclose(faces.matrices[0], record.matrix)
    assert faces.yaw[0] == pytest.approx(record.pose.yaw)
    assert faces.face_sizes[0] == 125
    assert faces.record(0) == record


@pytest.mark.parametrize(
    "choice", [slice(1, 3), [1, 2], np.array([1, 2]), np.array([False, True, True, False])]
)
def test_choosing_gives_a_new_set(tmp_path: Path, save: SaveFace, choice: object) -> None:
    for frame in range(4):
        save(frame)
    chosen = load_faceset(tmp_path)[choice]  # type: ignore[index]
    assert chosen.frames.tolist() == [1, 2]
    assert chosen.landmarks.shape == (2, 68, 2)
    assert chosen.crop(1).shape == (64, 64, 3)


def test_choosing_nothing_gives_an_empty_set(tmp_path: Path, save: SaveFace) -> None:
    save()
    assert len(load_faceset(tmp_path)[[]]) == 0


def test_crops_come_at_the_asked_size(tmp_path: Path, save: SaveFace) -> None:
    save(0), save(1, suffix=".png")
    crops = load_faceset(tmp_path).crops([1, 0], 32)
    assert crops.shape == (2, 32, 32, 3)
    small = drawn_crop().reshape(32, 2, 32, 2, 3).mean((1, 3))
    assert np.abs(crops[0] - small).max() <= 1


def test_landmarks_follow_the_crop_when_it_is_scaled(tmp_path: Path, save: SaveFace) -> None:
    save(mesh=True)
    faces = load_faceset(tmp_path)
    at_64, at_128 = faces.crop_landmarks(0, 64), faces.crop_landmarks(0, 128)
    assert np.allclose(at_64, faces.placed(0).apply(faces.landmarks[0]), atol=1e-3)
    assert np.allclose((at_64 + 0.5) * 2 - 0.5, at_128, atol=1e-3)
    mesh, record = faces.crop_mesh(0, 64), faces.record(0)
    assert mesh is not None and record.mesh is not None
    assert np.allclose(mesh[:, :2], record.placed.apply(np.array(record.mesh)[:, :2]), atol=1e-2)
    assert mesh[0, 2] == pytest.approx(record.mesh[0][2] * record.placed.scale, rel=1e-3)


def test_a_face_without_a_mesh_has_none(tmp_path: Path, save: SaveFace) -> None:
    save()
    assert load_faceset(tmp_path).crop_mesh(0, 64) is None


def test_deleting_the_file_deletes_the_face(tmp_path: Path, save: SaveFace) -> None:
    save(0), save(1)
    assert len(load_faceset(tmp_path)) == 2
    (tmp_path / "000000_0.jpg").unlink()
    assert load_faceset(tmp_path).frames.tolist() == [1]


def test_a_copied_file_takes_everything_along(tmp_path: Path, save: SaveFace) -> None:
    (tmp_path / "other").mkdir()
    shutil.copy(save(), tmp_path / "other" / "renamed.jpg")
    faces = load_faceset(tmp_path / "other")
    assert (faces.names[0], faces.frames[0]) == ("renamed.jpg", 3)


def test_bad_files_are_named_and_passed_over(tmp_path: Path, save: SaveFace) -> None:
    save(0)
    images.save(tmp_path / "holiday.png", drawn_crop())
    (tmp_path / "broken.jpg").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no face")
    (tmp_path / "000009_0.jpg.part").write_bytes(b"half")
    faces = load_faceset(tmp_path)
    assert faces.names.tolist() == ["000000_0.jpg"]
    assert [Path(str(e).split(" is no ")[0]).name for e in faces.unreadable] == [
        "broken.jpg",
        "holiday.png",
    ]
    assert len(faces.unreadable) == 2


def indexed_names(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / INDEX_NAME)) as database:
        return [name for (name,) in database.execute("SELECT name FROM faces ORDER BY name")]


def test_a_known_file_is_not_read_again(tmp_path: Path, save: SaveFace) -> None:
    path = save()
    load_faceset(tmp_path)
    state = path.stat()
    path.write_bytes(bytes(state.st_size))  # only the index still knows the face
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert load_faceset(tmp_path).frames.tolist() == [3]


def test_a_changed_file_is_read_again(tmp_path: Path, save: SaveFace) -> None:
    path = save()
    load_faceset(tmp_path)
    save(3, take="another take.mp4")
    os.utime(path, ns=(0, 12345))
    assert load_faceset(tmp_path).takes.tolist() == ["another take.mp4"]


def test_the_index_follows_the_folder(tmp_path: Path, save: SaveFace) -> None:
    save(0), save(1)
    load_faceset(tmp_path)
    (tmp_path / "000000_0.jpg").unlink()
    save(2)
    load_faceset(tmp_path)
    assert indexed_names(tmp_path) == ["000001_0.jpg", "000002_0.jpg"]


def overwrite(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + b"\x07" * 5000)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000])


def run_sql(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        overwrite,
        truncate,
        lambda path: path.write_bytes(b""),
        lambda path: run_sql(path, "PRAGMA user_version = 99"),
        lambda path: run_sql(path, "DROP TABLE faces"),
        lambda path: run_sql(path, "UPDATE faces SET numbers = x'00'"),
        lambda path: run_sql(path, "UPDATE faces SET denominator = 0"),
        lambda path: run_sql(path, "UPDATE faces SET frame = 'many'"),
        lambda path: run_sql(path, "ALTER TABLE faces ADD COLUMN more INTEGER"),
    ],
)
def test_a_lost_or_broken_index_is_made_anew(
    tmp_path: Path, save: SaveFace, damage: object
) -> None:
    save(0), save(1)
    load_faceset(tmp_path)
    damage(tmp_path / INDEX_NAME)  # type: ignore[operator]
    for _ in range(2):
        assert load_faceset(tmp_path).frames.tolist() == [0, 1]
    load_faceset(tmp_path)
    assert indexed_names(tmp_path) == ["000000_0.jpg", "000001_0.jpg"]


def test_a_locked_index_is_done_without(tmp_path: Path, save: SaveFace) -> None:
    save(0)
    (tmp_path / INDEX_NAME).mkdir()  # nothing can be written there
    assert len(scan(tmp_path)[0]) == 1


def test_copies_of_a_face_are_named_and_passed_over(tmp_path: Path, save: SaveFace) -> None:
    save(0), save(1)
    shutil.copy(tmp_path / "000000_0.jpg", tmp_path / "000000_0 (copy).jpg")
    for _ in range(2):  # with and without the index
        faces = load_faceset(tmp_path)
        assert faces.names.tolist() == ["000000_0 (copy).jpg", "000001_0.jpg"]
        assert [str(e).partition(" is a copy of ")[2] for e in faces.unreadable] == [
            "000000_0 (copy).jpg"
        ]


def test_links_that_lead_nowhere_and_folders_are_passed_over(
    tmp_path: Path, save: SaveFace
) -> None:
    save(0)
    (tmp_path / "trash.jpg").mkdir()
    with suppress(OSError):  # some systems allow no links
        (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert load_faceset(tmp_path).names.tolist() == ["000000_0.jpg"]
