"""How fast and how exactly each format is written: `python -m benchmarks.outputs [TAKE]`."""

import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from benchmarks.tables import Cell, Sections, Table
from recast.errors import RecastError
from recast.images import FrameImage
from recast.video import FORMATS, ColorTags, Take, open_take, open_writer
from recast.video.color import FromRgb, ToRgb, frame_of
from recast.video.yuv import YuvLayout, planes_of

SAMPLE = Path(__file__).parents[1] / "recast" / "samples" / "pair1_dst.mp4"
FRAMES = 50
CONVERTED = ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"]
CONVERTED += ["yuv444p12le", "yuv420p16le", "yuv444p16le"]


def main() -> Sections:
    take = open_take(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)
    width, height = take.info.size
    about = f"{take.path.name}, {width}x{height}, {take.info.depth} bits, {FRAMES} frames:"
    titles = ("alpha", "frames/s", "ms of CPU", "Mbit/s", "PSNR, dB")
    written = Table("format", *titles, about=about, first=14)
    for name, format in FORMATS.items():
        for alpha in (False, True) if format.alpha else (False,):
            written.add(name, "yes" if alpha else "", *measured(take, name, alpha=alpha))
    about = "From samples to RGB and back, the largest error of any sample, in levels:"
    back = Table("samples", "limited", "full", about=about, first=14)
    for pixel_format in CONVERTED:
        errors = [round_trip(pixel_format, full=full) for full in (False, True)]
        back.add(pixel_format, *errors)
    return {"outputs": [written, back]}


def measured(take: Take, name: str, *, alpha: bool) -> list[Cell]:
    """Cells of the table; untouched samples are not passed on, so that all is converted."""
    frames = list(take.frames(0, FRAMES))
    images = [opaque(frame.image) if alpha else frame.image for frame in frames]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"out{FORMATS[name].suffix}"
        begun, spent = time.perf_counter(), time.process_time()
        try:
            with open_writer(out, take.info, format=name, alpha=alpha) as writer:
                for frame, image in zip(frames, images, strict=True):
                    writer.write(image, frame.moment)
        except RecastError as error:
            print(f"{name} is left out: {error}")
            return [None] * 4
        rate = len(frames) / (time.perf_counter() - begun)
        cost = (time.process_time() - spent) / len(frames) * 1000
        files = list(out.iterdir()) if out.is_dir() else [out]
        bits = sum(path.stat().st_size for path in files) * 8 * take.info.rate / len(frames)
        return [rate, cost, float(bits) / 1e6, nearness(out, frames[0].image)]


def opaque(image: FrameImage) -> FrameImage:
    made: FrameImage = np.dstack(
        [image, np.full(image.shape[:2], np.iinfo(image.dtype).max, image.dtype)]
    )
    return made


def nearness(out: Path, expected: FrameImage) -> Cell:
    """Peak signal-to-noise ratio of the first frame in dB."""
    if out.is_dir() and any(path.suffix == ".exr" for path in out.iterdir()):
        return None
    found = open_take(out).frame(0).image
    difference = found / np.iinfo(found.dtype).max - expected / np.iinfo(expected.dtype).max
    error = float(np.mean(difference**2))
    return f"{-10 * np.log10(error):.1f}" if error else "exact"


def round_trip(pixel_format: str, *, full: bool) -> int:
    """Random colours that lie within RGB."""
    layout, rng = YuvLayout.of(pixel_format), np.random.default_rng(0)
    assert layout is not None
    unit, (width, height) = 1 << (layout.depth - 8), (256, 128)
    few = (height // layout.down, width // layout.across)
    planes = [
        rng.integers(low * unit, high * unit, shape).astype(layout.dtype)
        for low, high, shape in ((90, 150, (height, width)), (112, 144, few), (112, 144, few))
    ]
    tags = ColorTags(matrix=1, range=1 + full)
    before: av.VideoFrame = frame_of(planes, pixel_format)
    rgb = ToRgb(tags, (width, height), layout.depth)(before)
    after = planes_of(FromRgb(tags, (width, height), pixel_format)(rgb))
    return max(
        int(np.abs(one.astype(int) - other).max()) for one, other in zip(planes, after, strict=True)
    )


if __name__ == "__main__":
    main()
