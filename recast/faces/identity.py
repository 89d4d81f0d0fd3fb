"""Whose face it is: embeddings of aligned crops, and persons as groups of them.

An embedding is a unit vector; the cosine of two says how alike two faces are. There are two kinds
of `Embedder`: dlib's descriptor (an extra), and any network in ONNX form, by its path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.errors import OptionUnusable
from recast.geometry import Points, Similarity

Embeddings = NDArray[np.float32]
"""(N, D), unit vectors."""
Crop = NDArray[np.uint8]
"""(S, S, 3), RGB."""


class Embedder(Protocol):
    """Tells identities apart."""

    @property
    def key(self) -> str:
        """Names the network: embeddings of another key cannot be compared."""

    @property
    def same_person(self) -> float:
        """From this cosine to a person's mean embedding on, a face is taken for that person's."""

    def __call__(self, crops: Sequence[Crop], landmarks: Sequence[Points]) -> Embeddings:
        """(N, D), one row a crop; `landmarks` are (68, 2) in pixels of their crop.

        Crops may differ in size, framing "full" or wider. May be called from several threads.
        """


def open_embedder(name: str | Path = "dlib", device: str = "auto") -> Embedder:
    """An embedder by its name, or an ONNX network by its path.

    Raises:
        OptionUnusable: the extra is not installed, or the file is no network for faces.
    """
    if str(name) in EMBEDDERS:
        return EMBEDDERS[str(name)](device)
    path = Path(name)
    if path.suffix.lower() != ".onnx":
        raise OptionUnusable(
            f"there is no embedder {str(name)!r}",
            f"choose {', '.join(EMBEDDERS)} or the path of an .onnx file",
        )
    return OnnxEmbedder(path, device)


_DLIB_SIDE = 150
_DLIB_WIDER = 0.25
"""Room around the landmarks, in parts of their size; the network was trained so."""
_LEAST_SIDE = 256
"""dlib's points are whole pixels: in smaller crops their rounding would turn the face."""


class DlibEmbedder:
    """dlib's residual network, 128 numbers, on the CPU (or the GPU that dlib was built for)."""

    key = "dlib-resnet-v1"
    # Faces of the samples, up to 56 degrees of yaw, have at least 0.96 with the mean of their own
    # person, and never more than 0.93 with the mean of another.
    same_person = 0.94

    def __init__(self) -> None:
        try:
            import dlib
        except ImportError as error:
            raise _lacks_dlib() from error
        self._dlib: Any = dlib
        self._network = self._dlib.face_recognition_model_v1(str(_dlib_weights()))

    def __call__(self, crops: Sequence[Crop], landmarks: Sequence[Points]) -> Embeddings:
        if not len(crops):
            return np.zeros((0, 128), np.float32)
        chips = [self._chip(crop, points) for crop, points in zip(crops, landmarks, strict=True)]
        return _unit(np.array(self._network.compute_face_descriptor(chips), np.float32))

    def _chip(self, crop: Crop, points: Points) -> Crop:
        zoom = max(_LEAST_SIDE / crop.shape[0], 1.0)
        if zoom > 1:
            side = round(crop.shape[0] * zoom)
            crop = cast(Crop, cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC))
            points = (points + 0.5) * np.float32(zoom) - np.float32(0.5)
        parts = [self._dlib.point(int(x), int(y)) for x, y in np.rint(points)]
        whole = self._dlib.rectangle(0, 0, crop.shape[1] - 1, crop.shape[0] - 1)
        shape = self._dlib.full_object_detection(whole, parts)
        chip = self._dlib.get_face_chip(np.ascontiguousarray(crop), shape, _DLIB_SIDE, _DLIB_WIDER)
        return cast(Crop, chip)


def _dlib_weights() -> Path:
    # Not by importing the package: it needs a part of setuptools that newer ones have not.
    name = "dlib_face_recognition_resnet_model_v1.dat"
    try:
        found = [file for file in files("face_recognition_models") or [] if file.name == name]
    except PackageNotFoundError as error:
        raise _lacks_dlib() from error
    if not found:
        raise _lacks_dlib()
    return Path(str(found[0].locate()))


def _lacks_dlib() -> OptionUnusable:
    return OptionUnusable(
        "telling persons apart needs dlib, which is not installed",
        'pip install "recast[dlib]", or give the path of an ONNX network for face recognition',
    )


# Eyes, tip of the nose, corners of the mouth in 112 x 112 pixels, as ArcFace networks are trained
# (Deng et al., "ArcFace: Additive angular margin loss for deep face recognition", CVPR 2019).
_ARCFACE: Points = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    np.float32,
)
_ARCFACE_SIDE = 112


class OnnxEmbedder:
    """A network (N, 3, S, S) or (N, S, S, 3) -> (N, D) that was trained on ArcFace's alignment.

    Layout and side are read from the network, 112 if it leaves them open. Pixels come as they are
    if the network takes uint8, else as (value - mean) * scale. The file's own metadata may say
    `recast.mean` (127.5), `recast.scale` (1 / 127.5), `recast.channels` (RGB or BGR) and
    `recast.same_person` (a cosine, 0.35); in brackets what is taken otherwise.
    """

    def __init__(self, path: Path, device: str = "auto") -> None:
        self.key = f"onnx-{_digest(path)}"
        self._session = _session(path, device)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or not outputs:
            raise _no_embedder(path, "it does not take one batch of pictures")
        self._path, self._input, self._output = path, inputs[0], outputs[0].name
        self._channels_last = inputs[0].shape[3] == 3
        if not self._channels_last and inputs[0].shape[1] != 3:
            raise _no_embedder(path, f"its input {inputs[0].shape} has no three colours")
        side = inputs[0].shape[2]
        self._side = side if isinstance(side, int) else _ARCFACE_SIDE
        self._one_by_one = inputs[0].shape[0] == 1
        said = self._session.get_modelmeta().custom_metadata_map
        try:
            self._mean = float(said.get("recast.mean", 127.5))
            self._scale = float(said.get("recast.scale", 1 / 127.5))
            self.same_person = float(said.get("recast.same_person", 0.35))
        except ValueError as error:
            raise _no_embedder(path, "its metadata holds a number that is none") from error
        self._mirrored_colours = said.get("recast.channels", "RGB").upper() == "BGR"

    def __call__(self, crops: Sequence[Crop], landmarks: Sequence[Points]) -> Embeddings:
        if not len(crops):
            return np.zeros((0, 1), np.float32)
        pairs = zip(crops, landmarks, strict=True)
        seen = np.stack([self._aligned(crop, points) for crop, points in pairs])
        if self._mirrored_colours:
            seen = seen[..., ::-1]
        if "uint8" not in self._input.type:
            kind = np.float16 if "float16" in self._input.type else np.float32
            seen = ((seen.astype(np.float32) - self._mean) * self._scale).astype(kind)
        if not self._channels_last:
            seen = seen.transpose(0, 3, 1, 2)
        seen = np.ascontiguousarray(seen)
        batches = np.split(seen, len(seen)) if self._one_by_one else [seen]
        found = np.concatenate([self._run(batch) for batch in batches])
        if found.ndim != 2 or len(found) != len(seen):
            raise _no_embedder(self._path, f"its output has the shape {found.shape}")
        return _unit(found.astype(np.float32))

    def _run(self, batch: NDArray[Any]) -> NDArray[Any]:
        return cast(NDArray[Any], self._session.run([self._output], {self._input.name: batch})[0])

    def _aligned(self, crop: Crop, points: Points) -> Crop:
        five = np.stack(
            [points[36:42].mean(0), points[42:48].mean(0), points[30], points[48], points[54]]
        )
        placed = Similarity.fit(five, _ARCFACE * np.float32(self._side / _ARCFACE_SIDE))
        # These networks see more forehead than the framing "full" has: its edge is repeated.
        edge, size = cv2.BORDER_REPLICATE, (self._side, self._side)
        return cast(Crop, cv2.warpAffine(crop, placed.matrix, size, borderMode=edge))


def _session(path: Path, device: str) -> Any:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state

    runtime: Any = onnxruntime
    said: Any = onnxruntime_pybind11_state
    broken = (said.Fail, said.InvalidArgument, said.InvalidGraph, said.InvalidProtobuf)
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers: list[Any] = ["CPUExecutionProvider"]
    if device != "cpu" and "CUDAExecutionProvider" in runtime.get_available_providers():
        number = device.removeprefix("cuda:")
        chosen = {"device_id": int(number)} if number.isdigit() else {}
        providers.insert(0, ("CUDAExecutionProvider", chosen))
    try:
        return runtime.InferenceSession(path.read_bytes(), options, providers=providers)
    except OSError as error:
        raise _no_embedder(path, error.strerror or "it cannot be read") from error
    except (*broken, said.NotImplemented, said.RuntimeException) as error:
        raise _no_embedder(path, str(error).splitlines()[0]) from error


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise _no_embedder(path, error.strerror or "it cannot be read") from error


def _no_embedder(path: Path, why: str) -> OptionUnusable:
    return OptionUnusable(
        f"{path} is no network that tells faces apart: {why}",
        "give a face recognition network of the ArcFace kind in ONNX form, or dlib",
    )


def _unit(vectors: NDArray[np.float32]) -> Embeddings:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


EmbedderName = Literal["dlib"]
EMBEDDERS: dict[str, Callable[[str], Embedder]] = {"dlib": lambda device: DlibEmbedder()}
"""Those that have a name."""
