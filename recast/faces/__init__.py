"""Find faces in frames and place them in aligned crops."""

from recast.faces.align import FITTED, PADDING, Framing, align, hull_mask, placement
from recast.faces.debug_picture import debug_jpeg, draw_faces, is_debug_jpeg, square_of
from recast.faces.detect import DETECTORS, Detector
from recast.faces.devices import devices_for
from recast.faces.doubt import Doubt, doubtful
from recast.faces.face import Box, Face, Mesh, Pose
from recast.faces.marks import (
    FrameMarks,
    ManualDetector,
    Mark,
    Marks,
    load_marks,
    read_region,
    save_marks,
)
from recast.faces.mesh_detector import MeshDetector
from recast.faces.pose import pose_of
from recast.faces.reading import LandmarkReader
from recast.faces.smooth import Seen, Smoothed, smooth_landmarks, smooth_stream
from recast.faces.tracks import Tracker
from recast.faces.views import Region

__all__ = [
    "DETECTORS",
    "FITTED",
    "PADDING",
    "Box",
    "Detector",
    "Doubt",
    "Face",
    "FrameMarks",
    "Framing",
    "LandmarkReader",
    "ManualDetector",
    "Mark",
    "Marks",
    "Mesh",
    "MeshDetector",
    "Pose",
    "Region",
    "Seen",
    "Smoothed",
    "Tracker",
    "align",
    "debug_jpeg",
    "devices_for",
    "doubtful",
    "draw_faces",
    "hull_mask",
    "is_debug_jpeg",
    "load_marks",
    "placement",
    "pose_of",
    "read_region",
    "save_marks",
    "smooth_landmarks",
    "smooth_stream",
    "square_of",
]
