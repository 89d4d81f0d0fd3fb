"""Writes what DeepFaceLab and faceswap write, from what is known of their formats."""

import pickle  # noqa: TID251 - their formats are pickles
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast import images
from recast.faces import Framing, placement
from recast.faces.mean_face import MEAN_FACE
from recast.faceset.deepfacelab import FRAMINGS
from recast.geometry import Points, Similarity
from recast.images import FrameImage

FACE_TYPES = {framing: face_type for face_type, framing in FRAMINGS.items()}


def some_landmarks(shift: float = 0) -> Points:
    return (MEAN_FACE[:, :2] * 100 + [200 + shift, 120]).astype(np.float32)


def old_numpy(stream: bytes) -> bytes:
    """The stream as NumPy 1 would have written it (for readers that ignore frame lengths)."""
    named = stream.replace(b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray")
    return named.replace(b"cnumpy._core.multiarray", b"cnumpy.core.multiarray")


def dfl_values(
    landmarks: Points, placed: Similarity, *, framing: Framing = "full", **changes: Any
) -> dict[str, Any]:
    """What the last version notes of a face."""
    left, top = landmarks.min(axis=0)
    right, bottom = landmarks.max(axis=0)
    return {
        "face_type": FACE_TYPES[framing],
        "landmarks": placed.apply(landmarks).tolist(),
        "source_filename": "00004.png",
        "source_rect": (int(left), int(top), int(right), int(bottom)),
        "source_landmarks": landmarks.tolist(),
        "image_to_face_mat": placed.matrix.astype(np.float32),
        "eyebrows_expand_mod": 1.0,
        "seg_ie_polys": None,
        "xseg_mask": None,
        **changes,
    }


def dfl_jpeg(crop: FrameImage, values: object, *, protocol: int = 3) -> bytes:
    """A face file of the last version: a segment APP15 behind the other APP segments."""
    data = images.encode(crop, ".jpg")
    content = values if isinstance(values, bytes) else old_numpy(pickle.dumps(values, protocol))
    at = 2 + 2 + int.from_bytes(data[4:6])  # behind SOI and JFIF
    return data[:at] + b"\xff\xef" + (len(content) + 2).to_bytes(2) + content + data[at:]


def png_with(data: bytes, kind: bytes, content: bytes, *, at_the_end: bool) -> bytes:
    chunk = len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)
    at = len(data) - 12 if at_the_end else 8 + 25
    return data[:at] + chunk + data[at:]


def dfl_png(crop: FrameImage, values: object, *, protocol: int = 3) -> bytes:
    """A face file of 2019: a chunk fcWp before the last one."""
    content = values if isinstance(values, bytes) else old_numpy(pickle.dumps(values, protocol))
    return png_with(images.encode(crop, ".png"), b"fcWp", content, at_the_end=True)


def write_dfl_faces(
    folder: Path, frames: dict[int, tuple[FrameImage, list[Points]]], *, size: int = 128
) -> list[Path]:
    """A folder `aligned` of faces in frames (numbered from 0)."""
    from recast.faces import align

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, (frame, faces) in frames.items():
        for index, landmarks in enumerate(faces):
            placed = placement(landmarks, size, "full")
            crop = align(frame, placed, size)
            name = f"{number + 1:05d}.png"
            values = dfl_values(landmarks, placed, source_filename=name)
            written.append(folder / f"{number + 1:05d}_{index}.jpg")
            written[-1].write_bytes(dfl_jpeg(crop, values))
    return written


def dfl_pack(faces: dict[str, bytes], *, person: str | None = None) -> bytes:
    """A `faceset.pak`; the names may have a folder if `person` is given."""
    configs = [
        {
            "sample_type": 1,
            "filename": name,
            "face_type": 2,
            "shape": (128, 128, 3),
            "landmarks": [[0.0, 0.0]] * 68,
            "ie_polys": [],
            "source_filename": "00001.png",
            "person_name": person,
        }
        for name in faces
    ]
    listed = pickle.dumps(configs, 4)
    offsets = np.cumsum([0, *(len(data) for data in faces.values())])
    head = struct.pack("<QQ", 1, len(listed)) + listed
    ends = [int(offset) for offset in offsets]
    # The last offset is written as the file's length, not as the end of the last face.
    ends[-1] += len(head) + 8 * len(ends)
    return head + struct.pack(f"<{len(ends)}Q", *ends) + b"".join(faces.values())


def faceswap_face(landmarks: Points) -> dict[str, Any]:
    left, top = landmarks.min(axis=0)
    right, bottom = landmarks.max(axis=0)
    mask = {
        "mask": zlib.compress(bytes(16)),
        "affine_matrix": [[1.0, 0.0, 2.5], [0.0, 1.0, -3e-05]],
        "interpolator": 3,
        "stored_size": 4,
        "stored_centering": "face",
    }
    return {
        "x": int(left),
        "w": int(right - left),
        "y": int(top),
        "h": int(bottom - top),
        "landmarks_xy": landmarks.astype(float).tolist(),
        "mask": {"components": mask},
        "identity": {"vggface2": [0.25, -1e-3]},
    }


def faceswap_png(crop: FrameImage, landmarks: Points, *, name: str, video: bool = True) -> bytes:
    """A face file of faceswap: a Python literal in a text chunk."""
    values = {
        "alignments": faceswap_face(landmarks),
        "source": {
            "alignments_version": 2.3,
            "original_filename": f"{Path(name).stem}_0.png",
            "face_index": 0,
            "source_filename": name,
            "source_is_video": video,
            "source_frame_dims": (360, 640),
        },
    }
    text = b"faceswap\0\0\0\0\0" + str(values).encode()
    return png_with(images.encode(crop, ".png"), b"iTXt", text, at_the_end=False)


def faceswap_alignments(frames: dict[str, list[Points]], *, thumbs: bool = True) -> bytes:
    """A file `.fsa`: all faces of a take."""
    thumb: NDArray[np.uint8] = np.arange(50, dtype=np.uint8)
    found = {
        name: {
            "faces": [
                {
                    **faceswap_face(landmarks),
                    "landmarks_xy": landmarks.astype(np.float32),
                    "thumb": thumb if thumbs else None,
                }
                for landmarks in faces
            ],
            "video_meta": {"pts_time": 0.04, "keyframe": True},
        }
        for name, faces in frames.items()
    }
    content = {"__meta__": {"version": 2.3}, "__data__": found}
    return zlib.compress(old_numpy(pickle.dumps(content, 4)))
