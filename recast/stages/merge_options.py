"""What can be chosen for a merge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from recast.errors import OptionUnusable
from recast.stages.encode import FormatName
from recast.stages.keep_person import LikenessOptions

if TYPE_CHECKING:
    from recast.merging import Calm, Look

_MASK = "learned|dst|hull|mesh|segmentation"


class LookOptions(BaseModel, frozen=True, extra="forbid"):
    """How the drawn face joins the frame: these may change along the take."""

    mode: Literal[
        "original",
        "overlay",
        "hist-match",
        "hist-match-bw",
        "seamless",
        "seamless-hist-match",
        "pyramid",
        "raw-rgb",
        "raw-rgb-mask",
        "raw-mask",
        "raw-predict",
    ] = Field("overlay", description="How face and frame meet, or what is shown instead.")
    mask: str = Field(
        "learned",
        pattern=rf"^({_MASK})([*+]({_MASK}))*$",
        description="Where the face shows: learned, dst, hull, mesh, segmentation; joined by * "
        "(where both show) or + (where either does), such as learned*mesh.",
    )
    color_match: Literal["none", "light", "rct", "lct", "mkl", "idt", "sot", "mix", "hist"] = Field(
        "light", description="How the face takes on dst's colours."
    )
    tone: float | None = Field(
        None,
        ge=0,
        le=1,
        description="How far the skin's own colour moves to dst's; 0.2 with light, else 1, "
        "if not given.",
    )
    color_area: Literal["mask", "crop"] = Field(
        "mask", description="Which pixels colours are measured on."
    )
    masked_hist_match: bool = Field(
        True, description="Match histograms over the mask alone, not over the whole crop."
    )
    hist_threshold: float = Field(
        238, ge=0, le=255, description="Lower keeps matched histograms out of dst's highlights."
    )
    grow: float = Field(
        0.0,
        ge=-0.5,
        le=0.5,
        description="Moves the mask's edge out, or in if negative; in parts of the crop's side.",
    )
    feather: float = Field(
        0.06, ge=0, le=0.5, description="Width of the mask's soft edge, in parts of the side."
    )
    border: float = Field(
        1 / 32, ge=0, le=0.25, description="Border of the crop that never shows, likewise."
    )
    seamless_grow: float = Field(
        0.0,
        ge=-0.25,
        le=0.25,
        description="Moves the line on which seamless meets the frame, likewise.",
    )
    sharpen: float = Field(0, ge=-100, le=100, description="Sharpens, or softens if negative.")
    sharpen_mode: Literal["box", "gaussian"] = Field(
        "gaussian", description="The filter that sharpens."
    )
    motion_blur: float = Field(
        0, ge=0, le=100, description="Streaks the face along its motion, percent of the motion."
    )
    denoise: float = Field(0, ge=0, le=100, description="Degrades the face by a median filter.")
    bicubic: float = Field(
        0, ge=0, le=100, description="Degrades the face by making it smaller and larger again."
    )
    palette: float = Field(
        0, ge=0, le=100, description="Degrades the face to 256 colours of the frame, percent."
    )
    face_scale: float = Field(
        0, ge=-50, le=50, description="Makes the face larger or smaller, percent."
    )
    grain: float = Field(
        1, ge=0, le=4, description="How much of the plate's grain the face is given; 1 is all."
    )


class MergeOptions(LookOptions, LikenessOptions, frozen=True, extra="forbid"):
    """How a take is merged. Lengths are parts of the face crop's side."""

    name: str = Field("", description="Which training to use, if there are several.")
    people: Path | None = Field(
        None, description="JSON file that says which training each track or person of dst gets."
    )
    shots: Path | None = Field(
        None, description="JSON list of ranges of frames with options of their own."
    )
    cuts: bool = Field(True, description="Find the take's cuts; nothing is smoothed over one.")
    smooth: bool = Field(True, description="Calm the landmarks along the take.")
    color_smooth: float = Field(
        2, ge=0, le=25, description="Calm colours and grain over about this many frames."
    )
    mask_smooth: float = Field(
        1, ge=0, le=25, description="Calm the mask over about this many frames."
    )
    frames: str = Field(
        "",
        pattern=r"^(\d*:\d*)?$",
        description="Only these frames, as FIRST:END, counted from 0; END is not included.",
    )
    device: str = Field("best", description="Where the network runs: best, cpu, cuda, cuda:N, mps.")
    format: FormatName = Field("mp4", description="Container and codec; see the page on outputs.")
    crf: int = Field(
        14, ge=0, le=40, description="Quality of mp4, hevc10 and av1; lower is finer and larger."
    )
    bitrate: float | None = Field(
        None, gt=0, le=1000, description="Mbit/s in place of a quality, 16 for example."
    )
    alpha: bool = Field(
        False, description="Write the mask as transparency; the format must hold it."
    )
    label: str = Field(
        "",
        description="Notice in a corner of every frame: a language, such as en, or your own text.",
    )
    watermark_network: Path | None = Field(
        None,
        description="ONNX network that draws a second watermark, such as TrustMark's "
        "encoder_Q.onnx.",
    )
    pictures: bool = Field(
        False, description="Write PNG pictures to data_dst/merged instead of a video."
    )


def look_of(options: LookOptions) -> Look:
    """The same, as merging takes it."""
    from recast.merging import Look

    return Look(**options.model_dump(include=set(LookOptions.model_fields)))


def calm_of(options: MergeOptions) -> Calm:
    """How colours and masks are calmed along a track."""
    from recast.merging import Calm

    return Calm(options.color_smooth, options.mask_smooth)


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
