"""A merge begins with rough swaps of the faces, painted by the meshes in their files."""

from typing import Any

import numpy as np
import pytest
import torch

from recast.events import Event, Note
from recast.faces import align
from recast.faceset import replace_record
from recast.images import to_float
from recast.stages.merge_job import MergeJob, prepare
from recast.stages.merge_options import MergeOptions
from recast.stages.takes import whole_take
from recast.video import open_take
from recast.workspace import Workspace

CPU: dict[str, Any] = {"device": "cpu"}


def job_of(workspace: Workspace) -> MergeJob:
    take = whole_take(workspace, "dst")
    return prepare(workspace, MergeOptions(**CPU), take, lambda event: None, network=None)


def sketches(job: MergeJob) -> torch.Tensor:
    """Of the take's first four faces."""
    places, crops = [], []
    for frame in job.take.frames(0, 4):
        (face,) = job.places[frame.index]
        places.append((face.number, face.placed, face.landmarks))
        crops.append(to_float(align(frame.image, face.placed, 64)))
    found = job.sketchers["swift"](places, crops)
    assert isinstance(found, torch.Tensor)
    return found


def test_every_face_has_a_sketch_in_its_middle(trained: Workspace) -> None:
    found = sketches(job_of(trained))
    assert found.shape == (4, 4, 64, 64)
    assert bool((found[:, 3, 24:40, 24:40] > 0.5).all())
    assert bool((found[:, 3, 0, 0] == 0).all())
    assert float(found.min()) >= 0 and float(found.max()) <= 1


def test_a_mesh_that_a_file_lacks_is_read_from_its_crop(trained: Workspace) -> None:
    before = sketches(job_of(trained))
    faces = trained.faceset("dst")
    for number in range(len(faces)):
        replace_record(faces.path(number), faces.record(number).model_copy(update={"mesh": None}))
    after = sketches(job_of(trained))
    assert not torch.equal(after, before)
    assert float((after - before).abs().mean()) < 0.02


def test_a_face_file_that_cannot_be_read_has_an_empty_sketch(trained: Workspace) -> None:
    job = job_of(trained)
    face = next(face for here in job.places.values() for face in here)
    job.faces.path(face.number).write_bytes(b"no picture")
    found = sketches(job)
    assert float(found[0, 3].max()) == 0 and float(found[1, 3].max()) > 0.5


def test_without_its_gallery_a_model_draws_unaided_and_says_so(trained: Workspace) -> None:
    aided = list(open_take(trained.merge(**CPU)))[3].image
    (trained.model_folder("swift") / "gallery.safetensors").unlink()
    said: list[Event] = []
    unaided = list(open_take(trained.merge(report=said.append, **CPU)))[3].image
    warnings = [event.text for event in said if isinstance(event, Note) and event.warning]
    assert any("gallery.safetensors" in text for text in warnings)
    assert np.abs(aided.astype(int) - unaided.astype(int)).max() > 20


@pytest.mark.parametrize("sketch", [True, False])
def test_a_training_keeps_a_gallery_only_if_it_needs_one(
    extracted: Workspace, sketch: bool
) -> None:
    folder = extracted.train(steps=1, resolution=64, batch_size=2, sketch=sketch, **CPU)
    assert (folder / "gallery.safetensors").exists() == sketch
    assert bool(job_of(extracted).sketchers) == sketch
