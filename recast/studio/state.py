"""What all browsers share: the workspace and the jobs."""

from __future__ import annotations

from pathlib import Path

from recast.errors import RecastError
from recast.studio.desks import Desks
from recast.studio.facesets import FaceSets
from recast.studio.jobs import Jobs
from recast.studio.live import LivePictures
from recast.workspace import Workspace


class Studio:
    """One server's state. The workspace is read anew each time: other programs change it, too."""

    def __init__(self, root: Path, jobs: Jobs | None = None) -> None:
        self.root = root.absolute()
        self.jobs = jobs or Jobs()
        self.desks = Desks(self.root)
        self.pictures = LivePictures()
        self.facesets = FaceSets()

    @property
    def exists(self) -> bool:
        """Whether there is a workspace yet."""
        try:
            self.workspace()
        except RecastError:
            return False
        return True

    def workspace(self) -> Workspace:
        """The workspace; raises WorkspaceUnusable if there is none."""
        return Workspace.open(self.root)

    def address(self, path: Path) -> str:
        """Where a browser finds a file of the workspace; it changes when the file does."""
        from urllib.parse import quote

        inside = path.absolute().relative_to(self.root).as_posix()
        try:
            version = f"?v={path.stat().st_mtime_ns:x}"
        except OSError:
            version = ""
        return f"/files/{quote(inside)}{version}"
