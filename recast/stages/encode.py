"""Make a video of merged pictures, with dst's timing and sound."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from recast.errors import WorkspaceUnusable
from recast.events import Note, Progress, Report, Started, silent
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.video import Take, TakeInfo
    from recast.video.folder import FolderTake


FormatName = Literal[
    "mp4",
    "avi",
    "mp4-lossless",
    "mov-alpha",
    "prores4444",
    "prores422hq",
    "dnxhr",
    "ffv1",
    "hevc10",
    "av1",
    "png",
    "tiff",
    "exr",
]
"""The names of `recast.video.FORMATS`; a test compares them."""


class EncodeOptions(BaseModel, frozen=True, extra="forbid"):
    """What kind of result is written."""

    format: FormatName = Field("mp4", description="Container and codec; see the page on outputs.")
    crf: int = Field(
        14, ge=0, le=40, description="Quality of mp4, hevc10 and av1; lower is finer and larger."
    )
    bitrate: float | None = Field(
        None, gt=0, le=1000, description="Mbit/s in place of a quality, 16 for example."
    )


def run(
    workspace: Workspace,
    options: EncodeOptions,
    report: Report = silent,
    *,
    pictures: Path | None = None,
    out: Path | None = None,
) -> Path:
    """Encode data_dst/merged (or `pictures`) and return the finished, signed file or folder.

    Transparency of the pictures is kept where the format holds it.

    Raises:
        ConsentMissing: nobody recorded that src's face may be used.
        WorkspaceUnusable: there are no pictures, or not one for each frame of dst.
        OptionUnusable: `out` cannot take a result, or the format has no bitrate.
        TakeUnwritable: the format cannot hold these pictures.
    """
    from datetime import UTC, datetime

    from recast.provenance import require_consent
    from recast.stages.finish import check_out, finish
    from recast.stages.takes import whole_take
    from recast.video import FORMATS, check_writable

    consent = require_consent(workspace.consent, datetime.now(UTC).date())
    out = out or workspace.result_as(FORMATS[options.format].suffix)
    check_out(workspace, out, options.format)
    dst = whole_take(workspace, "dst")
    merged = _pictures(workspace, pictures or workspace.merged_folder, dst)
    alpha = FORMATS[options.format].alpha and merged.has_alpha
    like = _like(dst.info, merged.info)
    check_writable(options.format, like, alpha=alpha, bitrate=options.bitrate)
    report(Started("encode", f"{merged.path} as {options.format}"))
    if merged.has_alpha and not alpha:
        text = f"{options.format} holds no transparency: that of the pictures is left out"
        report(Note(text, warning=True))

    def write(draft: Path) -> tuple[str, ...]:
        return _write(draft, merged, dst, options, alpha=alpha, report=report)

    ingredients = [workspace.original_path(side) for side in ("dst", "src")]
    watermark = _watermark(merged.path)
    finish(
        out,
        write,
        consent=consent,
        model="merged pictures",
        ingredients=ingredients,
        report=report,
        watermark=watermark,
    )
    workspace.note_watermark(watermark, out)
    return out


def _watermark(folder: Path) -> str:
    """What the merge that wrote these pictures drew into them; empty if nobody noted it."""
    from recast.video import read_note

    note = read_note(folder)
    return str(note.made_of.get("watermark", "")) if note else ""


def _pictures(workspace: Workspace, folder: Path, dst: Take) -> FolderTake:
    from recast.video import open_take
    from recast.video.folder import FolderTake

    if not folder.is_dir():
        raise WorkspaceUnusable(
            f"{folder} holds no merged pictures",
            f"make them: recast merge {workspace.root} --pictures",
        )
    merged = open_take(folder)
    assert isinstance(merged, FolderTake)
    if len(merged) != len(dst) or merged.info.size != dst.info.size:
        raise WorkspaceUnusable(
            f"{folder} holds {len(merged)} pictures of {_size(merged.info.size)}, "
            f"the dst take {len(dst)} frames of {_size(dst.info.size)}",
            "merge all frames to pictures again, or name another folder with --from",
        )
    return merged


def _like(dst: TakeInfo, merged: TakeInfo) -> TakeInfo:
    """The dst take, in the depth of the pictures if theirs is greater."""
    if dst.depth > 8 or merged.depth <= 8:
        return dst
    return replace(dst, depth=merged.depth, pixel_format="yuv444p16le")


def _write(
    draft: Path,
    merged: FolderTake,
    dst: Take,
    options: EncodeOptions,
    *,
    alpha: bool,
    report: Report,
) -> tuple[str, ...]:
    from recast.video import open_writer

    with open_writer(
        draft,
        _like(dst.info, merged.info),
        format=options.format,
        alpha=alpha,
        sound_from=dst.path,
        crf=options.crf,
        bitrate=options.bitrate,
    ) as writer:
        for frame in dst:
            picture = merged.frame(frame.index, alpha=alpha)
            writer.write(picture.image, frame.moment, frame.plate)
            report(Progress(frame.index + 1, len(dst)))
    return writer.notes


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
