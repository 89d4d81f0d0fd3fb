"""`recast import` and `recast export`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import CycloptsError, Parameter

from recast.cli.door import Door, door
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
    source: Path,
    /,
    *,
    format: Annotated[
        Literal["webdataset", "onnx", "torchscript"],
        Parameter(
            help="webdataset is a tar with the face files, byte by byte; the others are for models."
        ),
    ] = "webdataset",
    out: Annotated[
        Path | None,
        Parameter(help="The file to make; a model's lies in its folder if none is given."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a model for other programs, or pack a face set into one file.

    A model is a network from dst's aligned faces to src's and their masks; it carries the basis of
    consent, and refuses without one. `recast import FILE --to FOLDER` unpacks a face set.

    Parameters
    ----------
    source
        The folder of a model, WORKSPACE/model/NAME, or of a face set.
    """
    if format == "webdataset" and out is None:
        raise CycloptsError(msg="A face set also needs --out FILE.tar; a model needs --format.")
    with door(json) as opened:
        if format != "webdataset":
            _export_model(source, format, out, opened)
            return
        from recast.stages.export_faces import run

        assert out is not None
        faces = run(source, out, opened.report)
        told = f"{counted(faces, 'face')} in {out}"
        opened.voice.tell("done", {"out": out, "faces": faces}, told)


def _export_model(
    source: Path, format: Literal["onnx", "torchscript"], out: Path | None, opened: Door
) -> None:
    from recast.stages.export_model import run

    done = run(source, format, opened.report, out=out)
    told = f"The model is {done.path}, its credentials are beside it; pass them on together"
    opened.voice.tell("done", {"out": done.path, "off": done.off}, told)
