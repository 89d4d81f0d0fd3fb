"""The last step of every video: it appears under its name only when it is whole and signed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from recast.disk import disk_trouble_named
from recast.events import Note, Report

if TYPE_CHECKING:
    from recast.provenance import ConsentRecord


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
