"""The folder of one job, and the only place that knows what is called what in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from recast.disk import disk_trouble_named, write_json
from recast.errors import RecastError, TakeUnreadable, WorkspaceUnusable
from recast.events import Report, silent

if TYPE_CHECKING:
    from recast.faceset import FaceSet
    from recast.provenance.consent import ConsentRecord
    from recast.video import Take

Side = Literal["src", "dst"]
SIDES: tuple[Side, Side] = ("src", "dst")
VERSION = 1
VIDEO_SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".mpg", ".mxf", ".ts")


class Workspace:
    """One job on disk: takes, face sets, models and results.

        workspace.json              version, the takes, consent records
        data_src/aligned/           src's face set, one file a face; data_dst likewise
        data_src/extraction.json    how far the search for faces is
        model/<name>/               options.json, checkpoint/, history.jsonl, preview/
        data_dst/merging/<key>/     finished parts of a merge
        result.mp4

    A workspace of DeepFaceLab (`data_src.mp4`, `data_dst.mp4`) opens as it is.
    """

    def __init__(self, root: Path, settings: dict[str, Any]) -> None:
        self.root = root
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
            with _named(side):
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
                settings = {**settings, "takes": _all_copied(takes, root), "copied_from": noted}
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
            if any(_take_inside(root, side) for side in SIDES):
                return cls(root, {"version": VERSION, "takes": {}})
            raise WorkspaceUnusable(
                f"{root} is no workspace", f"make one: recast new {root} --src TAKE --dst TAKE"
            )
        try:
            settings = json.loads(file.read_text(encoding="utf-8"))
            version = settings["version"]
            if version == VERSION:
                [root / named for named in settings["takes"].values()]
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
            known = [workspace.take_path(side), *map(Path, filter(None, [origins.get(side)]))]
            if takes[side].resolve() not in [path.resolve() for path in known]:
                raise WorkspaceUnusable(
                    f"{root} is a workspace for another {side}: {known[-1]}",
                    "name another folder, or go on with the takes it was made for",
                )
        return workspace

    def take_path(self, side: Side) -> Path:
        """Where the take is; TakeUnreadable if nobody knows."""
        named = self._settings["takes"].get(side)
        path = self.root / named if named else _take_inside(self.root, side)
        if path is None:
            raise TakeUnreadable(
                f"{self.root} has no {side} take",
                f"put a file named data_{side}.mp4 there, or make a workspace with recast new",
            )
        return path

    def take(self, side: Side) -> Take:
        """Open a take for reading."""
        from recast.video import open_take

        with _named(side):
            return open_take(self.take_path(side))

    def faceset_folder(self, side: Side) -> Path:
        return self.root / f"data_{side}" / "aligned"

    def extraction_file(self, side: Side) -> Path:
        return self.root / f"data_{side}" / "extraction.json"

    def faceset(self, side: Side) -> FaceSet:
        """The faces of a side.

        Raises:
            WorkspaceUnusable: none were extracted yet.
        """
        from recast.faceset import load_faceset

        folder = self.faceset_folder(side)
        if not folder.is_dir():
            raise WorkspaceUnusable(
                f"{self.root} has no {side} faces yet",
                f"find them first: recast extract {self.root} {side}",
            )
        return load_faceset(folder)

    def model_folder(self, name: str) -> Path:
        return self.root / "model" / name

    def model_names(self) -> list[str]:
        """The trainings begun here, in order of their names."""
        return sorted(p.parent.name for p in self.root.glob("model/*/options.json"))

    def merging_folder(self, key: str) -> Path:
        return self.root / "data_dst" / "merging" / key

    @property
    def cuts_file(self) -> Path:
        """Where dst's cuts are noted."""
        return self.root / "data_dst" / "cuts.json"

    @property
    def merged_folder(self) -> Path:
        """Merged frames as pictures, if they were asked for."""
        return self.root / "data_dst" / "merged"

    @property
    def result(self) -> Path:
        return self.root / "result.mp4"

    def result_as(self, suffix: str) -> Path:
        """Where a result of another kind goes; without a suffix it is a folder of pictures."""
        return self.root / f"result{suffix}"

    @property
    def compared(self) -> Path:
        """The picture of frames under several modes."""
        return self.root / "compare.jpg"

    @property
    def sheet(self) -> Path:
        """The picture that shows dst and result side by side."""
        return self.root / "result.jpg"

    @property
    def consent(self) -> tuple[ConsentRecord, ...]:
        """The consent records, oldest first.

        Raises:
            WorkspaceUnusable: a record was damaged.
        """
        from pydantic import ValidationError

        from recast.provenance.consent import ConsentRecord

        try:
            return tuple(ConsentRecord.model_validate(r) for r in self._settings.get("consent", []))
        except ValidationError as error:
            raise WorkspaceUnusable(
                f"{self.root / 'workspace.json'} holds a damaged consent record",
                f"record it again: recast consent {self.root} add",
            ) from error

    def record_consent(self, record: ConsentRecord) -> None:
        """Add a consent record; none is ever removed."""
        records = self._settings.get("consent", [])
        self._settings["consent"] = [*records, record.model_dump(mode="json")]
        self._save()

    def _save(self) -> None:
        write_json(self.root / "workspace.json", self._settings)

    def made_here(self) -> list[Path]:
        """What recast made in this folder and `clear` removes: everything but the takes."""
        found = [self.root / "data_src" / "aligned", self.root / "data_dst" / "aligned"]
        found += [self.extraction_file(side) for side in SIDES]
        found += [self.root / "data_dst" / "merging", self.merged_folder, self.root / "model"]
        results = [self.result_as(suffix) for suffix in (".mp4", ".mov", ".mkv", ".avi", "")]
        found += [*results, *(one.with_name(f"{one.name}.c2pa") for one in results), self.sheet]
        found += [self.compared, self.cuts_file]
        found += [
            p for side in SIDES for p in self.faceset_folder(side).parent.glob("aligned.old-*")
        ]
        return [path for path in found if path.exists()]

    def clear(self) -> None:
        """Remove what recast made; the takes, the consent records and foreign files stay."""
        for path in self.made_here():
            with disk_trouble_named(path):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def extract(self, side: Side, *, report: Report = silent, **options: Any) -> FaceSet:
        """Find and align the faces of a take; keywords as in `recast.stages.extract`."""
        from recast.stages import extract

        return extract.run(self, side, extract.ExtractOptions(**options), report)

    def train(self, model: str = "swift", *, report: Report = silent, **options: Any) -> Path:
        """Train a model on both face sets; keywords as in `recast.stages.train_options`."""
        from recast.stages import train
        from recast.stages.train_options import TrainOptions

        return train.run(self, TrainOptions.model_validate({"model": model, **options}), report)

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


class _named:
    """Say which side a broken take is on."""

    def __init__(self, side: str) -> None:
        self._side = side

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, RecastError):
            raise type(error)(f"{self._side}: {error}", error.fix) from error


def _take_inside(root: Path, side: Side) -> Path | None:
    files = [root / f"data_{side}{suffix}" for suffix in VIDEO_SUFFIXES]
    found = [path for path in files if path.is_file()]
    folder = root / f"data_{side}"
    if not found and folder.is_dir():
        from recast.images import PICTURE_SUFFIXES

        if any(p.suffix.lower() in PICTURE_SUFFIXES for p in folder.iterdir()):
            return folder
    return found[0] if found else None


def _all_copied(takes: dict[str, Path], root: Path) -> dict[str, str]:
    """Copy the takes into the empty `root`, which is empty again if that fails."""
    try:
        return {side: _copied(path, root / f"data_{side}") for side, path in takes.items()}
    except BaseException:
        for begun in root.glob("data_*"):
            shutil.rmtree(begun) if begun.is_dir() else begun.unlink()
        raise


def _copied(take: Path, place: Path) -> str:
    """Copy a video, or the pictures at a folder's root; the copy's name."""
    from recast.images import PICTURE_SUFFIXES

    if not take.is_dir():
        place = place.with_suffix(take.suffix.lower())
        shutil.copyfile(take, place)
        return place.name
    place.mkdir()
    for path in take.iterdir():
        if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file():
            shutil.copyfile(path, place / path.name)
    return place.name
