"""One job on disk, and everything that can be done with it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.disk import disk_trouble_named, read_json, write_json
from recast.errors import TakeUnreadable, WorkspaceUnusable
from recast.events import Report, silent
from recast.folders import Folders
from recast.sides import SIDES as SIDES
from recast.sides import Side as Side
from recast.sides import side_named, take_inside

if TYPE_CHECKING:
    from recast.faceset import FaceSet
    from recast.provenance.consent import ConsentRecord
    from recast.stages.curate import Curated
    from recast.video import Take

VERSION = 1


class Workspace(Folders):
    """One job on disk: takes, face sets, models and results, where `Folders` says they are.

    A workspace of DeepFaceLab (`data_src.mp4`, `data_dst.mp4`) opens as it is.
    """

    def __init__(self, root: Path, settings: dict[str, Any]) -> None:
        super().__init__(root)
        self._settings = settings

    @classmethod
    def create(
        cls, root: str | Path, *, src: str | Path, dst: str | Path, copy: bool = False
    ) -> Workspace:
        """Begin a job; with `copy` the takes are copied in, else only their places are noted.

        Raises:
            TakeUnreadable: one of the takes is no video and no folder of pictures.
            WorkspaceUnusable: the folder already holds another job.
            DiskTrouble: the folder cannot be written.
        """
        from recast.video import open_take

        root = Path(root)
        takes = {"src": Path(src).absolute(), "dst": Path(dst).absolute()}
        for side, path in takes.items():
            with side_named(side):
                open_take(path)
        if (root / "workspace.json").exists():
            return cls._reopened(root, takes)
        if root.is_file() or (root.is_dir() and any(root.iterdir())):
            raise WorkspaceUnusable(
                f"{root} is not empty and no workspace", "name a new or an empty folder"
            )
        noted = {side: str(path) for side, path in takes.items()}
        settings: dict[str, Any] = {"version": VERSION, "takes": noted}
        with disk_trouble_named(root):
            root.mkdir(parents=True, exist_ok=True)
            if copy:
                from recast.stages.takes import copy_takes

                copies = copy_takes({root / f"data_{side}": take for side, take in takes.items()})
                inside = dict(zip(takes, copies, strict=True))
                settings = {**settings, "takes": inside, "copied_from": noted}
        workspace = cls(root, settings)
        workspace._save()
        return workspace

    @classmethod
    def open(cls, root: str | Path) -> Workspace:
        """Open a job.

        Raises:
            WorkspaceUnusable: the folder is missing, no workspace, or of a newer recast.
        """
        root = Path(root)
        file = root / "workspace.json"
        if not file.exists():
            if any(take_inside(root, side) for side in SIDES):
                return cls(root, {"version": VERSION, "takes": {}})
            raise WorkspaceUnusable(
                f"{root} is no workspace", f"make one: recast new {root} --src TAKE --dst TAKE"
            )
        try:
            settings = read_json(file)
            version = settings["version"]
            if version == VERSION:
                named = [settings["takes"], settings.get("stand_in", {})]
                [root / path for takes in named for path in takes.values()]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WorkspaceUnusable(
                f"{file} is damaged ({error})", "put back a copy of it, or make a new workspace"
            ) from error
        if version != VERSION:
            raise WorkspaceUnusable(
                f"{file} has version {version}, this recast knows {VERSION}", "update recast"
            )
        return cls(root, settings)

    @classmethod
    def _reopened(cls, root: Path, takes: dict[str, Path]) -> Workspace:
        workspace = cls.open(root)
        origins = workspace._settings.get("copied_from", {})
        for side in SIDES:
            known = [workspace.original_path(side), *map(Path, filter(None, [origins.get(side)]))]
            if takes[side].resolve() not in [path.resolve() for path in known]:
                raise WorkspaceUnusable(
                    f"{root} is a workspace for another {side}: {known[-1]}",
                    "name another folder, or go on with the takes it was made for",
                )
        return workspace

    def take_path(self, side: Side) -> Path:
        """The take that is worked on: the original, or the denoised one that stands in for it."""
        stand_in: str | None = self._settings.get("stand_in", {}).get(side)
        if not stand_in:
            return self.original_path(side)
        if not os.path.exists(self.root / stand_in):  # noqa: PTH110 - takes any name
            raise TakeUnreadable(
                f"{self.root / stand_in}, which stands in for the {side} take, is not there",
                f"recast denoise {self.root} makes it again, with --off the original is used",
            )
        return self.root / stand_in

    def original_path(self, side: Side) -> Path:
        """Where the take as it was filmed is; TakeUnreadable if nobody knows."""
        named = self._settings["takes"].get(side)
        path = self.root / named if named else take_inside(self.root, side)
        if path is None:
            raise TakeUnreadable(
                f"{self.root} has no {side} take",
                f"put a file named data_{side}.mp4 there, or make a workspace with recast new",
            )
        return path

    def take(self, side: Side) -> Take:
        """Open the take that is worked on."""
        from recast.video import open_take

        with side_named(side):
            return open_take(self.take_path(side))

    def original_take(self, side: Side) -> Take:
        """Open the take as it was filmed."""
        from recast.video import open_take

        with side_named(side):
            return open_take(self.original_path(side))

    def use_denoised(self, stand_in: Path) -> None:
        """Let a denoised take inside this folder stand in for dst from now on."""
        inside = stand_in.relative_to(self.root).as_posix()
        self._settings["stand_in"] = {**self._settings.get("stand_in", {}), "dst": inside}
        self._save()

    def use_original(self) -> None:
        """Work on dst as it was filmed again; the denoised take stays where it is."""
        if self._settings.get("stand_in", {}).pop("dst", None):
            self._save()

    def faceset(self, side: Side) -> FaceSet:
        """The faces of a side.

        Raises:
            WorkspaceUnusable: none were extracted yet, or they are packed.
        """
        from recast.faceset import load_faceset

        folder = self.faceset_folder(side)
        if not folder.is_dir():
            raise WorkspaceUnusable(
                f"{self.root} has no {side} faces yet",
                f"find them first: recast extract {self.root} {side}",
            )
        faces = load_faceset(folder)
        packed = folder / "faceset.pak"
        if not len(faces) and packed.is_file():
            raise WorkspaceUnusable(
                f"the {side} faces are packed into {packed}",
                f"unpack them first: recast import {packed} --to {folder}",
            )
        return faces

    @property
    def consent(self) -> tuple[ConsentRecord, ...]:
        """The consent records, oldest first.

        Raises:
            WorkspaceUnusable: a record was damaged.
        """
        from recast.provenance.book import BookDamaged, read_book

        try:
            return read_book(self._settings)
        except BookDamaged as error:
            raise WorkspaceUnusable(
                f"{self.settings_file} cannot be relied on: {error}",
                "put back a copy of that file; without one, make a new workspace for these takes "
                "and record consent there",
            ) from error

    def record_consent(self, record: ConsentRecord) -> None:
        """Add a consent record; none is ever removed.

        Raises:
            WorkspaceUnusable: an earlier record was damaged.
        """
        from recast.provenance.book import with_record

        self._take_in_consent()
        _ = self.consent  # nothing is added to records that cannot be relied on
        self._settings |= with_record(self._settings, record, salt=secrets.token_hex(16))
        self._save()

    def _save(self) -> None:
        self._take_in_consent()
        write_json(self.settings_file, self._settings)

    def note_watermark(self, name: str, result: Path) -> None:
        """Remember which watermark a result carries: what is left when its credentials are gone."""
        known: list[dict[str, str]] = self._settings.get("watermarks", [])
        made = {"watermark": name, "result": result.name}
        if name and made not in known:
            self._settings["watermarks"] = [*known, made]
            self._save()

    @property
    def watermarks(self) -> tuple[tuple[str, str], ...]:
        """Each watermark that was drawn here, and the name of its result, oldest first.

        Raises:
            WorkspaceUnusable: the list was damaged.
        """
        try:
            known = self._settings.get("watermarks", [])
            return tuple((str(one["watermark"]), str(one["result"])) for one in known)
        except (TypeError, KeyError) as error:
            raise WorkspaceUnusable(
                f"{self.settings_file} holds a damaged list of watermarks",
                "put back a copy of it, or remove its watermarks",
            ) from error

    def _take_in_consent(self) -> None:
        """Another program may have recorded consent since this one opened the job: it stays."""
        try:
            found = read_json(self.settings_file)
            more = len(found["consent"]) > len(self._settings.get("consent", []))
        except (OSError, ValueError, KeyError, TypeError):
            return
        if more:
            kept = {name: found[name] for name in ("consent", "consent_seal") if name in found}
            self._settings |= kept

    def made_here(self) -> list[Path]:
        """What `clear` removes: only what bears a mark that recast made it."""
        from recast.stages.clear import made_here

        return made_here(self)

    def clear(self) -> list[Path]:
        """Remove what recast made; the takes, the consent records and foreign files stay."""
        from recast.stages.clear import run

        return run(self)

    def frames(self, side: Side, *, report: Report = silent, **options: Any) -> Path:
        """Write frames of a take as pictures; keywords as in `recast.stages.frames`."""
        from recast.stages import frames

        return frames.run(self, side, frames.FramesOptions(**options), report)

    def denoise(self, *, report: Report = silent, **options: Any) -> Path:
        """Take the noise out of dst, which then stands in for it; see `use_original`."""
        from recast.stages import denoise

        return denoise.run(self, denoise.DenoiseOptions(**options), report)

    def extract(self, side: Side, *, report: Report = silent, **options: Any) -> FaceSet:
        """Find and align the faces of a take; keywords as in `recast.stages.extract`."""
        from recast.stages import extract

        return extract.run(self, side, extract.ExtractOptions(**options), report)

    def sort(self, side: Side, by: str, *, report: Report = silent, **options: Any) -> Curated:
        """Sort a side's face set; keywords as in `recast.stages.curate`."""
        from recast.stages import curate

        chosen = curate.SortOptions.model_validate({"by": by, **options})
        return curate.run(self.faceset_folder(side), chosen, report)

    def undo_sort(self, side: Side, *, report: Report = silent) -> Curated:
        """Give a side's faces their original names back, those in the trash folder too."""
        from recast.stages import curate

        return curate.undo(self.faceset_folder(side), report)

    def train(self, model: str = "swift", *, report: Report = silent, **options: Any) -> Path:
        """Train a model on both face sets; keywords as in `recast.stages.train_options`."""
        from recast.stages import train
        from recast.stages.train_options import TrainOptions

        return train.run(self, TrainOptions.model_validate({"model": model, **options}), report)

    def timelapse(
        self, *, report: Report = silent, out: str | Path | None = None, **options: Any
    ) -> Path:
        """Make a video of a training's previews; keywords as in `recast.stages.timelapse`."""
        from recast.stages import timelapse

        chosen = timelapse.TimelapseOptions(**options)
        return timelapse.run(self, chosen, report, out=None if out is None else Path(out))

    def merge(
        self,
        *,
        report: Report = silent,
        out: str | Path | None = None,
        layers: str | Path | None = None,
        **options: Any,
    ) -> Path:
        """Put the trained face into the dst take; keywords as in `recast.stages.merge_options`."""
        from recast.stages import merge

        chosen = merge.MergeOptions(**options)
        places = {"out": out, "layers": layers}
        given = {name: Path(place) for name, place in places.items() if place is not None}
        return merge.run(self, chosen, report, **given)
