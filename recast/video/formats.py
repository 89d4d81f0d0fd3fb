"""What results can be written as: container, codec, samples, and what each can hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import av

from recast.errors import OptionUnusable, TakeUnwritable
from recast.language import sentence
from recast.video.take import TakeInfo
from recast.video.yuv import YuvLayout

CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".avi": "avi"}
"""The muxer for a file's suffix."""
_SAMPLES_KEPT = tuple(
    f"yuv{layout}p{depth}" for layout in ("420", "422", "444") for depth in ("", "10le")
)


@dataclass(frozen=True)
class Samples:
    """An encoder and the pixel format it is fed."""

    codec: str
    pixel_format: str
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Format:
    """A kind of result. `plain` is for takes of 8 bits, `deep` for those of more.

    `odd` replaces the pixel format of pictures with an odd side. Pixel formats in `kept` are
    written as they are, so that samples nobody touched stay themselves. `with_alpha` takes
    frames of four channels, not premultiplied unless `premultiplied`. Pictures, one file a
    frame, have a `picture` suffix and no codec. Segments of a merge end in `segment`. `matrix`
    (H.273) is used whatever the take's, where a codec's own header can name no other.
    """

    name: str
    about: str
    suffix: str
    plain: Samples | None = None
    deep: Samples | None = None
    odd: dict[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    with_alpha: tuple[Samples, Samples] | None = None
    rgb: tuple[Samples, Samples] | None = None
    lossless: bool = False
    crf_scale: float | None = None
    bitrate: bool = False
    variable_rate: bool = True
    smallest: tuple[int, int] = (2, 2)
    segment: str = ".mp4"
    picture: str = ""
    premultiplied: bool = False
    matrix: int | None = None

    @property
    def alpha(self) -> bool:
        """Whether frames may carry transparency."""
        return self.with_alpha is not None or bool(self.picture)

    def samples(self, like: TakeInfo, *, alpha: bool) -> Samples:
        """How frames of this take are coded.

        Raises:
            TakeUnwritable: the format holds no alpha, or no pictures of this size, or this
                machine has no encoder for it.
        """
        if alpha and self.with_alpha is None:
            raise TakeUnwritable(f"{self.name} holds no transparency", _with_alpha_named())
        is_deep = like.depth > 8
        if alpha and self.with_alpha:
            chosen = self.with_alpha[is_deep]
        elif self.rgb and YuvLayout.of(like.pixel_format) is None:
            chosen = self.rgb[is_deep]
        else:
            chosen = self._of_take(like)
        self._check(chosen, like.size)
        return chosen

    def _of_take(self, like: TakeInfo) -> Samples:
        chosen = self.deep if like.depth > 8 else self.plain
        if chosen is None:
            raise TakeUnwritable(f"{self.name} is no video", "write pictures with open_writer")
        own = like.pixel_format.replace("yuvj", "yuv").replace("yuva", "yuv")
        if own in self.kept:
            return Samples(chosen.codec, own, chosen.options)
        odd = any(side % 2 for side in like.size)
        pixel_format = self.odd.get(chosen.pixel_format) if odd else None
        return Samples(chosen.codec, pixel_format or chosen.pixel_format, chosen.options)

    def _check(self, chosen: Samples, size: tuple[int, int]) -> None:
        if chosen.codec not in av.codecs_available:
            raise TakeUnwritable(
                f"this machine cannot write {self.name}: PyAV has no encoder {chosen.codec}",
                "install PyAV from its wheel, or choose another format",
            )
        if any(side < least for side, least in zip(size, self.smallest, strict=True)):
            raise TakeUnwritable(
                f"{self.name} begins at {self.smallest[0]}x{self.smallest[1]} pixels, "
                f"the take has {size[0]}x{size[1]}",
                "choose another format: prores422hq and ffv1 take any size",
            )

    def check_name(self, out: Path) -> None:
        """Refuse a name whose suffix says something else than this format."""
        suffix = out.suffix.lower()
        if self.picture and suffix in CONTAINERS:
            raise OptionUnusable(
                f"{out} is named like a file, but {self.name} is a folder of pictures",
                f"name a folder, such as {out.with_suffix('')}",
            )
        if not self.picture and suffix != self.suffix:
            raise OptionUnusable(
                f"{out} does not end in {self.suffix}",
                f"{self.name} is written as {self.suffix}: name it {out.stem}{self.suffix}",
            )


def _pictures(name: str, about: str, picture: str) -> Format:
    return Format(name, about, "", picture=picture, segment="")


def _x264(pixel_format: str, **options: str) -> Samples:
    return Samples("libx264", pixel_format, options)


_X265 = Samples("libx265", "yuv420p10le", {"x265-params": "open-gop=0:log-level=error"})
_DNXHR = Samples("dnxhd", "yuv422p10le", {"profile": "dnxhr_hqx"})
_PRORES_HQ = Samples("prores_ks", "yuv422p10le", {"profile": "hq", "vendor": "apl0"})
_PRORES = {"profile": "4444", "vendor": "apl0"}
_FFV1 = {"level": "3", "slices": "4", "slicecrc": "1", "g": "1"}
_MJPEG = Samples("mjpeg", "yuvj422p", {"qmin": "1", "qmax": "3", "huffman": "optimal"})
_ODD = {"yuv420p": "yuv444p", "yuv420p10le": "yuv444p10le"}

FORMATS: dict[str, Format] = {
    "mp4": Format(
        "mp4",
        "H.264: what everything plays; the result to look at and to send",
        ".mp4",
        plain=_x264("yuv420p"),
        deep=_x264("yuv420p10le"),
        odd=_ODD,
        crf_scale=1.0,
        bitrate=True,
    ),
    "avi": Format(
        "avi",
        "Motion JPEG: for old programs; 8 bits, one constant rate",
        ".avi",
        plain=_MJPEG,
        deep=_MJPEG,
        variable_rate=False,
        segment=".mov",
    ),
    "mp4-lossless": Format(
        "mp4-lossless",
        "H.264 without loss: ffmpeg, VLC, mpv, Resolve and Blender read it; it holds no alpha",
        ".mp4",
        plain=_x264("yuv444p10le", qp="0"),
        deep=_x264("yuv444p10le", qp="0"),
        kept=_SAMPLES_KEPT,
        lossless=True,
    ),
    "mov-alpha": Format(
        "mov-alpha",
        "without loss and with alpha: QuickTime Animation for 8 bits, PNG for more",
        ".mov",
        plain=Samples("qtrle", "rgb24"),
        deep=Samples("png", "rgb48be"),
        with_alpha=(Samples("qtrle", "argb"), Samples("png", "rgba64be")),
        rgb=(Samples("qtrle", "rgb24"), Samples("png", "rgb48be")),
        lossless=True,
        segment=".mov",
    ),
    "prores4444": Format(
        "prores4444",
        "Apple ProRes 4444, 10 bits, with alpha: for every editor and compositor",
        ".mov",
        plain=Samples("prores_ks", "yuv444p10le", _PRORES),
        deep=Samples("prores_ks", "yuv444p10le", _PRORES),
        with_alpha=(Samples("prores_ks", "yuva444p10le", {**_PRORES, "alpha_bits": "16"}),) * 2,
        segment=".mov",
    ),
    "prores422hq": Format(
        "prores422hq",
        "Apple ProRes 422 HQ, 10 bits: for every editor",
        ".mov",
        plain=_PRORES_HQ,
        deep=_PRORES_HQ,
        segment=".mov",
    ),
    "dnxhr": Format(
        "dnxhr",
        "Avid DNxHR HQX, 10 bits in a mov: for Avid, Premiere and Resolve",
        ".mov",
        plain=_DNXHR,
        deep=_DNXHR,
        smallest=(256, 120),
        matrix=1,
        segment=".mov",
    ),
    "ffv1": Format(
        "ffv1",
        "FFV1 in Matroska: without loss, any depth, with alpha; made for archives",
        ".mkv",
        plain=Samples("ffv1", "yuv420p", _FFV1),
        deep=Samples("ffv1", "yuv420p10le", _FFV1),
        kept=(*_SAMPLES_KEPT, *(f"yuv{x}p{d}le" for x in (420, 422, 444) for d in (12, 16))),
        with_alpha=(Samples("ffv1", "bgra", _FFV1), Samples("ffv1", "rgba64le", _FFV1)),
        rgb=(Samples("ffv1", "bgr0", _FFV1), Samples("ffv1", "rgb48le", _FFV1)),
        lossless=True,
        segment=".mkv",
    ),
    "hevc10": Format(
        "hevc10",
        "HEVC, 10 bits: HDR for televisions, phones and QuickTime",
        ".mp4",
        plain=_X265,
        deep=_X265,
        odd=_ODD,
        crf_scale=1.0,
        bitrate=True,
    ),
    "av1": Format(
        "av1",
        "AV1: the smallest files; browsers, VLC and mpv play it",
        ".mp4",
        plain=Samples("libsvtav1", "yuv420p"),
        deep=Samples("libsvtav1", "yuv420p10le"),
        crf_scale=63 / 51,
        bitrate=True,
        smallest=(64, 64),
    ),
    "png": _pictures("png", "PNG pictures of 8 or 16 bits, with alpha", ".png"),
    "tiff": _pictures("tiff", "TIFF pictures of 16 bits, with alpha", ".tif"),
    "exr": replace(
        _pictures("exr", "OpenEXR pictures, half floats, scene-linear, with alpha", ".exr"),
        premultiplied=True,
    ),
}
"""Every kind of result by name."""


def format_named(name: str) -> Format:
    """The format of that name; OptionUnusable if there is none."""
    if name not in FORMATS:
        raise OptionUnusable(f"there is no format {name}", f"choose one of: {', '.join(FORMATS)}")
    return FORMATS[name]


def _with_alpha_named() -> str:
    names = ", ".join(name for name, one in FORMATS.items() if one.alpha)
    return sentence("choose a format with alpha: {names}", names=names)
