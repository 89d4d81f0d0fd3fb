"""One frame under given settings, at once; and many frames under many modes, as one picture."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from recast.events import Note, Preview, Progress, Report, Started, silent
from recast.stages.merge_job import MergeJob, network_of, prepare
from recast.stages.merge_options import (
    LookOptions,
    MergeOptions,
    calm_of,
    frame_range,
    look_of,
)
from recast.stages.merge_shots import Looks
from recast.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from recast.images import FrameImage
    from recast.merging.window import Faces
    from recast.video import Frame

COMPARED_MODES = tuple(
    mode
    for mode in get_args(LookOptions.model_fields["mode"].annotation)
    if mode != "raw-rgb-mask"  # looks like raw-rgb without its alpha
)
COMPARED_FRAMES = 4
HEIGHT = 240  # of each picture, pixels
KEPT = 64  # drawn frames that a preview remembers, beside the settings they were drawn for


@dataclass
class MergePreview:
    """A prepared merge that shows single frames under any settings; not for several threads.

    What the network drew for a frame is kept, so another look at it, or at the next frame, takes
    a few hundredths of a second.
    """

    job: MergeJob
    _known: OrderedDict[tuple[int, str], Faces[Frame]] = field(default_factory=OrderedDict)

    def preview(
        self, index: int, options: LookOptions | None = None, *, calmed: bool = True
    ) -> FrameImage:
        """The merged frame; without options as the whole merge would show it.

        Not `calmed`, the frames around it are left out: they need not be drawn, which saves most
        of the time with a slow model, and colour and mask may differ a little from the merge's.

        Raises:
            IndexError: the take has no such frame.
        """
        from recast.merging.window import Calm, calmed_one
        from recast.stages.merge_frames import composed

        if not 0 <= index < len(self.job.take):
            raise IndexError(f"frame {index} of a take of {len(self.job.take)}")
        job = self.job
        if options is not None:
            calm = calm_of(options) if isinstance(options, MergeOptions) else job.calm
            job = replace(job, looks=Looks(look_of(options)), calm=calm)
        if not calmed:
            job = replace(job, calm=Calm())
        first = max(0, index - job.calm.reach)
        window = self._drawn(job, first, min(len(job.take), index + job.calm.reach + 1))
        return composed(job, calmed_one(window, index - first, job.calm)).composed.image

    def _drawn(self, job: MergeJob, first: int, end: int) -> list[Faces[Frame]]:
        from recast.stages.merge_frames import drawn_frames

        def key(index: int) -> tuple[int, str]:
            look = job.looks.at(index)
            return index, f"{look.mask} {look.color_area} {bool(look.grain)}"

        missing = [index for index in range(first, end) if key(index) not in self._known]
        if missing:
            between = job.take.frames(missing[0], missing[-1] + 1)
            for drawn in drawn_frames(job, [f for f in between if f.index in missing]):
                self._known[key(drawn.payload.index)] = drawn
        for index in range(first, end):
            self._known.move_to_end(key(index))
        while len(self._known) > max(KEPT, end - first):
            self._known.popitem(last=False)
        return [self._known[key(index)] for index in range(first, end)]


def open_preview(
    workspace: Workspace, options: MergeOptions, report: Report = silent
) -> MergePreview:
    """Prepare a preview: the model is loaded and every face placed.

    Raises:
        ConsentMissing, WorkspaceUnusable, NoFaceFound, OptionUnusable, TakeUnreadable: as a merge.
    """
    from datetime import UTC, datetime

    from recast.provenance import require_consent
    from recast.stages import guard
    from recast.stages.takes import whole_take

    require_consent(workspace.consent, datetime.now(UTC).date())
    take = whole_take(workspace, "dst")
    network = network_of(options)
    guard.run(workspace, report)
    return MergePreview(prepare(workspace, options, take, report, network=network))


def compare(
    workspace: Workspace, options: MergeOptions, report: Report = silent, *, out: Path | None = None
) -> Path:
    """Write a picture: some frames of the take, one below the other, under every mode.

    All options but the mode count; tracks are numbered where there are several. It is signed.

    Raises:
        OptionUnusable: the range of frames is empty.
        ConsentMissing, WorkspaceUnusable, NoFaceFound, TakeUnreadable: as a merge.
    """
    from datetime import UTC, datetime

    from recast import images
    from recast.provenance import require_consent
    from recast.stages.finish import finish

    consent = require_consent(workspace.consent, datetime.now(UTC).date())
    shown = open_preview(workspace, options, report)
    job = shown.job
    out = out or workspace.compared
    first, end = frame_range(options.frames, len(job.take))
    frames = _chosen([index for index in sorted(job.places) if first <= index < end])
    report(Started("compare", f"{len(frames)} frames in {len(COMPARED_MODES)} modes"))
    if not frames:
        report(Note("None of these frames shows a face that is replaced.", warning=True))
        frames = [first]
    rows = []
    for number, index in enumerate(frames):
        rows.append(_row(shown, index, options))
        report(Progress(number + 1, len(frames)))

    def write(draft: Path) -> tuple[str, ...]:
        images.save(draft, _grid(rows))
        return ()

    ingredients = [workspace.original_path(side) for side in ("dst", "src")]
    finish(out, write, consent=consent, model=job.made_by, ingredients=ingredients, report=report)
    report(Preview(out))
    return out


def _chosen(frames: Sequence[int]) -> list[int]:
    """Some frames, spread evenly."""
    count = min(COMPARED_FRAMES, len(frames))
    return [frames[round((at + 0.5) * len(frames) / count - 0.5)] for at in range(count)]


def _row(
    shown: MergePreview, index: int, options: MergeOptions
) -> list[tuple[str, NDArray[np.uint8]]]:
    row = []
    for mode in COMPARED_MODES:
        image = shown.preview(index, options.model_copy(update={"mode": mode}))
        small = _small(image)
        if mode == "original":
            _number_tracks(small, shown, index, small.shape[0] / image.shape[0])
        row.append((f"{index}  {mode}" if mode == "original" else mode, small))
    return row


def _small(image: FrameImage) -> NDArray[np.uint8]:
    import cv2
    import numpy as np

    from recast.images import upper_8_bits

    width = max(1, round(image.shape[1] * HEIGHT / image.shape[0]))
    image = upper_8_bits(image)
    return np.asarray(cv2.resize(image, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _number_tracks(
    picture: NDArray[np.uint8], shown: MergePreview, index: int, zoom: float
) -> None:
    here = shown.job.places.get(index, [])
    if len({face.track for faces in shown.job.places.values() for face in faces}) < 2:
        return
    for face in here:
        top = face.placed.inverse().apply(face.landmarks)
        x, y = float(top[:, 0].mean()) * zoom, float(top[:, 1].min()) * zoom
        _write(picture, str(face.track), (int(x) - 5, max(12, int(y) - 4)))


def _write(picture: NDArray[np.uint8], text: str, at: tuple[int, int]) -> None:
    import cv2

    for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, width, cv2.LINE_AA)


def _grid(rows: list[list[tuple[str, NDArray[np.uint8]]]]) -> NDArray[np.uint8]:
    """Two lines of modes for each frame, every picture with its name."""
    import numpy as np

    lines = []
    for row in rows:
        for name, picture in row:
            _write(picture, name, (6, 16))
        half = (len(row) + 1) // 2
        pictures = [picture for _, picture in row]
        pictures += [np.zeros_like(pictures[0])] * (2 * half - len(pictures))
        lines += [np.hstack(pictures[:half]), np.hstack(pictures[half:])]
    return np.vstack(lines)
