"""Face sets as training wants them: cut narrower, meshes found, broken files left out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recast.errors import NoFaceFound, OptionUnusable
from recast.faces import Framing
from recast.faceset import FaceSet, load_face, load_faceset, replace_record, save_face
from recast.faceset.drawn_mask import with_part
from recast.training.faces import Cut, TrainingFaces, load_training_faces
from recast.training.missing_mesh import MeshReader
from recast.workspace import Workspace

HULL = Cut(64, "full", "hull", meshes=False)


@pytest.fixture
def faces(extracted: Workspace) -> FaceSet:
    return extracted.faceset("dst")


def loaded(faces: FaceSet, cut: Cut = HULL, **more: Any) -> TrainingFaces:
    return load_training_faces(faces, cut, pytest.fail, **more)


def without_meshes(faces: FaceSet) -> FaceSet:
    for path in sorted(faces.folder.glob("*.jpg")):
        crop, record = load_face(path)
        save_face(path.with_suffix(".png"), crop, record.model_copy(update={"mesh": None}))
        path.unlink()
    return load_faceset(faces.folder)


def test_the_own_framing_is_taken_as_it_is(faces: FaceSet) -> None:
    found = loaded(faces)
    assert found.faces.shape == (len(faces), 3, 64, 64) and found.masks.shape[1] == 1
    wanted = faces.crops([0], 64)[0].transpose(2, 0, 1).astype(float)
    assert np.abs(found.faces[0].numpy() - wanted).mean() < 2
    assert np.allclose(found.landmarks[0], faces.crop_landmarks(0, 64), atol=0.01)
    assert found.meshes is None
    assert np.array_equal(found.yaw, faces.yaw.astype(float))


def test_a_narrower_framing_shows_the_middle_larger(faces: FaceSet) -> None:
    full, half = loaded(faces), loaded(faces, Cut(64, "half", "hull", meshes=False))
    apart = [np.ptp(one.landmarks[0, 36:48, 0]) for one in (full, half)]
    assert apart[1] / apart[0] == pytest.approx(1.6, rel=0.01)
    assert float(half.masks.float().mean()) > 1.3 * float(full.masks.float().mean())
    inside = half.landmarks[0, 17:49]
    assert inside.min() > -2 and inside.max() < 66


def test_a_wider_framing_than_the_files_is_refused(faces: FaceSet) -> None:
    with pytest.raises(OptionUnusable, match="wants faces of framing head") as caught:
        loaded(faces, Cut(64, "head", "hull", meshes=False))
    assert "--framing" in caught.value.fix


def test_meshes_come_from_the_files(faces: FaceSet) -> None:
    found = loaded(faces, Cut(64))
    assert found.meshes is not None
    mesh = faces.crop_mesh(0, 64)
    assert mesh is not None and np.allclose(found.meshes[0], mesh, atol=0.05)


def test_meshes_that_files_lack_are_read_from_the_crops(faces: FaceSet) -> None:
    kept = loaded(faces, Cut(128))
    read = loaded(without_meshes(faces), Cut(128))
    assert kept.meshes is not None and read.meshes is not None
    away = np.linalg.norm(kept.meshes[..., :2] - read.meshes[..., :2], axis=-1)
    assert away.mean() < 1.5  # of 128 pixels


def test_a_crop_without_a_face_has_no_mesh(faces: FaceSet) -> None:
    _, record = load_face(faces.path(0))
    grey = np.full((record.size, record.size, 3), 127, np.uint8)
    assert MeshReader()(grey, record.model_copy(update={"mesh": None})) is None


@pytest.mark.parametrize("trouble", ["broken", "gone"])
def test_files_that_cannot_be_read_are_named_and_left_out(faces: FaceSet, trouble: str) -> None:
    lost = faces.path(1)
    if trouble == "broken":
        lost.write_bytes(lost.read_bytes()[:3000])
    else:
        lost.unlink()
    warnings: list[str] = []
    found = load_training_faces(faces, HULL, warnings.append)
    assert len(found) == len(faces) - 1 == len(found.yaw) == len(found.landmarks)
    assert len(warnings) == 1 and lost.name in warnings[0]


def test_a_set_of_which_nothing_can_be_read_is_said(faces: FaceSet) -> None:
    for name in faces.names:
        (faces.folder / str(name)).unlink()
    with pytest.raises(NoFaceFound, match="can be used"):
        load_training_faces(faces, HULL, lambda text: None)


def test_pictures_on_disk_are_those_in_memory(faces: FaceSet, tmp_path: Path) -> None:
    memory, disk = loaded(faces), loaded(faces, store=tmp_path / "model é" / "src.faces")
    assert disk.is_stored and not memory.is_stored
    assert torch.equal(memory.faces, disk.faces) and torch.equal(memory.masks, disk.masks)
    rows = torch.tensor([2, 0])
    cpu = torch.device("cpu")
    assert torch.equal(memory.pictures(rows, cpu), disk.pictures(rows, cpu))
    assert (tmp_path / "model é" / "src.faces").stat().st_size == len(faces) * 4 * 64 * 64


@pytest.mark.parametrize("framing", ["half", "mid-full", "full", "whole-face", "head"])
def test_every_framing_holds_the_narrower_ones(
    framing: Framing, extracted: Workspace, begin: Callable[..., Workspace]
) -> None:
    extracted.extract("dst", size=96, framing=framing)
    faces = extracted.faceset("dst")
    assert len(loaded(faces, Cut(64, "half", "hull", meshes=False))) == len(faces)


def test_a_mask_that_the_file_carries_stands_in_for_the_outline(faces: FaceSet) -> None:
    outline = loaded(faces).masks[:3, 0].numpy()
    left = np.array([[0, 0], [63.5, 0], [63.5, 127], [0, 127]], np.float32)
    replace_record(faces.path(0), with_part(faces.record(0), left, adds=True))
    replace_record(faces.path(1), with_part(faces.record(1), left, adds=False))
    masks = loaded(faces).masks[:3, 0].numpy()
    assert masks[0, 2:62, 2:30].min() == 255 and masks[0, :, 34:].max() == 0
    assert masks[1, :, :30].max() == 0 and np.array_equal(masks[1, :, 34:], outline[1, :, 34:])
    assert np.array_equal(masks[2], outline[2])
    without = loaded(faces, Cut(64, "full", "hull", meshes=False, drawn=False))
    assert np.array_equal(without.masks[:3, 0].numpy(), outline)
