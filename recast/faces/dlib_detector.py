"""dlib's CNN detector and its 68-point predictor (extra `dlib`).

Detector: King, "Max-margin object detection", 2015. Predictor: Kazemi and Sullivan, "One
millisecond face alignment with an ensemble of regression trees", CVPR 2014.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from recast.faces.extras import file_of_package, lacks_extra
from recast.faces.face import Box, Face
from recast.faces.networks import Device
from recast.faces.pose import pose_of
from recast.faces.reading import LandmarkReader, distinct
from recast.faces.views import Picture
from recast.images import FrameImage

_NATIVE = 80
"""Height of the smallest face that the network sees without enlarging."""
_FIRST_SIDE = 960
"""Longer side of a frame at the first look."""
_LEAST_SIDE = 80
"""What is smaller gets a black edge: the network cannot take it."""
_LARGEST_SIDE = 1850
"""Longer side at the second look; a frame of 16:9 this large takes the network about 2 GB."""


class DlibDetector:
    """Frames are seen at up to 960 pixels; where nothing was found, enlarged for small faces.

    Landmarks are those of dlib's predictor. The dense mesh of our own network is attached where
    both agree, so that models which need one can train.
    """

    def __init__(
        self,
        *,
        device: Device = "auto",
        min_score: float = 0.5,
        min_size: float = 32,
        max_faces: int = 16,
    ) -> None:
        """`min_size` in pixels, longer side of a face's box.

        Raises:
            OptionUnusable: the extra is not installed.
        """
        missing = lacks_extra("the detector dlib needs dlib and its networks", "dlib")
        try:
            import dlib
        except ImportError as error:
            raise missing from error
        self._dlib: Any = dlib
        package = "face_recognition_models"
        boxes = file_of_package(package, "mmod_human_face_detector.dat", missing=missing)
        points = file_of_package(package, "shape_predictor_68_face_landmarks.dat", missing=missing)
        self._reader = LandmarkReader(device=device)
        self._device = int(device.partition(":")[2] or 0)
        # The network keeps its activations in itself: one call at a time.
        self._one_at_a_time = threading.Lock()
        with self._one_at_a_time:
            self._use_device()
            self._boxes = self._dlib.cnn_face_detection_model_v1(str(boxes))
        self._points = self._dlib.shape_predictor(str(points))
        self._min_score, self._min_size = min_score, min_size
        self._max_faces = max_faces

    def __call__(
        self, images: Sequence[FrameImage], frames: Sequence[int] = ()
    ) -> list[list[Face]]:
        """Per image its faces, the largest first."""
        return [self._faces(Picture(image)) for image in images]

    def _faces(self, picture: Picture) -> list[Face]:
        found = self._search(picture, min(1.0, _FIRST_SIDE / _long(picture)))
        if not found:
            closer = min(_NATIVE / max(self._min_size, 1), _LARGEST_SIDE / _long(picture))
            found = self._search(picture, closer) if closer > 1 / 2 else []
        faces = [self._read(picture, box, score) for box, score in found]
        large = distinct([face for face in faces if face.size >= self._min_size])
        return [self._reader.with_mesh(picture, face) for face in large[: self._max_faces]]

    def _search(self, picture: Picture, zoom: float) -> list[tuple[Any, float]]:
        """dlib's rectangles in the pixels of the picture, and how sure it is of each, 0..1."""
        seen = _filled_up(_scaled(picture.shrunk(1), zoom))
        with self._one_at_a_time:
            self._use_device()
            found = self._boxes(seen, 0)
        return [
            (_scaled_back(self._dlib, one.rect, zoom), _score(one.confidence))
            for one in found
            if _score(one.confidence) >= self._min_score
        ]

    def _read(self, picture: Picture, box: Any, score: float) -> Face:
        shape = self._points(picture.shrunk(1), box)
        landmarks = np.array([[point.x, point.y] for point in shape.parts()], np.float32)
        return Face(_box_of(landmarks), score, landmarks, pose_of(landmarks))

    def _use_device(self) -> None:
        if self._dlib.DLIB_USE_CUDA:  # dlib keeps the device per thread
            self._dlib.cuda.set_device(self._device)


def _long(picture: Picture) -> int:
    return int(max(picture.width, picture.height))


def _scaled(image: NDArray[np.uint8], zoom: float) -> NDArray[np.uint8]:
    if zoom == 1:
        return np.ascontiguousarray(image)
    size = max(round(image.shape[1] * zoom), 1), max(round(image.shape[0] * zoom), 1)
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)


def _filled_up(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    below, beside = (max(_LEAST_SIDE - side, 0) for side in image.shape[:2])
    if not below and not beside:
        return image
    return np.pad(image, ((0, below), (0, beside), (0, 0)))


def _scaled_back(dlib: Any, box: Any, zoom: float) -> Any:
    sides = (box.left(), box.top(), box.right(), box.bottom())
    return dlib.rectangle(*(round(side / zoom) for side in sides))


def _score(margin: float) -> float:
    """dlib gives a margin: 0 is the threshold it was trained for, about 1 a face in plain view."""
    return float(1 / (1 + np.exp(-4 * margin)))


def _box_of(landmarks: NDArray[np.float32]) -> Box:
    """The box of the landmarks, which dlib's own box often cuts."""
    left, top = landmarks.min(axis=0)
    right, bottom = landmarks.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
