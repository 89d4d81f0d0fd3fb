"""Make a video of merged pictures, with dst's timing and sound."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from recast.errors import WorkspaceUnusable
from recast.events import Progress, Report, Started, silent
from recast.workspace import Workspace


class EncodeOptions(BaseModel, frozen=True, extra="forbid"):
    """What kind of video is written."""

    format: Literal["mp4"] = Field("mp4", description="Container and codec: mp4 is H.264.")
    crf: int = Field(14, ge=0, le=40, description="H.264 quality; lower is finer and larger.")


def run(
    workspace: Workspace,
    options: EncodeOptions,
    report: Report = silent,
    *,
    pictures: Path | None = None,
    out: Path | None = None,
) -> Path:
    """Encode data_dst/merged (or `pictures`) and return the finished, signed file.

    Raises:
        ConsentMissing: nobody recorded that src's face may be used.
        WorkspaceUnusable: there are no pictures, or not one for each frame of dst.
        OptionUnusable: `out` cannot take a result.
    """
    from datetime import UTC, datetime

    from recast.provenance import require_consent
    from recast.stages.finish import check_out, finish
    from recast.stages.takes import whole_take
    from recast.video import TakeWriter, open_take

    consent = require_consent(workspace.consent, datetime.now(UTC).date())
    out = out or workspace.result
    check_out(workspace, out)
    folder = pictures or workspace.merged_folder
    if not folder.is_dir():
        raise WorkspaceUnusable(
            f"{folder} holds no merged pictures",
            f"make them: recast merge {workspace.root} --pictures",
        )
    merged, dst = open_take(folder), whole_take(workspace, "dst")
    if len(merged) != len(dst) or merged.info.size != dst.info.size:
        raise WorkspaceUnusable(
            f"{folder} holds {len(merged)} pictures of {_size(merged.info.size)}, "
            f"the dst take {len(dst)} frames of {_size(dst.info.size)}",
            "merge all frames to pictures again, or name another folder with --from",
        )
    report(Started("encode", f"{folder} as {options.format}"))

    def write(draft: Path) -> tuple[str, ...]:
        with TakeWriter(draft, dst.info, sound_from=dst.path, crf=options.crf) as writer:
            for picture, frame in zip(merged, dst, strict=True):
                writer.write(picture.image, frame.moment)
                report(Progress(frame.index + 1, len(dst)))
        return writer.notes

    ingredients = [workspace.original_path(side) for side in ("dst", "src")]
    finish(
        out, write, consent=consent, model="merged pictures", ingredients=ingredients, report=report
    )
    return out


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
