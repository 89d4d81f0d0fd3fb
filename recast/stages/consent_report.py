"""Write down on what basis a job's faces are used, for the files of a production."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from recast.disk import disk_trouble_named, write_whole
from recast.errors import CredentialsMissing, OptionUnusable, TakeUnreadable
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.provenance.report import Reported

ENDINGS = {".html", ".htm"}


def run(workspace: Workspace, out: Path, *, result: Path | None = None) -> Path:
    """Write the consent records, the takes' hashes and a result's credentials as a page `out`.

    Raises:
        OptionUnusable: `out` does not end in .html.
        WorkspaceUnusable: a consent record was changed after it was recorded.
        TakeUnreadable: a take or the result cannot be read.
        DiskTrouble: `out` cannot be written.
    """
    from recast.provenance.ingredients import gather
    from recast.provenance.report import html_report

    if out.suffix.lower() not in ENDINGS:
        raise OptionUnusable(f"{out} is no name for a page", "let it end in .html")
    records = workspace.consent
    takes = gather([workspace.original_path(side) for side in ("dst", "src")])
    page = html_report(
        workspace.root.absolute().name,
        records,
        takes=takes,
        result=_reported(result) if result else None,
        now=datetime.now(UTC),
    )
    with disk_trouble_named(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, page.encode())
    return out


def _reported(path: Path) -> Reported:
    from recast.provenance import verify
    from recast.provenance.ingredients import gather
    from recast.provenance.report import Reported

    if not path.exists():
        raise TakeUnreadable(f"{path} is not there", "name the result that the report is about")
    try:
        credentials = verify(path)
    except CredentialsMissing:
        credentials = None
    (found,) = gather([path])
    return Reported(path.name, found.sha256, credentials)
