"""Takes: read frames with exact times, cut and denoise them, write them back with the sound."""

from recast.video.color import ColorTags
from recast.video.cut import (
    Span,
    WrittenTime,
    chosen_span,
    cut_pictures,
    cut_video,
    parse_time,
)
from recast.video.cuts import find_cuts
from recast.video.denoise import denoised
from recast.video.folder import FolderTake, pictures_of
from recast.video.formats import CONTAINERS, FORMATS, Format
from recast.video.join import join_segments
from recast.video.layers import (
    LayersWriter,
    PlacedCrop,
    check_layers,
    check_layers_place,
    join_layers,
)
from recast.video.opening import open_take, probe
from recast.video.picture_note import NOTE_NAME, PictureNote, read_note
from recast.video.pictures import picture_name, write_pictures
from recast.video.results import ResultWriter, check_writable, open_writer
from recast.video.sound import SoundSpan
from recast.video.take import Frame, Moment, Plate, SoundInfo, Take, TakeInfo
from recast.video.write import TakeWriter

__all__ = [
    "CONTAINERS",
    "FORMATS",
    "NOTE_NAME",
    "ColorTags",
    "FolderTake",
    "Format",
    "Frame",
    "LayersWriter",
    "Moment",
    "PictureNote",
    "PlacedCrop",
    "Plate",
    "ResultWriter",
    "SoundInfo",
    "SoundSpan",
    "Span",
    "Take",
    "TakeInfo",
    "TakeWriter",
    "WrittenTime",
    "check_layers",
    "check_layers_place",
    "check_writable",
    "chosen_span",
    "cut_pictures",
    "cut_video",
    "denoised",
    "find_cuts",
    "join_layers",
    "join_segments",
    "open_take",
    "open_writer",
    "parse_time",
    "picture_name",
    "pictures_of",
    "probe",
    "read_note",
    "write_pictures",
]
