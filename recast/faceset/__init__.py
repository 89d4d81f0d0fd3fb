"""Face files on disk and the columns of a whole set."""

from recast.faceset.drawn_mask import begins_full, carries_mask, mask_in
from recast.faceset.face_file import (
    face_file_name,
    load_face,
    load_record,
    replace_record,
    save_face,
)
from recast.faceset.face_set import FaceSet, load_faceset
from recast.faceset.index import files_by_frame
from recast.faceset.record import FaceRecord, Polygon, Source

__all__ = [
    "FaceRecord",
    "FaceSet",
    "Polygon",
    "Source",
    "begins_full",
    "carries_mask",
    "face_file_name",
    "files_by_frame",
    "load_face",
    "load_faceset",
    "load_record",
    "mask_in",
    "replace_record",
    "save_face",
]
