"""Put the trained face into every frame of the dst take."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from recast.disk import disk_trouble_named, write_json
from recast.errors import NoFaceFound, OptionUnusable
from recast.events import Note, Progress, Report, Started, silent
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.faceset import FaceSet
    from recast.geometry import Points, Similarity
    from recast.images import FrameImage
    from recast.merging import Look
    from recast.provenance import ConsentRecord
    from recast.training.trained import TrainedModel
    from recast.video import Frame, Take

SEGMENT = 250  # frames; what is lost at most when the work is cut off
BATCH = 8


class MergeOptions(BaseModel, frozen=True, extra="forbid"):
    """How the drawn face joins the frame. Lengths are parts of the face crop's side."""

    name: str = Field("", description="Which training to use, if there are several.")
    mode: Literal["overlay", "seamless"] = Field(
        "overlay", description="How face and frame meet at the mask's edge."
    )
    color_match: Literal["none", "rct", "light"] = Field(
        "light", description="How the face takes on dst's colours."
    )
    tone: float = Field(
        0.3, ge=0, le=1, description="How far the skin's own colour moves to dst's."
    )
    grow: float = Field(
        -0.025, ge=-0.5, le=0.5, description="Moves the mask's edge out, or in if negative."
    )
    feather: float = Field(0.06, ge=0, le=0.5, description="Width of the mask's soft edge.")
    smooth: bool = Field(True, description="Calm the landmarks along the take.")
    frames: str = Field(
        "",
        pattern=r"^(\d*:\d*)?$",
        description="Only these frames, as FIRST:END, counted from 0; END is not included.",
    )
    device: str = Field("best", description="Where the network runs: best, cpu, cuda, cuda:N, mps.")
    crf: int = Field(14, ge=0, le=40, description="H.264 quality; lower is finer and larger.")
    pictures: bool = Field(
        False, description="Write PNG pictures to data_dst/merged instead of a video."
    )


@dataclass(frozen=True)
class Placed:
    """Where a face's crop lies: from frame to crop pixels; landmarks (68, 2) in the crop."""

    similarity: Similarity
    landmarks: Points


@dataclass(frozen=True)
class _Job:
    """What every part of a merge needs."""

    take: Take
    places: dict[int, list[Placed]]
    model: TrainedModel
    look: Look


def run(
    workspace: Workspace, options: MergeOptions, report: Report = silent, *, out: Path | None = None
) -> Path:
    """Merge the take and return the finished file; goes on where an earlier run stopped.

    Frames without a face of the dst face set pass through untouched. A video is signed.

    Raises:
        ConsentMissing: nobody recorded that src's face may be used.
        WorkspaceUnusable: there is no trained model, or there are several and none is named.
        NoFaceFound: the dst face set is empty.
        OptionUnusable: the range of frames is empty, or `out` cannot take a result.
        TakeUnreadable: the dst take is cut off or damaged.
    """
    from datetime import UTC, datetime

    from recast.provenance import require_consent
    from recast.stages.finish import check_out
    from recast.stages.takes import whole_take
    from recast.training.trained import chosen_device, load_trained

    consent = require_consent(workspace.consent, datetime.now(UTC).date())
    take = whole_take(workspace, "dst")
    out = out or workspace.result
    check_out(workspace, out)
    first, end = frame_range(options.frames, len(take))
    name = workspace.chosen_model(options.name)
    model = load_trained(
        workspace.model_folder(name),
        chosen_device(options.device),
        lambda text: report(Note(text, warning=True)),
    )
    faces = _dst_faces(workspace)
    places = _places(faces, model, smooth=options.smooth)
    report(Started("merge", f"{name} (step {model.step}) into {take.path.name}"))
    job = _Job(take, places, model, _look(options))
    if options.pictures:
        return _write_pictures(workspace.merged_folder, job, first, end, report)
    folder = workspace.merging_folder(_key(job, options, faces))
    if _finished(folder) == _fingerprint(out):
        report(Note(f"{out} was made of just this before."))
        return out
    segments = _write_segments(folder, job, first, end, options.crf, report)
    _make_video(workspace, job, segments, out, consent, report)
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.mkdir(parents=True)
    write_json(folder / "finished.json", _fingerprint(out))
    return out


def _make_video(
    workspace: Workspace,
    job: _Job,
    segments: list[Path],
    out: Path,
    consent: ConsentRecord,
    report: Report,
) -> None:
    from recast.stages.finish import finish
    from recast.video import join_segments

    take = job.take
    finish(
        out,
        lambda draft: join_segments(segments, draft, like=take.info, sound_from=take.path),
        consent=consent,
        model=f"{job.model.described.model} (step {job.model.step})",
        ingredients=[workspace.original_path(side) for side in ("dst", "src")],
        report=report,
    )


def _dst_faces(workspace: Workspace) -> FaceSet:
    faces = workspace.faceset("dst")
    if not len(faces):
        raise NoFaceFound(
            f"{faces.folder} holds no faces", f"extract them: recast extract {workspace.root} dst"
        )
    return faces


def _look(options: MergeOptions) -> Look:
    from recast.merging import BLENDS, COLOR_MATCHES, Look

    blend, color_match = BLENDS[options.mode], COLOR_MATCHES[options.color_match]
    return Look(blend, color_match, options.tone, options.grow, options.feather)


def frame_range(frames: str, length: int) -> tuple[int, int]:
    """First frame and end of `MergeOptions.frames` for a take of `length` frames."""
    start, _, stop = frames.partition(":")
    first, end = int(start or 0), min(int(stop or length), length)
    if first >= end:
        raise OptionUnusable(
            f"--frames {frames} holds no frame of the take, which has {length}",
            f"choose a range within 0:{length}",
        )
    return first, end


def _places(faces: FaceSet, model: TrainedModel, *, smooth: bool) -> dict[int, list[Placed]]:
    """For each frame with faces, where the model's crops lie in it."""
    import numpy as np

    from recast.faces import Face, Pose, Seen, placement, smooth_stream

    found: dict[int, list[Face]] = {}
    for at in np.argsort(faces.frames, kind="stable"):
        left, top, right, bottom = (float(edge) for edge in faces.boxes[at])
        pose = Pose(float(faces.yaw[at]), float(faces.pitch[at]), float(faces.roll[at]))
        face = Face((left, top, right, bottom), float(faces.scores[at]), faces.landmarks[at], pose)
        found.setdefault(int(faces.frames[at]), []).append(face)
    stream = (Seen(frame, found.get(frame, [])) for frame in range(max(found) + 1))
    described = model.described

    def placed(face: Face) -> Placed:
        side, framing = described.resolution, described.framing
        similarity = placement(face.landmarks, side, framing, yaw=face.pose.yaw)
        return Placed(similarity, similarity.apply(face.landmarks))

    return {
        seen.payload: [placed(face) for face in seen.faces]
        for seen in smooth_stream(stream, strength=1.0 if smooth else 0.0)
        if seen.faces
    }


def _merged(job: _Job, first: int, end: int) -> Iterator[Frame]:
    """The merged frames in order: drawn in batches here, composed in threads."""
    from concurrent.futures import ThreadPoolExecutor
    from dataclasses import replace

    import numpy as np

    from recast.faces import align, hull_mask
    from recast.images import to_float
    from recast.merging import DrawnFace, compose
    from recast.ordered import batches, ordered

    side = job.model.described.resolution

    def crops(frames: list[Frame]) -> tuple[list[Frame], Any]:
        cut = [
            to_float(align(frame.image, placed.similarity, side))
            for frame in frames
            for placed in job.places.get(frame.index, [])
        ]
        return frames, np.stack(cut) if cut else None

    def composed(work: tuple[Frame, list[DrawnFace]]) -> Frame:
        frame, drawn = work
        image: FrameImage = frame.image
        for face in drawn:
            image = compose(image, face, job.look)
        return replace(frame, image=image)

    def drawn(
        prepared: Iterator[tuple[list[Frame], Any]],
    ) -> Iterator[tuple[Frame, list[DrawnFace]]]:
        for frames, cut in prepared:
            colours, masks = job.model.draw(cut) if cut is not None else ((), ())
            at = 0
            for frame in frames:
                faces = []
                for placed in job.places.get(frame.index, []):
                    # A model that learns no mask shows what the landmarks enclose.
                    mask = hull_mask(placed.landmarks, (side, side)) if masks is None else masks[at]
                    faces.append(DrawnFace(colours[at], mask, placed.similarity))
                    at += 1
                yield frame, faces

    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as cutting, ThreadPoolExecutor(workers) as composing:
        frames = batches(job.take.frames(first, end), BATCH)
        prepared = ordered(cutting, crops, frames, ahead=2)
        yield from ordered(composing, composed, drawn(prepared), ahead=2 * BATCH)


def _write_segments(
    folder: Path, job: _Job, first: int, end: int, crf: int, report: Report
) -> list[Path]:
    """Silent parts of the result; the ones that are there already are not written again."""
    from recast.video import TakeWriter

    with disk_trouble_named(folder):
        folder.mkdir(parents=True, exist_ok=True)
    segments = []
    for start in range(first, end, SEGMENT):
        stop = min(start + SEGMENT, end)
        path = folder / f"{start:08d}-{stop:08d}.mp4"
        segments.append(path)
        report(Progress(start - first, end - first))
        if path.exists():
            continue
        with TakeWriter(path, job.take.info, crf=crf) as writer:
            for frame in _merged(job, start, stop):
                writer.write(frame.image, frame.moment, frame.plate)
                report(Progress(frame.index + 1 - first, end - first))
    report(Progress(end - first, end - first))
    return segments


def _write_pictures(folder: Path, job: _Job, first: int, end: int, report: Report) -> Path:
    from recast.video import PictureNote, read_note, write_pictures

    length = len(job.take)
    with disk_trouble_named(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if read_note(folder) is None:  # tells later that recast wrote them
        PictureNote.like(job.take.info, {"merged": job.take.path.name}).save(folder)
    frames = _merged(job, first, end)
    for frame in write_pictures(folder, frames, length=length, suffix=".png"):
        report(Progress(frame.index + 1 - first, end - first))
    return folder


def _key(job: _Job, options: MergeOptions, faces: FaceSet) -> str:
    """Names what the segments were made of: with any of it changed they are of no use."""
    made_of = {
        "take": [job.take.path.name, len(job.take), job.take.path.stat().st_size],
        "model": [vars(job.model.described) | {"options": None}, job.model.weights_sha256],
        "options": options.model_dump(mode="json", exclude={"device"}),
        "faces": hashlib.sha256(faces.landmarks.tobytes() + faces.frames.tobytes()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]


def _fingerprint(out: Path) -> dict[str, Any]:
    """Tells whether a file is still the one that was written."""
    if not out.is_file():
        return {"path": str(out.absolute())}
    state = out.stat()
    return {"path": str(out.absolute()), "bytes": state.st_size, "changed": state.st_mtime_ns}


def _finished(folder: Path) -> Any:
    try:
        return json.loads((folder / "finished.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
