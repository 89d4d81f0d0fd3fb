"""The merged frames of a part of a take: decoded, drawn, measured, calmed and composed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recast.errors import FaceFileUnreadable
from recast.stages.merge_job import MergeJob, Placed, masks_needed

if TYPE_CHECKING:
    from recast.images import Mask
    from recast.merging import Composed, DrawnFace, Look
    from recast.merging.window import Faces
    from recast.video import Frame

BATCH = 8


@dataclass(frozen=True)
class _Crops:
    """Aligned faces (N, S, S, 3), 0..1, and their sketches (N, 4, S, S) if the model takes any."""

    faces: Any
    sketches: Any


@dataclass(frozen=True)
class _Face:
    """One drawn face: the aligned crop of dst, what the network drew, masks by kind, and whether
    it was drawn in dst's light, as with a sketch."""

    placed: Placed
    crop: Any
    drawn: Any
    masks: dict[str, Mask]
    lit: bool


@dataclass(frozen=True)
class Merged:
    """A frame of the take, and what became of it."""

    frame: Frame
    composed: Composed
    placed: Sequence[Placed]


def merged(job: MergeJob, first: int, end: int, *, layers: bool = False) -> Iterator[Merged]:
    """The frames from `first` up to `end`, in order; `layers` asks for alpha and layer too.

    Drawn in batches here, all else in threads. The frames before and after that colours and
    masks are calmed by are read and drawn as well, so every part of a take comes out as it
    would in one piece.
    """
    from concurrent.futures import ThreadPoolExecutor

    from recast.merging import calmed
    from recast.ordered import ordered

    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as measuring, ThreadPoolExecutor(workers) as composing:
        before, after = max(0, first - job.calm.reach), min(len(job.take), end + job.calm.reach)
        faces = ordered(measuring, lambda work: work(), _drawn(job, before, after), ahead=BATCH)
        inside = (one for one in calmed(faces, job.calm) if first <= one.payload.index < end)
        yield from ordered(
            composing, lambda one: composed(job, one, layers=layers), inside, ahead=2 * workers
        )


def composed(job: MergeJob, faces: Faces[Frame], *, layers: bool = False) -> Merged:
    """Put the calmed faces of a frame into it."""
    from recast.merging import compose
    from recast.stages.watermarking import labelled, watermarked

    frame = faces.payload
    look = job.looks.at(frame.index)
    placed = job.places.get(frame.index, [])
    done = compose(frame.image, faces.drawn, look, layers=layers)
    if look.mode != "raw-mask":  # it shows no face
        done = watermarked(done, frame, placed, job.watermark, network=job.network)
    return Merged(frame, labelled(done, job.label), placed)


def drawn_frames(job: MergeJob, frames: Sequence[Frame]) -> list[Faces[Frame]]:
    """The frames with their faces drawn and measured, not calmed yet."""
    return [work() for work in _batch_drawn(job, frames, _cut(job, frames))]


def _drawn(job: MergeJob, first: int, end: int) -> Iterator[Callable[[], Faces[Frame]]]:
    """Drawn frames, with what is left to do in threads as a call."""
    from concurrent.futures import ThreadPoolExecutor

    from recast.ordered import batches, ordered

    with ThreadPoolExecutor(1) as cutting:
        parts = batches(job.take.frames(first, end), BATCH)
        for frames, cut in ordered(cutting, lambda part: (part, _cut(job, part)), parts, ahead=1):
            yield from _batch_drawn(job, frames, cut)


def _cut(job: MergeJob, frames: Sequence[Frame]) -> dict[str, _Crops]:
    """For each model the aligned faces of some frames."""
    import numpy as np

    from recast.faces import align
    from recast.images import to_float

    cut: dict[str, list[Any]] = {}
    places: dict[str, list[Any]] = {}
    for frame in frames:
        for face in job.places.get(frame.index, []):
            side = job.models[face.name].described.resolution
            cut.setdefault(face.name, []).append(to_float(align(frame.image, face.placed, side)))
            known = places.setdefault(face.name, [])
            known.append((face.number, face.placed, face.landmarks))
    sketched = {
        name: job.sketchers[name](places[name], cut[name]) for name in cut if name in job.sketchers
    }
    return {name: _Crops(np.stack(crops), sketched.get(name)) for name, crops in cut.items()}


def _batch_drawn(
    job: MergeJob, frames: Sequence[Frame], cut: dict[str, _Crops]
) -> list[Callable[[], Faces[Frame]]]:
    needed = masks_needed([job.looks.at(frame.index) for frame in frames])
    models, own = job.models, dict[str, Any]()
    drawn = {name: models[name].draw(crops.faces, crops.sketches) for name, crops in cut.items()}
    if "dst" in needed:
        own = {name: models[name].dst_masks(crops.faces) for name, crops in cut.items()}
    at = dict.fromkeys(cut, 0)
    work = []
    for frame in frames:
        faces = []
        for placed in job.places.get(frame.index, []):
            number, (colours, masks) = at[placed.name], drawn[placed.name]
            known = {"learned": masks, "dst": own.get(placed.name)}
            found = {kind: all_of[number] for kind, all_of in known.items() if all_of is not None}
            crops = cut[placed.name]
            lit = crops.sketches is not None and bool(crops.sketches[number, 3].any())
            faces.append(_Face(placed, crops.faces[number], colours[number], found, lit))
            at[placed.name] += 1
        work.append(_measuring(job, frame, faces))
    return work


def _measuring(job: MergeJob, frame: Frame, faces: Sequence[_Face]) -> Callable[[], Faces[Frame]]:
    def work() -> Faces[Frame]:
        from recast.merging.window import Faces

        look = job.looks.at(frame.index)
        drawn = [_measured(job, frame, look, face) for face in faces]
        return Faces(frame, drawn, [face.placed.track for face in faces])

    return work


def _measured(job: MergeJob, frame: Frame, look: Look, face: _Face) -> DrawnFace:
    from recast.merging import DrawnFace, combined, measure, measured_grain

    placed, side = face.placed, face.crop.shape[0]

    def mask_named(kind: str) -> Mask:
        return face.masks[kind] if kind in face.masks else _outline(job, placed, kind, side)

    mask = combined(look.mask, mask_named)
    measured = measure(face.drawn, face.crop, mask, area=look.color_area, lit=face.lit)
    noise = None
    if look.grain:
        corners = placed.placed.inverse().apply(_corners(side))
        (left, top), (right, bottom) = corners.min(0).astype(int), corners.max(0).astype(int)
        height, width = frame.image.shape[:2]
        region = (max(0, left), max(0, top), min(width, right), min(height, bottom))
        noise = measured_grain(frame.image, region)
    seed = (frame.index, placed.track)
    return DrawnFace(face.drawn, mask, placed.placed, measured, noise, placed.motion, seed)


def _corners(side: int) -> Any:
    import numpy as np

    return np.array([[0, 0], [side, 0], [0, side], [side, side]], np.float32)


def _outline(job: MergeJob, placed: Placed, kind: str, side: int) -> Mask:
    """A mask that comes from the face file, or the landmarks' hull where it holds none."""
    from recast.faces import hull_mask

    hull = hull_mask(placed.landmarks, (side, side))
    if kind not in ("mesh", "segmentation"):
        return hull  # asked for, or the model learns no mask
    from recast.faceset import carries_mask, mask_in
    from recast.merging.outline import outline_mask

    try:
        record = job.faces.record(placed.number)
    except FaceFileUnreadable:
        return hull
    if kind == "mesh":
        mesh = record.face.mesh
        return hull if mesh is None else outline_mask(placed.placed.apply(mesh[:, :2]), side)
    return mask_in(record, placed.placed, side) if carries_mask(record) else hull
