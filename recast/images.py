"""Pictures on disk, always RGB in memory.

Paths may hold any letters: files are read and written as bytes, OpenCV only (de)codes.
"""

from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.disk import write_whole
from recast.errors import FaceFileUnreadable
from recast.picture_size import LONGEST_SIDE, MOST_PIXELS, is_too_large, picture_size

FrameImage = NDArray[np.uint8] | NDArray[np.uint16]
"""A frame: (H, W, 3), RGB, in the depth of its take; (H, W, 4) where alpha is spoken of."""
Image = NDArray[np.float32]
"""A crop being worked on: (H, W, 3), RGB, 0..1."""
Mask = NDArray[np.float32]
"""(H, W), 0 keeps the frame, 1 shows the new face."""

LARGEST_FILE = 1 << 30
"""Bytes; twice what the largest picture needs without any compression."""

_TO_RGB = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
"""What OpenCV decodes to, by its channels."""

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})


def decode(data: bytes, name: str, *, alpha: bool = False) -> FrameImage:
    """The picture in `data` as RGB, or RGBA with `alpha` if it has one; `name` is for the error.

    Raises:
        FaceFileUnreadable: it is no PNG, JPEG, BMP, TIFF or WebP, broken, or too large to unpack.
    """
    size = picture_size(data)
    if size and is_too_large(size):
        raise FaceFileUnreadable(
            f"{name} claims {size[0]}x{size[1]} pixels; recast takes {LONGEST_SIDE} a side and "
            f"{MOST_PIXELS >> 20} million in all",
            "if it is not damaged, scale it down first",
        )
    kind = cv2.IMREAD_UNCHANGED if alpha else cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
    kind |= cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), kind) if size else None
    except cv2.error:
        pixels = None
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        raise FaceFileUnreadable(
            f"{name} is not a picture this machine can read",
            "write it again as PNG, JPEG, BMP, TIFF or WebP, or remove it",
        )
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    return cast(FrameImage, cv2.cvtColor(pixels, _TO_RGB[channels]))


def encode(image: FrameImage, suffix: str, *, quality: int = 95) -> bytes:
    """RGB(A) pixels as a file of the given suffix; JPEG keeps full colour resolution (4:4:4)."""
    options: list[int] = []
    if suffix in {".jpg", ".jpeg"}:
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    elif suffix == ".png":
        options = [cv2.IMWRITE_PNG_COMPRESSION, 3]
    order = cv2.COLOR_RGB2BGR if image.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    done, data = cv2.imencode(suffix, cv2.cvtColor(image, order), options)
    if not done:
        raise ValueError(f"cannot encode a picture as {suffix}")
    return data.tobytes()


def load(path: Path, *, alpha: bool = False) -> FrameImage:
    """Read a picture file as RGB, or RGBA with `alpha` if it has one; see `decode`."""
    if path.stat().st_size > LARGEST_FILE:
        raise FaceFileUnreadable(
            f"{path.name} is larger than {LARGEST_FILE >> 20} MiB", "scale it down first"
        )
    return decode(path.read_bytes(), path.name, alpha=alpha)


def save(path: Path, image: FrameImage, *, quality: int = 95) -> None:
    """Write a picture file, whole or not at all; the suffix chooses the format."""
    write_whole(path, encode(image, path.suffix.lower(), quality=quality), durable=False)


def to_float(image: FrameImage) -> Image:
    """0..255 or 0..65535 as 0..1."""
    return image.astype(np.float32) / np.float32(np.iinfo(image.dtype).max)


def upper_8_bits(image: FrameImage) -> NDArray[np.uint8]:
    """The upper 8 of 16 bits; uint8 as it is."""
    return np.asarray(image if image.dtype == np.uint8 else image >> 8, np.uint8)


def to_uint8(image: Image) -> NDArray[np.uint8]:
    """0..1, clipped, as 0..255, rounded."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
