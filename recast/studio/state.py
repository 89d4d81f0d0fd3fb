"""What all browsers share: the workspace and the jobs."""

from __future__ import annotations

from pathlib import Path

from recast.errors import RecastError
from recast.folders import Folders
from recast.studio.desks import Desks
from recast.studio.facesets import FaceSets
from recast.studio.jobs import Jobs
from recast.studio.live import LivePictures
from recast.workspace import Workspace


class Studio:
    """One server's state. The workspace is read anew each time: other programs change it, too."""

    def __init__(self, root: Path, jobs: Jobs | None = None) -> None:
        self.root = root.absolute()
        self.jobs = jobs or Jobs(folder=self._jobs_folder)
        self.desks = Desks(self.root)
        self.pictures = LivePictures()
        self.facesets = FaceSets()

    def _jobs_folder(self) -> Path | None:
        """Where jobs are written down, once there is a workspace."""
        folders = Folders(self.root)
        return folders.jobs_folder if folders.settings_file.is_file() else None

    @property
    def exists(self) -> bool:
        """Whether there is a workspace yet; one that was made here is taken."""
        for root in (self.root, *self._made):
            try:
                Workspace.open(root)
            except RecastError:
                continue
            self.root = root
            return True
        return False

    @property
    def _made(self) -> list[Path]:
        """The workspaces that jobs of this server made, the newest first."""
        done = [job for job in self.jobs.all() if (job.command, job.state) == ("new", "done")]
        return [Path(str(job.facts.get("workspace", self.root))) for job in reversed(done)]

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
