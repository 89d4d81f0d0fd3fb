"""Find faces in frames and place them in aligned crops."""

from recast.faces.align import FITTED, PADDING, Framing, align, hull_mask, placement
from recast.faces.detect import DETECTORS, Detector, MeshDetector
from recast.faces.face import Box, Face, Mesh, Pose
from recast.faces.pose import pose_of
from recast.faces.smooth import Seen, Smoothed, smooth_landmarks, smooth_stream
from recast.faces.tracks import Tracker

__all__ = [
    "DETECTORS",
    "FITTED",
    "PADDING",
    "Box",
    "Detector",
    "Face",
    "Framing",
    "Mesh",
    "MeshDetector",
    "Pose",
    "Seen",
    "Smoothed",
    "Tracker",
    "align",
    "hull_mask",
    "placement",
    "pose_of",
    "smooth_landmarks",
    "smooth_stream",
]
