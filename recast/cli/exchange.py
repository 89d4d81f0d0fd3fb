"""`recast import` and `recast export`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from recast.cli.door import door
from recast.cli.flags import FLAGS, Json, counted
from recast.stages.import_faces import ImportOptions

_IMPORT = ImportOptions()


def import_(
    path: Path,
    /,
    *,
    to: Annotated[Path, Parameter(help="Folder of the face set; it may have faces already.")],
    options: Annotated[ImportOptions, FLAGS] = _IMPORT,
    json: Json = False,
) -> None:
    """Take over faces: DeepFaceLab, faceswap, packs, other face sets.

    Nothing in a file is run, whoever made it. Pictures are not coded anew. What an earlier run
    took over is not done again. A workspace of DeepFaceLab also works as it is, without this.

    Parameters
    ----------
    path
        A folder of face files, a workspace, a faceset.pak, an .fsa (with --take) or a .tar.
    """
    from recast.stages.import_faces import run

    with door(json) as opened:
        done = run(path, to, options, opened.report)
        facts = {"folder": to, "faces": done.faces, "skipped": done.skipped}
        told = f"{counted(done.faces, 'face')} in {to}"
        told += f", skipped {counted(done.skipped, 'file')}" if done.skipped else ""
        opened.voice.tell("done", facts, told)


def export(
    faceset: Path,
    /,
    *,
    out: Annotated[Path, Parameter(help="The file to make.")],
    format: Annotated[
        Literal["webdataset"], Parameter(help="A tar with the face files, byte by byte.")
    ] = "webdataset",
    json: Json = False,
) -> None:
    """Pack a face set into one file.

    `recast import FILE --to FOLDER` unpacks it.

    Parameters
    ----------
    faceset
        The folder of the face set.
    """
    from recast.stages.export_faces import run

    with door(json) as opened:
        faces = run(faceset, out, opened.report)
        told = f"{counted(faces, 'face')} in {out}"
        opened.voice.tell("done", {"out": out, "faces": faces}, told)
