"""Prepare a merge: models, looks, and where every face of dst lies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.errors import FaceFileUnreadable, NoFaceFound, WorkspaceUnusable
from recast.events import Note, Report
from recast.stages.merge_options import LookOptions, MergeOptions, calm_of
from recast.stages.merge_people import EVERYONE_ELSE, People, people_in, people_of
from recast.stages.merge_shots import Looks, looks_of
from recast.stages.takes import cuts_of, known
from recast.stages.trainings import chosen_training
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.faces import Face, Smoothed
    from recast.faceset import FaceSet
    from recast.geometry import Points, Similarity
    from recast.merging import Calm
    from recast.provenance import Watermark
    from recast.provenance.label import Label
    from recast.provenance.network_watermark import NetworkWatermark
    from recast.stages.merge_sketches import Sketcher
    from recast.training.trained import TrainedModel
    from recast.video import Take

_OTHERWISE = {"device", "shots", "people", "embedder", "same_person", "watermark_network"}
"""Options that change nothing, or are in `looks`, `people` and `network`."""
_WRITTEN = {"frames", "format", "crf", "bitrate", "alpha", "pictures", "label"}
"""Options that say how the same pictures are written."""


@dataclass(frozen=True)
class Placed:
    """A face of dst that is to be replaced.

    placed: from frame to the crop of its model; landmarks: (68, 2), crop pixels; name: its
    training; number: its place in the face set; motion: frame pixels from frame to frame.
    """

    placed: Similarity
    landmarks: Points
    name: str
    track: int
    number: int
    motion: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class MergeJob:
    """All that a merge needs, whatever part of the take is merged."""

    take: Take
    faces: FaceSet
    models: Mapping[str, TrainedModel]
    places: Mapping[int, Sequence[Placed]]
    looks: Looks
    calm: Calm
    sketchers: Mapping[str, Sketcher]
    watermark: Watermark | None = None
    label: Label | None = None
    network: NetworkWatermark | None = None

    @property
    def made_by(self) -> str:
        """The models, for the credentials."""
        return ", ".join(f"{m.described.model} (step {m.step})" for m in self.models.values())

    @property
    def watermark_name(self) -> str:
        """The number in the frames, for the credentials; empty if there is none."""
        return self.watermark.name if self.watermark else ""


def prepare(
    workspace: Workspace,
    options: MergeOptions,
    take: Take,
    report: Report,
    *,
    network: NetworkWatermark | None,
) -> MergeJob:
    """Load the models and place every face of the dst face set.

    `network` is that of the options (`network_of`), opened before anything that takes long.

    Raises:
        WorkspaceUnusable: there is no trained model, or there are several and none is named.
        NoFaceFound: the dst face set is empty.
        OptionUnusable: the file of shots or people is unusable.
    """
    from recast.stages.keep_person import open_person
    from recast.training.trained import chosen_device, load_trained

    names = workspace.model_names()
    named = people_of(options.people, names)
    wanted = named.get(EVERYONE_ELSE)
    if EVERYONE_ELSE not in named and (options.name or not options.people):
        wanted = chosen_training(workspace, options.name)
    looks = looks_of(options, options.shots, len(take))
    used = sorted({name for name in [*named.values(), wanted] if name})
    if not used:
        raise WorkspaceUnusable(
            f"{options.people} leaves every face as it is", "name a training for one of the tracks"
        )
    device = chosen_device(options.device)
    models = {
        name: load_trained(
            workspace.model_folder(name), device, lambda text: report(Note(text, warning=True))
        )
        for name in used
    }
    faces = _dst_faces(workspace)
    faces = faces[faces.frames < len(take)]
    if not len(faces):
        raise NoFaceFound(
            f"no face in {faces.folder} is of a frame of {take.path.name}",
            f"extract them again: recast extract {workspace.root} dst",
        )
    persons = {
        who: open_person([who], embedder=options.embedder, threshold=options.same_person)
        for who in named
        if isinstance(who, Path)
    }
    people = people_in(faces, named, persons, wanted, report)
    cuts = cuts_of(workspace, take, report) if options.cuts else frozenset[int]()
    strength = 1.0 if options.smooth else 0.0
    placed = _places(faces, models, people, cuts, strength)
    sketchers = _sketchers(faces, models)
    job = MergeJob(take, faces, models, placed, looks, calm_of(options), sketchers)
    return _marked(replace(job, network=network), options)


def _sketchers(faces: FaceSet, models: Mapping[str, TrainedModel]) -> dict[str, Sketcher]:
    """Of the models that take sketches."""
    from recast.stages.merge_sketches import Sketcher
    from recast.training.missing_mesh import MeshReader

    read_mesh = MeshReader()
    return {
        name: Sketcher(
            faces,
            gallery,
            gallery.registrar(),
            framing=model.described.framing,
            read_mesh=read_mesh,
        )
        for name, model in models.items()
        if (gallery := model.gallery) is not None
    }


def label_of(options: MergeOptions, take: Take) -> Label | None:
    """The notice that is drawn into every frame, if one is wanted.

    Raises:
        OptionUnusable: it cannot be drawn.
    """
    from recast.provenance.label import Label

    return Label.of(options.label, take.info.size) if options.label else None


def network_of(options: MergeOptions) -> NetworkWatermark | None:
    """The network that draws a second watermark, if one is wanted.

    Raises:
        OptionUnusable: the file is no such network.
    """
    from recast.provenance.network_watermark import NetworkWatermark

    file = options.watermark_network
    return NetworkWatermark.open(file) if file else None


def _marked(job: MergeJob, options: MergeOptions) -> MergeJob:
    """The job with a watermark whose number says what the pictures are made of, and a label."""
    from recast.provenance import Watermark

    number = _digest(job, options.model_dump(mode="json", exclude=_OTHERWISE | _WRITTEN))
    watermark = Watermark.of(int(number[:8], 16), job.take.info.size)
    return replace(job, watermark=watermark, label=label_of(options, job.take))


def key_of(job: MergeJob, options: MergeOptions) -> str:
    """Names what the segments were made of: with any of it changed they are of no use."""
    return _digest(job, options.model_dump(mode="json", exclude=_OTHERWISE))


def _digest(job: MergeJob, options: dict[str, Any]) -> str:
    from recast.provenance.watermark import VERSION

    made_of: dict[str, Any] = {
        "take": known(job.take),
        "watermark": VERSION,
        "models": [
            [vars(model.described) | {"options": None}, model.sha256]
            for model in job.models.values()
        ],
        "options": options,
        "looks": repr(job.looks),
        "people": [
            [frame, face.name, face.track] for frame, here in job.places.items() for face in here
        ],
        "faces": hashlib.sha256(
            job.faces.landmarks.tobytes() + job.faces.frames.tobytes()
        ).hexdigest(),
    }
    if job.network is not None:
        made_of["network"] = job.network.sha256
    if "segmentation" in masks_needed(job.looks.all):
        made_of["masks"] = _masks_digest(job)
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]


def _masks_digest(job: MergeJob) -> str:
    """Changes with every stroke on a mask that a face file carries."""
    digest = hashlib.sha256()
    for number in sorted({face.number for here in job.places.values() for face in here}):
        with suppress(FaceFileUnreadable):
            record = job.faces.record(number)
            drawn = [part.model_dump(mode="json") for part in record.polygons]
            digest.update(json.dumps([number, record.segmentation, drawn]).encode())
    return digest.hexdigest()


def masks_needed(looks: Sequence[LookOptions | Any]) -> set[str]:
    """The kinds of mask that any of the looks names."""
    from recast.merging import named_in

    return {kind for look in looks for kind in named_in(look.mask)}


def _dst_faces(workspace: Workspace) -> FaceSet:
    faces = workspace.faceset("dst")
    if not len(faces):
        raise NoFaceFound(
            f"{faces.folder} holds no faces", f"extract them: recast extract {workspace.root} dst"
        )
    return faces


def _places(
    faces: FaceSet,
    models: Mapping[str, TrainedModel],
    people: People,
    cuts: frozenset[int],
    strength: float,
) -> dict[int, list[Placed]]:
    """For each frame with faces that get a training, where their crops lie in it."""
    import numpy as np

    from recast.faces import Seen, smooth_stream

    found: dict[int, list[int]] = {}
    for at in np.argsort(faces.frames, kind="stable"):
        found.setdefault(int(faces.frames[at]), []).append(int(at))
    stream = (
        Seen(frame, [_face(faces, at) for at in found.get(frame, [])], cut=frame in cuts)
        for frame in range(max(found) + 1)
    )
    placed: dict[int, list[Placed]] = {}
    for seen in smooth_stream(stream, strength=strength):
        here = _placed_here(seen, found.get(seen.payload, []), faces, models, people)
        if here:
            placed[seen.payload] = here
    return _with_motion(placed)


def _placed_here(
    seen: Smoothed[int],
    numbers: Sequence[int],
    faces: FaceSet,
    models: Mapping[str, TrainedModel],
    people: People,
) -> list[Placed]:
    from recast.faces import placement

    here = []
    for face, track, number in zip(seen.faces, seen.tracks, numbers, strict=True):
        # A track that the face file itself names counts over cuts, too.
        known = int(faces.tracks[number])
        track = known if known >= 0 else track
        name = people.training(number, track)
        if name is None:
            continue
        described = models[name].described
        side, framing = described.resolution, described.framing
        placed = placement(face.landmarks, side, framing, yaw=face.pose.yaw)
        here.append(Placed(placed, placed.apply(face.landmarks), name, track, number))
    return here


def _face(faces: FaceSet, at: int) -> Face:
    from recast.faces import Face, Pose

    left, top, right, bottom = (float(edge) for edge in faces.boxes[at])
    pose = Pose(float(faces.yaw[at]), float(faces.pitch[at]), float(faces.roll[at]))
    return Face((left, top, right, bottom), float(faces.scores[at]), faces.landmarks[at], pose)


def _with_motion(places: dict[int, list[Placed]]) -> dict[int, list[Placed]]:
    """The same with each face's motion: half the way from the frame before to the one after."""
    import numpy as np

    def centre(frame: int, track: int) -> Any:
        for face in places.get(frame, []):
            if face.track == track:
                middle = face.landmarks.mean(axis=0, keepdims=True)
                return face.placed.inverse().apply(middle)[0].astype(np.float64)
        return None

    def motion(frame: int, track: int) -> tuple[float, float]:
        here = centre(frame, track)
        steps = []
        if (before := centre(frame - 1, track)) is not None:
            steps.append(here - before)
        if (after := centre(frame + 1, track)) is not None:
            steps.append(after - here)
        if not steps:
            return 0.0, 0.0
        across, down = np.mean(steps, axis=0)
        return float(across), float(down)

    return {
        frame: [replace(face, motion=motion(frame, face.track)) for face in here]
        for frame, here in places.items()
    }
