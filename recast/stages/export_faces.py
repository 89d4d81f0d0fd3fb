"""Pack a face set into one file."""

from __future__ import annotations

from pathlib import Path

from recast.errors import NoFaceFound, OptionUnusable
from recast.events import Note, Progress, Report, Started, silent


def run(faceset: Path, out: Path, report: Report = silent) -> int:
    """Write all faces of a folder into the tar `out` (WebDataset) and return how many.

    `recast import` brings every file back byte by byte.

    Raises:
        NoFaceFound: the folder holds none.
        OptionUnusable: it is no folder, or `out` does not end in .tar.
        DiskTrouble: the pack cannot be written.
    """
    from recast.faceset import load_faceset
    from recast.interop.tar import write_tar

    if out.suffix.lower() != ".tar":
        raise OptionUnusable(f"{out} is no name for a tar", "let it end in .tar")
    if not faceset.is_dir():
        raise OptionUnusable(f"{faceset} is no folder", "give the folder of a face set")
    faces = load_faceset(faceset)
    for problem in faces.unreadable:
        report(Note(f"Left out: {problem}", warning=True))
    if not len(faces):
        raise NoFaceFound(f"{faceset} holds no faces", "give the folder of a face set")
    report(Started("export", f"{faceset} into {out}"))
    paths = (faces.path(index) for index in range(len(faces)))
    packed = 0
    for done, trouble in enumerate(write_tar(out, paths)):
        packed += trouble is None
        if trouble is not None:
            report(Note(f"Left out: {trouble}", warning=True))
        report(Progress(done + 1, len(faces), "faces"))
    return packed
