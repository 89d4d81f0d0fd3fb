"""Make a video of how a model learned: its previews, one after another."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from recast.errors import WorkspaceUnusable
from recast.events import Note, Progress, Report, Started, silent
from recast.stages.trainings import chosen_training
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.images import FrameImage


class TimelapseOptions(BaseModel, frozen=True, extra="forbid"):
    """How previews become a video."""

    name: str = Field("", description="Which training to show, if there are several.")
    rate: float = Field(10.0, ge=1, le=60, description="Previews a second.")
    hold: float = Field(2.0, ge=0, le=60, description="Seconds that the last one stays.")
    crf: int = Field(18, ge=0, le=40, description="H.264 quality; lower is finer and larger.")


def run(
    workspace: Workspace,
    options: TimelapseOptions,
    report: Report = silent,
    *,
    out: Path | None = None,
) -> Path:
    """Write the previews of a training as a signed video and return it.

    Raises:
        ConsentMissing: nobody recorded that src's face may be used.
        WorkspaceUnusable: there is no such training, or it left no previews.
        OptionUnusable: `out` cannot take a result.
    """
    from datetime import UTC, datetime

    from recast.provenance import require_consent
    from recast.stages.finish import check_out, finish
    from recast.training.description import Description
    from recast.training.preview import previews
    from recast.video import TakeWriter, open_take

    consent = require_consent(workspace.consent, datetime.now(UTC).date())
    folder = workspace.model_folder(chosen_training(workspace, options.name))
    out = out or folder / "timelapse.mp4"
    check_out(workspace, out)
    shown = previews(folder / "preview")
    if not shown:
        raise WorkspaceUnusable(
            f"{folder / 'preview'} holds no previews",
            "train with --preview-history, which is the default",
        )
    described = Description.load(folder)
    rate = Fraction(options.rate).limit_denominator(1000)
    info = replace(open_take(folder / "preview", rate=rate).info, length=len(shown))
    last = _picture(shown[-1])
    info = replace(info, size=(last.shape[1], last.shape[0]))
    held = max(1, round(options.hold * options.rate))
    report(Started("timelapse", f"{folder.name}: {len(shown)} previews"))

    def write(draft: Path) -> tuple[str, ...]:
        with TakeWriter(draft, info, crf=options.crf) as writer:
            for index, path in enumerate(shown + shown[-1:] * (held - 1)):
                picture = _picture(path)
                if picture.shape == last.shape:
                    writer.write(picture, index / rate)
                else:
                    report(Note(f"{path} has another size than the newest preview: left out."))
                report(Progress(min(index + 1, len(shown)), len(shown), "previews"))
        return writer.notes

    finish(
        out,
        write,
        consent=consent,
        model=f"{described.model} (its previews while training)",
        ingredients=[workspace.original_path(side) for side in ("dst", "src")],
        report=report,
    )
    return out


def _picture(path: Path) -> FrameImage:
    from recast import images

    return images.load(path)
