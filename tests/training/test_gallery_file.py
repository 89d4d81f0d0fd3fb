"""A gallery comes back as it was written; what is none is refused."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from recast.errors import CheckpointUnusable
from recast.training.gallery import Gallery
from recast.training.gallery_file import NAME, load_gallery, save_gallery
from recast.training.rough_swap import prepare
from tests.training.test_rough_swap import colored, seen, smooth_head


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    src = colored(seen(smooth_head(), [-10, 0, 20]), (200, 100, 50))
    dst = colored(seen(smooth_head(), [5, 15]), (0, 0, 255))
    return prepare(src, dst, framing="full").gallery


def parts(gallery: Gallery) -> dict[str, torch.Tensor]:
    return {column.name: getattr(gallery, column.name) for column in fields(gallery)}


def test_a_gallery_comes_back(gallery: Gallery, tmp_path: Path) -> None:
    assert load_gallery(tmp_path) is None
    save_gallery(tmp_path, gallery)
    stored = load_gallery(tmp_path)
    assert stored and len(stored.sha256) == 64
    for name, tensor in parts(gallery).items():
        assert torch.equal(getattr(stored.gallery, name), tensor), name
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME]
    mesh = seen(smooth_head(), [8.0])
    again = stored.gallery.mapped(mesh, "full")
    assert torch.equal(again.shown, gallery.mapped(mesh, "full").shown)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("pictures", lambda old: old[:, :, :-1]),
        ("pictures", lambda old: old[:0]),
        ("meshes", lambda old: old * float("nan")),
        ("triangles", lambda old: old + 10_000),
        ("dst_still", lambda old: old - 10_000),
        ("tones", lambda old: old * 0),
        ("light", lambda old: old.double()),
        ("turns", lambda old: old[:-1]),
        ("skin", lambda old: old[:-1, :-1]),
        ("skin_points", lambda old: old * 1e20),
    ],
)
def test_what_is_no_gallery_is_refused(
    gallery: Gallery, tmp_path: Path, name: str, wrong: object
) -> None:
    tensors = parts(gallery)
    assert callable(wrong)
    tensors[name] = wrong(tensors[name]).contiguous()
    save_file(tensors, tmp_path / NAME)
    with pytest.raises(CheckpointUnusable, match="gallery"):
        load_gallery(tmp_path)


def test_a_damaged_file_is_refused(gallery: Gallery, tmp_path: Path) -> None:
    save_gallery(tmp_path, gallery)
    data = bytearray((tmp_path / NAME).read_bytes())
    rng = np.random.default_rng(0)
    for length in rng.integers(0, len(data), 8):
        (tmp_path / NAME).write_bytes(data[:length])
        with pytest.raises(CheckpointUnusable, match="gallery"):
            load_gallery(tmp_path)
