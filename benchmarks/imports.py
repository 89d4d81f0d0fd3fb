"""How fast faces of other programs are read, and taken over.

`python -m benchmarks imports [FACES]`, from the repository's root: writes face files of recast and
of DeepFaceLab's last version (2,000 of 256 pixels unless told otherwise) with the same pictures.
"""

import pickle  # noqa: TID251 - what the safe reader is compared with
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.tables import Sections, Table
from recast.faces import placement
from recast.faceset import load_faceset, load_record, save_face
from recast.plain_pickle import load_plain
from recast.stages import export_faces, import_faces
from tests.faceset.conftest import record_of
from tests.foreign import dfl_jpeg, dfl_pack, dfl_values, some_landmarks

SIDE = 256


def main() -> Sections:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    crop = np.asarray(cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)
    landmarks = some_landmarks()
    values = dfl_values(landmarks, placement(landmarks, SIDE, "full"))

    def theirs(index: int) -> bytes:
        return dfl_jpeg(crop, values | {"source_filename": f"{index + 1:05d}.png"})

    table = Table("", "faces/s", about=f"{count} files:")

    def timed(what: str, count: int, work: Callable[[], object]) -> None:
        start = time.perf_counter()
        work()
        table.add(what, count / (time.perf_counter() - start))

    with tempfile.TemporaryDirectory() as name:
        own, foreign = Path(name) / "own", Path(name) / "foreign"
        own.mkdir()
        foreign.mkdir()
        for index in range(count):
            save_face(own / f"{index:06d}_0.jpg", crop, record_of(frame=index, size=SIDE))
            (foreign / f"{index:06d}_0.jpg").write_bytes(theirs(index))
        pack = Path(name) / "faceset.pak"
        pack.write_bytes(dfl_pack({f"{i:06d}_0.jpg": theirs(i) for i in range(count)}))
        stream = pickle.dumps(values)
        timed(
            "pickle.loads of a record", count, lambda: [pickle.loads(stream) for _ in range(count)]
        )
        timed(
            "the safe reader, the same",
            count,
            lambda: [load_plain(stream, "") for _ in range(count)],
        )
        paths = sorted(own.iterdir())
        timed("records of recast", count, lambda: [load_record(path) for path in paths])
        paths = sorted(foreign.iterdir())
        timed("records of DeepFaceLab", count, lambda: [load_record(path) for path in paths])
        timed("a folder of DeepFaceLab, opened first", count, lambda: load_faceset(foreign))
        timed("the same, opened again", count, lambda: load_faceset(foreign))
        options = import_faces.ImportOptions()

        def taken_over(source: Path) -> None:
            to = Path(name) / f"to {source.stem}"
            timed(f"{source.name} imported", count, lambda: import_faces.run(source, to, options))

        taken_over(foreign)
        taken_over(pack)
        tar = Path(name) / "all.tar"
        timed("exported as one tar", count, lambda: export_faces.run(own, tar))
        timed(
            "the tar imported", count, lambda: import_faces.run(tar, Path(name) / "back", options)
        )
    return {"imports": [table]}
