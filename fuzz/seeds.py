"""Contents that each parser reads: where mutation begins."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from recast import images
from recast.faces import Face, placement, pose_of
from recast.faces.mean_face import MEAN_FACE
from recast.faceset import FaceRecord, Polygon, Source, save_face
from recast.faceset.xmp import pack
from tests import foreign

CROP = (np.mgrid[0:64, 0:64].sum(0)[..., None] * [2, 1, 2] % 256).astype(np.uint8)
LANDMARKS = (MEAN_FACE[:, :2] * 100 + [200, 120]).astype(np.float32)
RECORDED_AT = datetime(2025, 12, 1, tzinfo=UTC)


def _as_json(*values: Any) -> Callable[[], Iterator[bytes]]:
    return lambda: (json.dumps(value).encode() for value in values)


def _pickled(values: object, protocol: int) -> bytes:
    import pickle  # noqa: TID251 - their formats are pickles

    return foreign.old_numpy(pickle.dumps(values, protocol))


def _record() -> FaceRecord:
    mask = base64.b64encode(images.encode(CROP, ".png")).decode()
    face = Face((190.0, 120.0, 310.0, 245.0), 0.9, LANDMARKS, pose_of(LANDMARKS), None)
    record = FaceRecord.of(
        face,
        placement(LANDMARKS, 64, "full"),
        source=Source(take="a take.mp4", frame=3, moment=Fraction(3, 25)),
        framing="full",
        size=64,
        track=0,
    )
    drawn = (Polygon(adds=True, points=((3.0, 3.0), (40.0, 5.0), (20.0, 50.0))),)
    return record.model_copy(update={"segmentation": mask, "polygons": drawn})


def face_files(suffix: str) -> Callable[[], Iterator[bytes]]:
    def made() -> Iterator[bytes]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"a{suffix}"
            save_face(path, CROP, _record())
            yield path.read_bytes()
        placed = placement(LANDMARKS, 64, "full")
        values = foreign.dfl_values(LANDMARKS, placed, xseg_mask=images.encode(CROP, ".png"))
        theirs = foreign.dfl_jpeg if suffix == ".jpg" else foreign.dfl_png
        yield theirs(CROP, values)

    return made


def records() -> Iterator[bytes]:
    yield _record().model_dump_json(exclude_none=True).encode()


def packets() -> Iterator[bytes]:
    yield pack(_record().model_dump_json(exclude_none=True))


def dfl_records() -> Iterator[bytes]:
    placed = placement(LANDMARKS, 64, "full")
    for protocol in (0, 2, 4):
        values = foreign.dfl_values(LANDMARKS, placed, xseg_mask=images.encode(CROP, ".png"))
        yield _pickled(values, protocol)


def dfl_packs() -> Iterator[bytes]:
    faces = {f"0000{number}_0.jpg": images.encode(CROP, ".jpg") for number in range(2)}
    yield foreign.dfl_pack(faces)
    yield foreign.dfl_pack(faces, person="anna")


def alignments() -> Iterator[bytes]:
    packed = foreign.faceswap_alignments({"take_000001.png": [LANDMARKS], "take_000002.png": []})
    yield packed
    yield zlib.decompress(packed)


def faceswap_faces() -> Iterator[bytes]:
    yield foreign.faceswap_png(CROP, LANDMARKS, name="take_000001.png")


def literals() -> Iterator[bytes]:
    yield str(foreign.faceswap_face(LANDMARKS)).encode()


def tars() -> Iterator[bytes]:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name in ("000001_0.jpg", "000001_0.json"):
            member = tarfile.TarInfo(name)
            member.size = 5
            tar.addfile(member, io.BytesIO(b"12345"))
    yield content.getvalue()


def workspaces() -> Iterator[bytes]:
    from recast.provenance.book import with_record
    from recast.provenance.consent import ConsentRecord

    record = ConsentRecord(
        person="A. Double",
        basis="written-consent",
        adult=True,
        recorded_at=RECORDED_AT,
        uses=("film",),
        until=date(2030, 1, 1),
        document="signed.pdf",
        document_sha256="0" * 64,
    )
    settings: dict[str, Any] = {"version": 1, "takes": {"src": "a.mp4", "dst": "b"}}
    settings |= {"stand_in": {"dst": "data_dst/denoised.mp4"}, "copied_from": {"src": "/x.mp4"}}
    for salt in ("1" * 32, "2" * 32):
        settings |= with_record(settings, record, salt=salt)
    yield json.dumps(settings).encode()


def indices() -> Iterator[bytes]:
    from recast.faceset import load_faceset
    from recast.faceset.index import INDEX_NAME

    with tempfile.TemporaryDirectory() as folder:
        save_face(Path(folder) / "a.jpg", CROP, _record())
        load_faceset(Path(folder))
        index = Path(folder) / INDEX_NAME
        with closing(sqlite3.connect(index)) as database:
            database.execute("PRAGMA page_size = 512")
            database.execute("VACUUM")
        yield index.read_bytes()


def pictures() -> Iterator[bytes]:
    for suffix in (".png", ".jpg", ".bmp", ".tif", ".webp"):
        yield images.encode(CROP, suffix)


consents = _as_json(
    {"person": "A. Double", "basis": "self", "adult": True},
    {
        "version": 1,
        "person": "A. Double",
        "basis": "licence",
        "adult": True,
        "recorded_at": "2026-01-02T03:04:05+02:00",
        "uses": ["feature film"],
        "until": "2027-12-31",
        "side": "dst",
        "document": "consent.json",
    },
)
jobs = _as_json(
    {
        "version": 1,
        "words": ["train", "job", "--steps", "100"],
        "holds": ["model swift"],
        "state": "running",
        "began": 1767322800.5,
        "ended": None,
        "about": "swift",
        "step": 40,
        "notes": [["careful", True]],
        "pid": 2**31 - 1,
        "born": 1767322800.0,
        "server": [2**31 - 1, 1767322000.0],
    },
    {"words": ["sort", "faces"], "state": "failed", "began": 1.0, "what": "no", "fix": "yes"},
)
job_ends = _as_json(
    {"version": 1, "code": 130, "ended": 1767322900.0},
    {"code": 1, "ended": 5, "what": "the disk is full", "fix": "free some space"},
)
options = _as_json(
    {
        "version": 2,
        "model": "sae",
        "framing": "full",
        "shape": {"resolution": 128, "architecture": "liae", "light": False, "ae_dims": 256},
        "options": {"batch_size": 8, "seed": 0},
    },
    {"version": 1, "model": "swift", "framing": "full", "resolution": 96, "options": {}},
)
_SUM = "0" * 64
checkpoint_states = _as_json(
    *(
        {
            "version": version,
            "step": 3,
            "seconds": 1.5,
            "rate_factor": 0.5,
            "roll_backs": 1,
            "seen": 18,
            "optimizer": "adamw",
            "options": {"batch_size": 6},
            "sha256": {"weights.safetensors": _SUM, "training.safetensors": _SUM},
        }
        for version in (1, 2)
    )
)
_FACE = {"crop_from_frame": [[1, 0, 2], [0, 1, 3]], "resolution": 96, "framing": "full", "track": 0}
_COLOR = {"primaries": 1, "transfer": 1, "matrix": 1, "range": 1}
layers = _as_json(
    {
        "version": 1,
        "format": "png",
        "size": [64, 48],
        "rate": "25",
        "sample_aspect": "1",
        "color": _COLOR,
        "premultiplied": False,
        "layers": {"face": "face", "matte": "matte", "plate": "plate"},
        "frames": [{"index": 0, "moment": "0", "faces": [_FACE]}],
    }
)
sequences = _as_json(
    {
        "version": 1,
        "format": "png",
        "size": [64, 48],
        "rate": "25",
        "color": _COLOR,
        "files": {"000000.png": {"moment": "0", "sha256": _SUM}},
        "sound": {"name": "sound.wav", "sha256": _SUM},
    }
)
marks = _as_json(
    {
        "version": 1,
        "take": {"name": "b.mp4"},
        "frames": {
            "3": {
                "state": "done",
                "faces": [{"region": [9.0, 9.0, 5.0, 0.1], "landmarks": [[1.5, 2.5]] * 68}],
            }
        },
    }
)
orders = _as_json(
    *(
        {
            "version": 1,
            "phase": phase,
            "token": "5f0c29aa",
            "files": [["000001_0.jpg", "000001_0.jpg", now]],
        }
        for phase in ("aside", "place", "done")
        for now in ("00000-000001_0.jpg", "trash/000001_0.jpg")
    )
)
extractions = _as_json(
    {
        "version": 1,
        "take": {"name": "b.mp4"},
        "options": {"detector": "mesh"},
        "marks": "",
        "frames_done": 9,
        "debug": False,
        "nothing_found": [[0, 3], [5, 5]],
    }
)
shots = _as_json([{"frames": "0:8", "mode": "seamless"}, {"frames": "10:", "change": "blend"}])
people = _as_json({"0": "anna", "01": None, "*": "anna"})


def picture_notes() -> Iterator[bytes]:
    head = {"version": 1, "made_of": {}, "rate": "25/1", "time_base": "1/12800", "color": _COLOR}
    row = {"name": "000000.png", "frame": 0, "moment": "0/1", "size": 3, "digest": "ab"}
    yield b"\n".join(json.dumps(one).encode() for one in ({**head, "sample_aspect": "1/1"}, row))


def histories() -> Iterator[bytes]:
    rows = [{"step": step, "seconds": 1.0, "losses": {"src": 0.5, "dst": 0.4}} for step in (1, 2)]
    yield b"\n".join(json.dumps(row).encode() for row in rows)
