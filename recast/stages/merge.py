"""Put the trained face into every frame of the dst take."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.disk import disk_trouble_named, read_json, write_json
from recast.errors import OptionUnusable
from recast.events import Note, Progress, Report, Started, silent
from recast.stages.merge_options import MergeOptions, frame_range
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.images import FrameImage, Mask
    from recast.provenance import ConsentRecord
    from recast.stages.merge_frames import Merged
    from recast.stages.merge_job import MergeJob
    from recast.video import Take

SEGMENT = 250  # frames; what is lost at most when the work is cut off

__all__ = ["MergeOptions", "frame_range", "run"]


@dataclass(frozen=True)
class _Range:
    """What of the take is merged, and where the finished parts are kept."""

    first: int
    end: int
    folder: Path


# Five things to say, two of them seldom: the two places a result may go.
def run(
    workspace: Workspace,
    options: MergeOptions,
    report: Report = silent,
    *,
    out: Path | None = None,
    layers: Path | None = None,
) -> Path:
    """Merge the take and return the finished file or folder; goes on where an earlier run stopped.

    Frames without a face of the dst face set pass through untouched. With `layers` face, matte
    and plate go into that folder instead of being laid over each other. A result is signed.

    Raises:
        ConsentMissing: nobody recorded that src's face may be used.
        ContentRefused: the dst take shows explicit exposure.
        WorkspaceUnusable: there is no trained model, or there are several and none is named.
        NoFaceFound: the dst face set is empty.
        OptionUnusable: the range of frames is empty, `out` cannot take a result, or a file of
            shots or people is unusable.
        TakeUnreadable: the dst take is cut off or damaged.
        TakeUnwritable: the format cannot hold the take, or transparency.
    """
    from datetime import UTC, datetime

    from recast.provenance import require_consent
    from recast.stages import guard
    from recast.stages.merge_job import key_of, label_of, network_of, prepare
    from recast.stages.takes import whole_take
    from recast.video import FORMATS

    consent = require_consent(workspace.consent, datetime.now(UTC).date())
    take = whole_take(workspace, "dst")
    place = layers or out or workspace.result_as(FORMATS[options.format].suffix)
    _check_place(workspace, options, take, place, layers=layers)
    first, end = frame_range(options.frames, len(take))
    label_of(options, take)  # before anything that takes long
    network = network_of(options)
    guard.run(workspace, report)
    job = prepare(workspace, options, take, report, network=network)
    report(Started("merge", f"{_named(job)} into {take.path.name}"))
    alpha = _alpha(options, job)
    if options.pictures:
        return _write_pictures(workspace, job, (first, end), alpha, consent, report)
    _check_format(options, take, alpha=alpha and layers is None)
    folder = workspace.merging_folder(key_of(job, options) + ("-layers" if layers else ""))
    if _finished(folder) == _fingerprint(place):
        report(Note(f"{place} was made of just this before."))
        return place
    part = _Range(first, end, folder)
    if layers:
        join = _layers(part, job, options, report)
    else:
        join = _segments(part, job, options, alpha, report)
    _finish(workspace, job, join, place, consent, report)
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.mkdir(parents=True)
    write_json(folder / "finished.json", _fingerprint(place))
    return place


Join = Callable[[Path], tuple[str, ...]]


def _named(job: MergeJob) -> str:
    return ", ".join(f"{name} (step {model.step})" for name, model in job.models.items())


def _check_place(
    workspace: Workspace, options: MergeOptions, take: Take, place: Path, *, layers: Path | None
) -> None:
    from recast.stages.finish import check_out
    from recast.video import check_layers, check_layers_place

    if layers is None:
        check_out(workspace, place, options.format)
        return
    if options.label:
        raise OptionUnusable(
            "--label and --layers exclude each other: layers are material, not a result",
            "put the notice on what is made of them",
        )
    if options.watermark_network:
        raise OptionUnusable(
            "--watermark-network and --layers exclude each other: it marks whole frames",
            "leave it out: layers carry recast's own watermark",
        )
    if options.pictures:
        raise OptionUnusable("--pictures and --layers exclude each other", "give one of them")
    check_layers_place(layers)
    check_layers(options.format, take.info)


def _check_format(options: MergeOptions, take: Take, *, alpha: bool) -> None:
    from recast.video import check_writable

    check_writable(options.format, take.info, alpha=alpha, bitrate=options.bitrate)


def _alpha(options: MergeOptions, job: MergeJob) -> bool:
    alpha = options.alpha or any(look.mode == "raw-rgb-mask" for look in job.looks.all)
    if alpha and job.network:
        raise OptionUnusable(
            "--watermark-network marks whole frames, but with transparency only faces show",
            "leave it out: the faces carry recast's own watermark",
        )
    return alpha


def _finish(
    workspace: Workspace,
    job: MergeJob,
    join: Join,
    out: Path,
    consent: ConsentRecord,
    report: Report,
) -> None:
    from recast.stages.finish import finish

    finish(
        out,
        join,
        consent=consent,
        model=job.made_by,
        ingredients=[workspace.original_path(side) for side in ("dst", "src")],
        report=report,
        watermark=job.watermark_name,
    )
    workspace.note_watermark(job.watermark_name, out)


def _segments(
    part: _Range, job: MergeJob, options: MergeOptions, alpha: bool, report: Report
) -> Join:
    """Silent parts of the result; the ones that are there already are not written again."""
    from recast.stages.merge_frames import merged
    from recast.video import FORMATS, join_segments, open_writer

    format, info = FORMATS[options.format], job.take.info

    def write(path: Path, start: int, stop: int, done: Callable[[int], None]) -> None:
        with open_writer(
            path,
            info,
            format=options.format,
            alpha=alpha,
            crf=options.crf,
            bitrate=options.bitrate,
            first=start,
        ) as writer:
            for one in merged(job, start, stop, layers=alpha):
                frame = one.frame
                writer.write(_image(one, alpha), frame.moment, None if alpha else frame.plate)
                done(frame.index)
        if start == part.first:
            for note in writer.notes:
                report(Note(note))

    suffix = "" if format.picture else format.segment
    segments = _written(part, suffix, write, report)
    return lambda draft: join_segments(segments, draft, like=info, sound_from=job.take.path)


def _layers(part: _Range, job: MergeJob, options: MergeOptions, report: Report) -> Join:
    """Parts of the layers, likewise."""
    from recast.stages.merge_frames import merged
    from recast.video import LayersWriter, join_layers

    info = job.take.info

    def write(path: Path, start: int, stop: int, done: Callable[[int], None]) -> None:
        with LayersWriter(path, info, format=options.format, first=start) as writer:
            for one in merged(job, start, stop, layers=True):
                face, matte = _face_and_matte(one)
                writer.write(face, matte, one.frame, _crops(job, one))
                done(one.frame.index)
        if start == part.first:
            for note in writer.notes:
                report(Note(note))

    segments = _written(part, "", write, report)
    return lambda draft: join_layers(segments, draft, like=info, sound_from=job.take.path)


def _written(
    part: _Range,
    suffix: str,
    write: Callable[[Path, int, int, Callable[[int], None]], None],
    report: Report,
) -> list[Path]:
    with disk_trouble_named(part.folder):
        part.folder.mkdir(parents=True, exist_ok=True)
    total = part.end - part.first
    segments = []
    for start in range(part.first, part.end, SEGMENT):
        stop = min(start + SEGMENT, part.end)
        path = part.folder / f"{start:08d}-{stop:08d}{suffix}"
        segments.append(path)
        report(Progress(start - part.first, total))
        if not path.exists():
            write(path, start, stop, lambda index: report(Progress(index + 1 - part.first, total)))
    report(Progress(total, total))
    return segments


def _write_pictures(
    workspace: Workspace,
    job: MergeJob,
    span: tuple[int, int],
    alpha: bool,
    consent: ConsentRecord,
    report: Report,
) -> Path:
    from dataclasses import replace

    from recast.stages.finish import sign_list
    from recast.stages.merge_frames import merged
    from recast.video import NOTE_NAME, PictureNote, read_note, write_pictures

    folder, (first, end) = workspace.merged_folder, span
    with disk_trouble_named(folder):
        folder.mkdir(parents=True, exist_ok=True)
    made_of = {"merged": job.take.path.name, "watermark": job.watermark_name}
    note = read_note(folder) or PictureNote.like(job.take.info, made_of)
    replace(note, made_of=made_of).save(folder)  # tells later that recast wrote them
    workspace.note_watermark(job.watermark_name, folder)
    frames = (
        replace(one.frame, image=_image(one, alpha))
        for one in merged(job, first, end, layers=alpha)
    )
    for frame in write_pictures(folder, frames, length=len(job.take), suffix=".png"):
        report(Progress(frame.index + 1 - first, end - first))
    about: dict[str, Any] = {"consent": consent, "model": job.made_by}
    listed = folder / NOTE_NAME
    sign_list(workspace, listed, watermark=job.watermark_name, report=report, **about)
    return folder


def _image(one: Merged, alpha: bool) -> FrameImage:
    """The merged frame; with alpha, a fourth channel says how much of the faces shows."""
    import numpy as np

    image = one.composed.image
    if not alpha:
        return image
    assert one.composed.alpha is not None
    return np.dstack([image, _in_depth(one.composed.alpha, image)])


def _face_and_matte(one: Merged) -> tuple[FrameImage | None, Any]:
    """The layer of faces, RGBA, and its matte, in the depth of the take; None without a face."""
    import numpy as np

    done = one.composed
    if done.alpha is None or done.layer is None or not done.alpha.any():
        return None, None
    matte = _in_depth(done.alpha, one.frame.image)
    face = _in_depth(done.layer, one.frame.image)
    return np.dstack([face, matte]), matte


def _in_depth(values: Mask, like: FrameImage) -> Any:
    import numpy as np

    return np.rint(values.clip(0, 1) * np.iinfo(like.dtype).max).astype(like.dtype)


def _crops(job: MergeJob, one: Merged) -> list[Any]:
    from recast.video import PlacedCrop

    return [
        PlacedCrop(
            face.placed,
            job.models[face.name].described.resolution,
            job.models[face.name].described.framing,
            face.track,
        )
        for face in one.placed
    ]


def _fingerprint(out: Path) -> dict[str, Any]:
    """Tells whether a result is still the one that was written."""
    if not out.exists():
        return {"path": str(out.absolute())}
    state = out.stat()
    size = state.st_size if out.is_file() else len(list(out.iterdir()))
    return {"path": str(out.absolute()), "bytes": size, "changed": state.st_mtime_ns}


def _finished(folder: Path) -> Any:
    try:
        return read_json(folder / "finished.json")
    except (OSError, ValueError):
        return None
