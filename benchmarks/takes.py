"""The bundled takes at other sizes."""

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.judge import DST
from recast.sides import Side
from recast.video import TakeWriter, open_take


def enlarged(side: Side, place: Path, size: tuple[int, int], frames: int) -> Path:
    """The first frames of a sample as a take of `size` (width, height): its middle cut to that
    shape and enlarged, so that faces are not distorted."""
    take = open_take(DST.with_name(f"pair1_{side}.mp4"))
    width, height = take.info.size
    cut = min(height, round(width * size[1] / size[0]))
    top = (height - cut) // 2
    with TakeWriter(place, replace(take.info, size=size, sound=())) as writer:
        for frame in take.frames(0, frames):
            part = frame.image[top : top + cut]
            image = cv2.resize(part, size, interpolation=cv2.INTER_CUBIC)
            writer.write(np.asarray(image, np.uint8), frame.moment)
    return place


def decoded(path: Path) -> int:
    """How many frames a file has: each is decoded, and dropped."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        return sum(1 for _ in container.decode(video=0))
