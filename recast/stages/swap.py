"""The whole job: from two takes to the finished one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recast.events import Preview, Report, silent
from recast.stages.extract import ExtractOptions
from recast.stages.merge import MergeOptions, frame_range
from recast.stages.train_options import TrainOptions
from recast.workspace import SIDES, Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from recast.provenance import ConsentRecord
    from recast.video import Take

SHOWN = 5  # frames on the sheet
HEIGHT = 360  # of each, pixels


@dataclass(frozen=True)
class SwapResult:
    """The finished video, the sheet that compares it with dst, and the workspace."""

    video: Path
    sheet: Path
    workspace: Path


def run(
    workspace: Workspace,
    *,
    extract: ExtractOptions,
    train: TrainOptions,
    merge: MergeOptions,
    report: Report = silent,
    out: Path | None = None,
) -> SwapResult:
    """Extract both takes, train, merge; what is finished already is not done again.

    Raises:
        ConsentMissing: nobody recorded that src's face may be used.
        TakeUnreadable: a take is cut off or damaged.
        OptionUnusable: `out` cannot take a result, or an option does not fit the takes.
    """
    from datetime import UTC, datetime

    from recast.provenance import require_consent
    from recast.stages.finish import check_out
    from recast.stages.takes import whole_take
    from recast.video import FORMATS, open_take

    consent = require_consent(workspace.consent, datetime.now(UTC).date())
    _, dst = (whole_take(workspace, side) for side in SIDES)
    first, _ = frame_range(merge.frames, len(dst))
    check_out(workspace, out or workspace.result_as(FORMATS[merge.format].suffix), merge.format)
    for side in SIDES:
        workspace.extract(side, report=report, **extract.model_dump())
    workspace.train(report=report, **train.model_dump())
    merged = merge.model_copy(update={"name": train.name or train.model})
    video = workspace.merge(report=report, out=out, **merged.model_dump())
    if video.is_file():
        sheet = comparison(dst, open_take(video), first=first)
        _save_sheet(workspace, sheet, consent=consent, model=train.model, report=report)
    return SwapResult(video, workspace.sheet, workspace.root)


def _save_sheet(
    workspace: Workspace,
    sheet: NDArray[np.uint8],
    *,
    consent: ConsentRecord,
    model: str,
    report: Report,
) -> None:
    """Write the picture that shows dst and result; it is signed, for it shows the new face."""
    from recast import images
    from recast.stages.finish import finish

    def write(draft: Path) -> tuple[str, ...]:
        images.save(draft, sheet)
        return ()

    takes = [workspace.original_path(side) for side in ("dst", "src")]
    finish(workspace.sheet, write, consent=consent, model=model, ingredients=takes, report=report)
    report(Preview(workspace.sheet))


def comparison(dst: Take, result: Take, *, first: int = 0) -> NDArray[np.uint8]:
    """Frames spread over the result, dst above it, as one picture.

    `first` is the frame of dst with which the result begins.
    """
    import cv2
    import numpy as np

    from recast.images import upper_8_bits

    length = min(len(dst) - first, len(result))
    chosen = np.linspace(0, length - 1, min(SHOWN, length)).round().astype(int)

    def strip(take: Take, first: int) -> NDArray[np.uint8]:
        shown = []
        for index in chosen:
            image = upper_8_bits(take.frame(first + int(index)).image)
            width = round(image.shape[1] * HEIGHT / image.shape[0])
            shown.append(cv2.resize(image, (width, HEIGHT), interpolation=cv2.INTER_AREA))
        return np.asarray(np.hstack(shown), np.uint8)

    return np.vstack([strip(dst, first), strip(result, 0)])
