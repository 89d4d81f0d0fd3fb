"""The last step of every result: it appears under its name only when it is whole and signed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.disk import clear_draft, disk_trouble_named
from recast.errors import OptionUnusable
from recast.events import Note, Report
from recast.workspace import SIDES, Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from recast.provenance import ConsentRecord


def check_out(workspace: Workspace, out: Path, format: str = "mp4") -> None:
    """Refuse a place that cannot take a result, before hours of work are spent on it.

    Raises:
        OptionUnusable: its name does not fit the format, it is a folder that is not a result,
            or one of the takes.
        DiskTrouble: a folder of pictures would bury other files.
    """
    from recast.video import FORMATS
    from recast.video.sequence import check_free

    FORMATS[format].check_name(out)
    if FORMATS[format].picture:
        check_free(out)
    elif out.is_dir():
        raise OptionUnusable(f"{out} is a folder", "give the name of a file in it")
    for side in SIDES:
        takes = [workspace.take_path(side), workspace.original_path(side)]
        if out.resolve() in [take.resolve() for take in takes]:
            raise OptionUnusable(
                f"{out} is the {side} take itself", "choose another name: takes are kept"
            )


# What credentials say, one by one.
def finish(  # noqa: PLR0913
    out: Path,
    write: Callable[[Path], tuple[str, ...]],
    *,
    consent: ConsentRecord,
    model: str,
    ingredients: Sequence[Path],
    report: Report,
    watermark: str = "",
) -> None:
    """Let `write` make a draft, a file or a folder, sign it, and give it its name.

    `write` returns notes for the user; `ingredients` are the dst take and then the src take;
    `watermark` is the number in the frames.
    Credentials go into the file, or beside it where its kind holds none, and a note says so.

    Raises:
        DiskTrouble: `out` cannot be written; what was there before is untouched.
    """
    from recast.provenance import SIDECAR

    draft = out.with_name(f"{out.stem}.unsigned{out.suffix}")
    beside, draft_beside = (path.with_name(path.name + SIDECAR) for path in (out, draft))

    def sign_file(path: Path) -> bool:
        title = out.name if path == draft else f"{out.name}: {path.name}"
        about: dict[str, Any] = {"consent": consent, "model": model, "ingredients": ingredients}
        return _signed(path, title=title, watermark=watermark, **about)

    with disk_trouble_named(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            clear_draft(draft)
            for note in write(draft):
                report(Note(note))
            inside = [sign_file(path) for path in _to_sign(draft)]
            if draft_beside.exists():
                draft_beside.replace(beside)  # first, so that no result stands there without
            elif draft.is_file():
                beside.unlink(missing_ok=True)  # it spoke of an older file
            _put(draft, out)
        finally:
            clear_draft(draft)
            draft_beside.unlink(missing_ok=True)
    if not all(inside):
        place = f"files in it that end in {SIDECAR}" if out.is_dir() else beside.name
        report(
            Note(
                f"{out.name} is of a kind that carries no content credentials: they are in "
                f"{place}. Pass them on with it; recast verify reads them."
            )
        )


def sign_list(
    workspace: Workspace,
    listed: Path,
    *,
    consent: ConsentRecord,
    model: str,
    watermark: str,
    report: Report,
) -> None:
    """Sign the list of pictures that were written one by one, and say where the credentials are."""
    takes = [workspace.original_path(side) for side in ("dst", "src")]
    title = f"{listed.parent.name}: {listed.name}"
    about: dict[str, Any] = {"consent": consent, "model": model, "ingredients": takes}
    _signed(listed, title=title, watermark=watermark, **about)
    report(Note(f"The credentials of {listed.parent} are beside {listed.name} in it."))


def signed_picture(
    image: NDArray[np.uint8], *, title: str, consent: ConsentRecord, model: str
) -> bytes:
    """A picture of the new face as a signed JPEG file, made while something else is at work.

    Raises:
        OptionUnusable: the certificate cannot sign.
    """
    from recast import images
    from recast.provenance import find_signer, signed_jpeg

    now = datetime.now(UTC)
    about: dict[str, Any] = {"title": title, "consent": consent, "model": model, "now": now}
    return signed_jpeg(images.encode(image, ".jpg"), signer=find_signer(os.environ, now), **about)


def _signed(path: Path, **said: Any) -> bool:
    """Sign a file, in it or beside it; whether the credentials are in it."""
    from recast.provenance import SIDECAR, can_embed, find_signer, sign, sign_beside

    now = datetime.now(UTC)
    signer = find_signer(os.environ, now)
    about: dict[str, Any] = {**said, "signer": signer, "now": now}
    if can_embed(path):
        sign(path, **about)
        return True
    sign_beside(path, path.with_name(path.name + SIDECAR), **about)
    return False


def _to_sign(draft: Path) -> Iterator[Path]:
    """The file itself; in a folder, the videos and the lists of pictures and layers."""
    from recast.video import CONTAINERS
    from recast.video.layers import LAYERS_FILE
    from recast.video.sequence import LIST

    if not draft.is_dir():
        yield draft
        return
    for path in sorted(draft.iterdir()):
        if path.is_dir():
            yield from _to_sign(path)
        elif path.name in {LIST, LAYERS_FILE} or path.suffix in CONTAINERS:
            yield path


def _put(draft: Path, out: Path) -> None:
    from recast.video import check_layers_place
    from recast.video.layers import LAYERS_FILE
    from recast.video.sequence import check_free, put_in_place

    if not draft.is_dir():
        draft.replace(out)
        return
    # Once more: files may have come into the folder since the work began.
    (check_layers_place if (draft / LAYERS_FILE).exists() else check_free)(out)
    put_in_place(draft, out)
