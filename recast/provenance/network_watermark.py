"""A second watermark, drawn and read by networks of the TrustMark kind that the user brings.

The interface is that of the ONNX files TrustMark is published as. A drawing network takes a
square picture, (1, 3, S, S), RGB, -1..1, and 100 bits, (1, 100), 0 or 1; it gives the marked
picture. A reading network takes such a picture and gives (1, 100), above 0 for 1. S is usually
256. What is drawn is enlarged to the frame; of a frame more than twice as wide as high, or as
high as wide, the square in the middle is used. Bui et al., "TrustMark: universal watermarking for
arbitrary resolution images", 2023.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.errors import OptionUnusable
from recast.images import FrameImage
from recast.provenance.trustmark_code import CARRIED, carried, number_in

SIDE = 256
"""Of the square picture, where a network does not say."""
_MOST = 0.2
"""A network's change to the picture, -1..1, is kept below this."""
_LONGEST = 2.0
"""Times the shorter side: of longer frames the middle is used."""

Floats = NDArray[np.float32]
Work = Literal["draws", "reads"]
T = TypeVar("T")


@dataclass(frozen=True)
class NetworkWatermark:
    """Draws numbers into whole frames; safe in threads. `sha256` tells its file from others."""

    sha256: str
    _session: Any
    _picture: str
    _bits: str
    _side: int

    @staticmethod
    def open(path: Path) -> NetworkWatermark:
        """Raises `OptionUnusable` for a file that is no network that draws watermarks."""
        content, session = _opened(path, "draws")
        inputs = {len(one.shape): one for one in session.get_inputs()}
        if inputs.keys() != {2, 4} or len(session.get_inputs()) != 2:
            raise _unfit(path, "draws", "it does not take a picture and bits")
        count = inputs[2].shape[1]
        if isinstance(count, int) and count != CARRIED:
            raise _unfit(path, "draws", f"it takes {count} bits, not {CARRIED}")
        side = _side(path, "draws", inputs[4])
        digest = hashlib.sha256(content).hexdigest()
        made = NetworkWatermark(digest, session, inputs[4].name, inputs[2].name, side)
        grey = np.full((side, side, 3), 127, np.uint8)
        found = _tried(path, "draws", lambda: made._marked(_squared(grey, side), 0))
        if found.shape != (1, 3, side, side) or not np.isfinite(found).all():
            raise _unfit(path, "draws", "it gives no picture of the same size")
        return made

    def drawn(self, frame: FrameImage, identity: int) -> FrameImage:
        """The frame, (H, W, 3), with the number all over it; a copy in the same depth."""
        rows, columns = _middle(frame)
        done = frame.copy()
        part = done[rows, columns]
        seen = _squared(part, self._side)
        change = np.clip(self._marked(seen, identity), -1, 1) - seen
        # Half-precision networks may give no number here and there: that much stays unmarked.
        change = np.nan_to_num(change[0].transpose(1, 2, 0)).clip(-_MOST, _MOST)
        large: Any = cv2.resize(change, (part.shape[1], part.shape[0]))
        levels = np.rint(large * np.float32(np.iinfo(frame.dtype).max / 2)).astype(np.int16)
        depth = cv2.CV_8U if frame.dtype == np.uint8 else cv2.CV_16U
        done[rows, columns] = cv2.add(part, levels, dtype=depth)
        return done

    def _marked(self, seen: Floats, identity: int) -> Floats:
        bits = carried(identity).astype(np.float32)[None]
        (found, *_) = self._session.run(None, {self._picture: seen, self._bits: bits})
        return np.asarray(found, np.float32)


@dataclass(frozen=True)
class NetworkReader:
    """Reads numbers from frames by a network; safe in threads."""

    _session: Any
    _picture: str
    _side: int

    @staticmethod
    def open(path: Path) -> NetworkReader:
        """Raises `OptionUnusable` for a file that is no network that reads watermarks."""
        _, session = _opened(path, "reads")
        inputs = session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4:
            raise _unfit(path, "reads", "it does not take a picture alone")
        made = NetworkReader(session, inputs[0].name, _side(path, "reads", inputs[0]))
        grey = np.full((SIDE, SIDE, 3), 127, np.uint8)
        if _tried(path, "reads", lambda: made.read(grey)).shape != (CARRIED,):
            raise _unfit(path, "reads", f"it does not give {CARRIED} bits")
        return made

    def read(self, frame: FrameImage) -> Floats:
        """How sure each bit is a 1, (CARRIED,); below 0 it is rather a 0."""
        rows, columns = _middle(frame)
        seen = _squared(frame[rows, columns], self._side)
        (found, *_) = self._session.run(None, {self._picture: seen})
        return np.asarray(found, np.float32).reshape(-1)


def number_read(readings: Iterable[Floats]) -> int | None:
    """The number in what was read from frames of one take: in all together, or in one of them."""
    read = list(readings)
    if not read:
        return None
    # Each counts the same: frames without the mark are often the surer ones.
    even = [one / (np.sqrt(np.mean(one**2)) + np.float32(1e-9)) for one in read]
    for one in (np.sum(even, axis=0), *read):
        found = number_in((np.asarray(one) > 0).astype(int).tolist())
        if found is not None:
            return found
    return None


def _middle(frame: FrameImage) -> tuple[slice, slice]:
    """The rows and columns that carry the mark."""
    height, width = frame.shape[:2]
    side = min(height, width)
    if max(height, width) <= _LONGEST * side:
        return slice(0, height), slice(0, width)
    top, left = (height - side) // 2, (width - side) // 2
    return slice(top, top + side), slice(left, left + side)


def _squared(part: FrameImage, side: int) -> Floats:
    """A picture as networks take it, (1, 3, side, side), -1..1."""
    way = cv2.INTER_AREA if min(part.shape[:2]) > side else cv2.INTER_LINEAR
    scale = np.float32(2 / np.iinfo(part.dtype).max)
    small: Any = cv2.resize(np.asarray(part, np.float32), (side, side), interpolation=way)
    return np.ascontiguousarray((small * scale - 1).transpose(2, 0, 1)[None])


def _side(path: Path, what: Work, picture: Any) -> int:
    """The side of the square picture that a network takes."""
    one, colours, height, width = picture.shape
    sides = {side for side in (height, width) if isinstance(side, int)} or {SIDE}
    fits = len(sides) == 1 and 32 <= min(sides) <= 1024 and picture.type == "tensor(float)"
    if (
        not fits
        or (isinstance(colours, int) and colours != 3)
        or (isinstance(one, int) and one > 1)
    ):
        raise _unfit(path, what, f"it takes {picture.type} of {picture.shape}")
    return int(min(sides))


def _opened(path: Path, what: Work) -> tuple[bytes, Any]:
    """The file and its network, on one thread: frames are worked on side by side."""
    import onnxruntime

    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unfit(path, what, (error.strerror or "it cannot be read").lower()) from error
    providers = ["CPUExecutionProvider"]
    session: Any = _tried(
        path, what, lambda: runtime.InferenceSession(content, options, providers=providers)
    )
    return content, session


def _tried(path: Path, what: Work, work: Callable[[], T]) -> T:
    """What `work` gives; the runtime's errors become one that names the file."""
    from onnxruntime.capi import onnxruntime_pybind11_state

    said: Any = onnxruntime_pybind11_state
    broken = (said.Fail, said.InvalidArgument, said.InvalidGraph, said.InvalidProtobuf)
    try:
        return work()
    except (*broken, said.NotImplemented, said.RuntimeException) as error:
        raise _unfit(path, what, str(error).splitlines()[0]) from error


def _unfit(path: Path, what: Work, why: str) -> OptionUnusable:
    return OptionUnusable(
        f"{path} is no network that draws watermarks: {why}"
        if what == "draws"
        else f"{path} is no network that reads watermarks: {why}",
        "give TrustMark's encoder in ONNX form, such as encoder_Q.onnx"
        if what == "draws"
        else "give TrustMark's decoder in ONNX form, such as decoder_Q.onnx",
    )
