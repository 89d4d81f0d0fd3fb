"""Takes: read frames with exact times, write them back with the sound."""

from recast.video.color import ColorTags
from recast.video.cuts import find_cuts
from recast.video.formats import CONTAINERS, FORMATS, Format
from recast.video.join import join_segments
from recast.video.layers import LayersWriter, PlacedCrop, check_layers, join_layers
from recast.video.opening import open_take, probe
from recast.video.results import ResultWriter, check_writable, open_writer
from recast.video.take import Frame, Moment, Plate, SoundInfo, Take, TakeInfo
from recast.video.write import TakeWriter

__all__ = [
    "CONTAINERS",
    "FORMATS",
    "ColorTags",
    "Format",
    "Frame",
    "LayersWriter",
    "Moment",
    "PlacedCrop",
    "Plate",
    "ResultWriter",
    "SoundInfo",
    "Take",
    "TakeInfo",
    "TakeWriter",
    "check_layers",
    "check_writable",
    "find_cuts",
    "join_layers",
    "join_segments",
    "open_take",
    "open_writer",
    "probe",
]
