"""TIFF pictures of 16 bits that say what their fourth channel is, as OpenCV's do not."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SHORT, _LONG = 3, 4
_DEFLATE, _RGB, _DIFFERENCES, _NOT_PREMULTIPLIED = 8, 2, 2, 2


def encode_tiff(image: NDArray[np.uint16]) -> bytes:
    """RGB or RGBA pixels, not premultiplied, as a little-endian TIFF 6.0 file of one strip.

    Each pixel is stored as its difference from the one before it, deflated: no loss.
    """
    height, width, channels = (int(side) for side in image.shape)
    differences = image.copy()
    differences[:, 1:] -= image[:, :-1]  # wraps around, as the standard has it
    strip: bytes = zlib.compress(differences.astype("<u2").tobytes(), 1)
    strip += b"\0" * (len(strip) % 2)
    depths = struct.pack("<4H", *[16] * 4)[: 2 * channels] + b"\0\0" * (channels % 2)
    tags = [
        (256, _LONG, 1, width),
        (257, _LONG, 1, height),
        (258, _SHORT, channels, 8 + len(strip)),
        (259, _SHORT, 1, _DEFLATE),
        (262, _SHORT, 1, _RGB),
        (273, _LONG, 1, 8),
        (274, _SHORT, 1, 1),  # the first row is the top one
        (277, _SHORT, 1, channels),
        (278, _LONG, 1, height),
        (279, _LONG, 1, len(strip)),
        (284, _SHORT, 1, 1),  # channels side by side
        (317, _SHORT, 1, _DIFFERENCES),
    ]
    if channels == 4:
        tags.append((338, _SHORT, 1, _NOT_PREMULTIPLIED))
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *t) for t in tags)
    head = b"II" + struct.pack("<HI", 42, 8 + len(strip) + len(depths))
    return head + strip + depths + directory + b"\0\0\0\0"
