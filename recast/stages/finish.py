"""The last step of every video: it appears under its name only when it is whole and signed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from recast.disk import disk_trouble_named
from recast.errors import OptionUnusable
from recast.events import Note, Report
from recast.workspace import SIDES, Workspace

if TYPE_CHECKING:
    from recast.provenance import ConsentRecord


def check_out(workspace: Workspace, out: Path) -> None:
    """Refuse a place that cannot take a result, before hours of work are spent on it.

    Raises:
        OptionUnusable: it is no mp4, a folder, or one of the takes.
    """
    if out.suffix.lower() != ".mp4":
        raise OptionUnusable(f"{out} does not end in .mp4", "results are mp4 files: name it so")
    if out.is_dir():
        raise OptionUnusable(f"{out} is a folder", "give the name of a file in it")
    for side in SIDES:
        takes = [workspace.take_path(side), workspace.original_path(side)]
        if out.resolve() in [take.resolve() for take in takes]:
            raise OptionUnusable(
                f"{out} is the {side} take itself", "choose another name: takes are kept"
            )


def finish(
    out: Path,
    write: Callable[[Path], tuple[str, ...]],
    *,
    consent: ConsentRecord,
    model: str,
    ingredients: Sequence[Path],
    report: Report,
) -> None:
    """Let `write` make a draft, sign it, and give it its name.

    `write` returns notes for the user; `ingredients` are the dst take and then the src take.

    Raises:
        DiskTrouble: `out` cannot be written; what was there before is untouched.
    """
    from recast.provenance import find_signer, sign

    draft = out.with_name(f"{out.stem}.unsigned{out.suffix}")
    now = datetime.now(UTC)
    with disk_trouble_named(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            for note in write(draft):
                report(Note(note))
            sign(
                draft,
                title=out.name,
                consent=consent,
                model=model,
                ingredients=ingredients,
                signer=find_signer(os.environ, now),
                now=now,
            )
            draft.replace(out)
        finally:
            draft.unlink(missing_ok=True)
