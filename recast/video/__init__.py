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
from recast.video.denoise import denoised
from recast.video.folder import FolderTake, pictures_of
from recast.video.join import join_segments
from recast.video.opening import open_take, probe
from recast.video.picture_note import NOTE_NAME, PictureNote, read_note
from recast.video.pictures import picture_name, write_pictures
from recast.video.sound import SoundSpan
from recast.video.take import Frame, Moment, SoundInfo, Take, TakeInfo
from recast.video.write import TakeWriter

__all__ = [
    "NOTE_NAME",
    "ColorTags",
    "FolderTake",
    "Frame",
    "Moment",
    "PictureNote",
    "SoundInfo",
    "SoundSpan",
    "Span",
    "Take",
    "TakeInfo",
    "TakeWriter",
    "WrittenTime",
    "chosen_span",
    "cut_pictures",
    "cut_video",
    "denoised",
    "join_segments",
    "open_take",
    "parse_time",
    "picture_name",
    "pictures_of",
    "probe",
    "read_note",
    "write_pictures",
]
