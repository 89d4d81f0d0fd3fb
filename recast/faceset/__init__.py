"""Face files on disk and the columns of a whole set."""

from recast.faceset.face_file import face_file_name, load_face, load_record, save_face
from recast.faceset.face_set import FaceSet, load_faceset
from recast.faceset.index import files_by_frame
from recast.faceset.record import FaceRecord, Polygon, Source

__all__ = [
    "FaceRecord",
    "FaceSet",
    "Polygon",
    "Source",
    "face_file_name",
    "files_by_frame",
    "load_face",
    "load_faceset",
    "load_record",
    "save_face",
]
