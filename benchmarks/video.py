"""How fast takes are read, sought and written: `python -m benchmarks.video [TAKE]`."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.tables import Sections, Table
from recast.video import PictureNote, Take, TakeWriter, open_take, write_pictures

SAMPLE = Path(__file__).parents[1] / "recast" / "samples" / "pair1_dst.mp4"


def read(take: Take) -> int:
    return sum(1 for _ in take)


def seek(take: Take) -> int:
    return len([take.frame(index).index for index in range(0, len(take), 10)])


def copy(take: Take) -> int:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "copy.mp4"
        with TakeWriter(result, take.info, sound_from=take.path) as writer:
            for frame in take:
                writer.write(frame.image, frame.moment)
    return len(take)


def pictures(take: Take, suffix: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        PictureNote.like(take.info, {}).save(Path(folder))
        written = write_pictures(Path(folder), take.frames(), length=len(take), suffix=suffix)
        return sum(1 for _ in written)


BENCHMARKS: dict[str, Callable[[Take], int]] = {
    "read in order": read,
    "every tenth frame by number": seek,
    "read and write": copy,
    "write as PNG pictures": lambda take: pictures(take, ".png"),
    "write as JPEG pictures": lambda take: pictures(take, ".jpg"),
}


def main() -> Sections:
    take = open_take(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)
    width, height = take.info.size
    about = f"{take.path.name}, {width}x{height}, {len(take)} frames:"
    table = Table("", "frames/s", "ms of processor time a frame", about=about)
    for name, work in BENCHMARKS.items():
        begun, spent = time.perf_counter(), time.process_time()
        count = work(take)
        rate = count / (time.perf_counter() - begun)
        cost = (time.process_time() - spent) / count * 1000
        table.add(name, rate, cost)
    return {"video": [table]}


if __name__ == "__main__":
    main()
