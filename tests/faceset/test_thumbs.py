"""Thumbnails: made once, found again under any name."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from recast import images
from recast.faceset.thumbs import SIDE, Thumbs, thumbnail
from recast.workspace import Workspace

STORE = "thumbs.sqlite"


def made(folder: Path, *names: str) -> list[bytes]:
    return Thumbs(folder / "studio" / STORE)([folder / name for name in names])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name, side in (("a.jpg", 256), ("b.png", 300), ("c.jpg", 64)):
        images.save(tmp_path / name, rng.integers(0, 256, (side, side, 3), np.uint8))
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    return tmp_path


def test_each_face_gets_a_small_picture_in_its_place(folder: Path) -> None:
    found = made(folder, "c.jpg", "a.jpg", "broken.jpg", "gone.jpg", "b.png")
    sides = [images.decode(one, "thumb").shape[0] if one else 0 for one in found]
    assert sides == [64, SIDE, 0, 0, SIDE]


def test_a_thumbnail_is_made_once_whatever_its_file_is_called(folder: Path) -> None:
    (first,) = made(folder, "a.jpg")
    # Were it made again, it would be another.
    (folder / "a.jpg").rename(folder / "00001-a.jpg")
    shutil.copy2(folder / "00001-a.jpg", folder / "copy.jpg")
    size = (folder / "studio" / STORE).stat().st_size
    assert made(folder, "00001-a.jpg", "copy.jpg") == [first, first]
    assert (folder / "studio" / STORE).stat().st_size == size


def test_another_picture_under_the_same_name_is_another_thumbnail(folder: Path) -> None:
    (before,) = made(folder, "a.jpg")
    images.save(folder / "a.jpg", np.zeros((256, 256, 3), np.uint8))
    (after,) = made(folder, "a.jpg")
    assert images.decode(after, "thumb").max() < 8 < images.decode(before, "thumb").max()


@pytest.mark.parametrize("damage", [b"", b"not a database at all, but long enough to be one" * 40])
def test_a_damaged_store_is_made_anew(folder: Path, damage: bytes) -> None:
    (folder / "studio").mkdir()
    (folder / "studio" / STORE).write_bytes(damage)
    assert made(folder, "a.jpg")[0] and made(folder, "a.jpg")[0]


def test_a_picture_of_16_bits_has_a_thumbnail_too(tmp_path: Path) -> None:
    images.save(tmp_path / "deep.png", np.full((200, 200, 3), 40_000, np.uint16))
    shown = images.decode(thumbnail(tmp_path / "deep.png"), "thumb")
    assert shown.dtype == np.uint8 and abs(int(shown.mean()) - 40_000 // 257) <= 2


def test_thumbnails_are_removed_with_what_recast_made(extracted: Workspace) -> None:
    Thumbs(extracted.thumbs_file)(sorted(extracted.faceset_folder("src").glob("*.jpg")))
    assert extracted.thumbs_file.is_file()
    assert extracted.thumbs_file.parent in extracted.made_here()
    extracted.clear()
    assert not extracted.thumbs_file.parent.exists()
