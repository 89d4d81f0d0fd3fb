"""What a compositor needs to do the merge himself: face, matte and plate, and where faces lie."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from recast.disk import clear_draft, disk_trouble_named, read_json, write_json
from recast.errors import DiskTrouble, TakeUnreadable, TakeUnwritable
from recast.geometry import Similarity
from recast.images import FrameImage
from recast.video.color import ColorTags
from recast.video.formats import FORMATS, format_named
from recast.video.join import join_segments
from recast.video.results import ResultWriter, check_writable, open_writer
from recast.video.sequence import SIDECAR, check_free, put_in_place
from recast.video.take import Frame, TakeInfo

VERSION = 1
LAYERS = ("face", "matte", "plate")
LAYERS_FILE = "layers.json"
_LINEAR = 8  # H.273's number for no transfer curve
Matte = NDArray[np.uint8] | NDArray[np.uint16]
"""(H, W) over the full range of its type: 0 shows the plate, the top value the face."""


@dataclass(frozen=True)
class PlacedCrop:
    """Where a swapped face was put: `crop_from_frame` carries frame pixels to crop pixels.

    The crop has `resolution` pixels a side and shows `framing` of the head; `track` tells the
    people of a take apart.
    """

    crop_from_frame: Similarity
    resolution: int
    framing: str
    track: int = 0


class LayersWriter:
    """Writes a new folder with `face`, `matte` and `plate`, each a video or a folder of pictures.

    `format` is one with alpha. `face` is RGBA: the swapped face carried into the frame, not
    premultiplied, except in exr; `matte` how much of it the merge shows; `plate` the take's
    frame, with the sound of `sound_from`. `layers.json` says where each face lies. The folder
    appears when the block ends well. The first frame is number `first` of the take.

    Raises:
        OptionUnusable, TakeUnwritable: as `check_layers`.
    """

    def __init__(
        self,
        path: Path,
        like: TakeInfo,
        *,
        format: str,
        sound_from: Path | None = None,
        first: int = 0,
    ) -> None:
        check_layers(format, like)
        self._path, self._like, self._format = path, like, format
        self._sound_from, self._number = sound_from, first
        self._draft = path.with_name(path.name + ".part")
        self._frames: list[dict[str, Any]] = []
        self._open = ExitStack()
        self._writers: dict[str, ResultWriter] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user on what the layers hold differently from the take."""
        return tuple(dict.fromkeys(note for one in self._writers.values() for note in one.notes))

    def __enter__(self) -> Self:
        check_layers_place(self._path)
        with disk_trouble_named(self._path):
            clear_draft(self._draft)
            self._draft.mkdir()
        try:
            with ExitStack() as stack:
                for layer in LAYERS:
                    self._writers[layer] = stack.enter_context(self._writer(layer))
                self._open = stack.pop_all()
        except BaseException:
            shutil.rmtree(self._draft, ignore_errors=True)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._open.__exit__(kind, error, trace)
            if error is None:
                _finish(self._draft, self._path, self._like, self._format, self._frames)
        finally:
            shutil.rmtree(self._draft, ignore_errors=True)

    def write(
        self,
        face: FrameImage | None,
        matte: Matte | None,
        frame: Frame,
        crops: Sequence[PlacedCrop] = (),
    ) -> None:
        """Add a frame; without a face (None), face and matte are fully transparent.

        `frame` is the take's own; `face` is (H, W, 4) and `matte` (H, W), both of its depth.

        Raises:
            TakeUnwritable: they are of another size or depth than the plate.
            DiskTrouble: no space.
        """
        image = frame.image
        if face is None:
            face = cast(FrameImage, np.zeros((*image.shape[:2], 4), image.dtype))
        if matte is None:
            matte = cast(Matte, np.zeros(image.shape[:2], image.dtype))
        if face.dtype != image.dtype or matte.dtype != image.dtype or matte.ndim != 2:
            raise TakeUnwritable(
                f"layers of {self._path.name} have {face.dtype} and {matte.dtype} samples, the "
                f"plate {image.dtype}",
                "give all layers in the depth of the take",
            )
        moment = frame.moment
        self._writers["face"].write(face, moment)
        self._writers["matte"].write(cast(FrameImage, np.dstack([matte] * 3)), moment)
        self._writers["plate"].write(image, moment, frame.plate)
        self._frames.append(_described(frame, self._number, crops))
        self._number += 1

    def _writer(self, layer: str) -> ResultWriter:
        return open_writer(
            self._draft / layer_name(layer, self._format),
            _like(self._like, layer),
            format=self._format,
            alpha=layer == "face",
            sound_from=self._sound_from if layer == "plate" else None,
            first=self._number,
        )


def layer_name(layer: str, format: str) -> str:
    """The file of a layer, or the folder of its pictures."""
    return f"{layer}{format_named(format).suffix}"


def check_layers(format: str, like: TakeInfo) -> None:
    """Find out whether layers of a take can be written in a format.

    Raises:
        OptionUnusable, TakeUnwritable: as `check_writable` for frames with alpha.
    """
    check_writable(format, like, alpha=True)


def check_layers_place(path: Path) -> None:
    """Refuse a place where layers would bury what somebody else put there.

    Raises:
        DiskTrouble: it is a file, a folder with other files in it, or its parent is not there.
    """
    if not path.parent.is_dir():
        raise DiskTrouble(f"the folder {path.parent} is not there", "make it first")
    if path.exists() and not path.is_dir():
        raise DiskTrouble(f"{path} is a file", "name a new folder")
    inside = {one.name for one in path.iterdir()} if path.is_dir() else set()
    if not inside:
        return
    with suppress(TakeUnreadable):
        inside -= {*read_layers(path)["layers"].values(), LAYERS_FILE}
    inside = {name for name in inside if not name.endswith(SIDECAR)}
    if inside:
        raise DiskTrouble(
            f"{path} is a folder with other files in it", "name a new or an empty folder"
        )
    for layer in LAYERS:
        if (path / layer).is_dir():
            check_free(path / layer)


def join_layers(
    segments: Sequence[Path], out: Path, *, like: TakeInfo, sound_from: Path | None = None
) -> tuple[str, ...]:
    """Make one folder of layers of those that `LayersWriter` wrote for parts of a take.

    Raises and returns as `join_segments`.
    """
    if not segments:
        raise TakeUnwritable(f"there are no segments to make {out.name} of", "write some first")
    described = [read_layers(segment) for segment in segments]
    format = str(described[0]["format"])
    check_layers_place(out)
    draft = out.with_name(out.name + ".part")
    notes: list[str] = []
    with disk_trouble_named(out):
        clear_draft(draft)
        draft.mkdir()
    try:
        for layer in LAYERS:
            name = layer_name(layer, format)
            parts = [segment / name for segment in segments]
            sound = sound_from if layer == "plate" else None
            like_layer = _like(like, layer)
            notes += join_segments(parts, draft / name, like=like_layer, sound_from=sound)
        frames = [frame for one in described for frame in one["frames"]]
        _finish(draft, out, like, format, frames)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return tuple(notes)


def read_layers(folder: Path) -> dict[str, Any]:
    """What `layers.json` says.

    Raises:
        TakeUnreadable: it is missing, damaged or of a newer recast.
    """
    try:
        found = read_json(folder / LAYERS_FILE)
        if found["version"] != VERSION or found["format"] not in FORMATS:
            raise ValueError("another version")
        [frame["index"] for frame in found["frames"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TakeUnreadable(
            f"{folder / LAYERS_FILE} is missing or damaged", "write the layers again"
        ) from error
    return cast(dict[str, Any], found)


def _like(like: TakeInfo, layer: str) -> TakeInfo:
    """The take as a layer is to look: a matte is no light, and keeps every level."""
    if layer != "matte":
        return like
    pixel_format = "rgb48le" if like.depth > 8 else "rgb24"
    return replace(like, pixel_format=pixel_format, color=ColorTags(transfer=_LINEAR), light=None)


def _finish(
    draft: Path, path: Path, like: TakeInfo, format: str, frames: list[dict[str, Any]]
) -> None:
    value = {
        "version": VERSION,
        "format": format,
        "size": list(like.size),
        "rate": str(like.rate),
        "sample_aspect": str(like.sample_aspect),
        "color": asdict(like.color),
        "premultiplied": format_named(format).premultiplied,
        "layers": {layer: layer_name(layer, format) for layer in LAYERS},
        "frames": frames,
    }
    write_json(draft / LAYERS_FILE, value)
    with disk_trouble_named(path):
        put_in_place(draft, path)


def _described(frame: Frame, number: int, crops: Sequence[PlacedCrop]) -> dict[str, Any]:
    return {
        "index": number,
        "moment": str(Fraction(frame.moment)),
        "faces": [
            {
                "crop_from_frame": crop.crop_from_frame.matrix.tolist(),
                "resolution": crop.resolution,
                "framing": crop.framing,
                "track": crop.track,
            }
            for crop in crops
        ],
    }
