"""Put faces aside, and take them back: files move to the folder trash inside their set."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from recast.errors import OptionUnusable, WorkspaceUnusable


def put_aside(folder: Path, names: Sequence[str]) -> int:
    """Move these face files of a set into its trash; how many that were.

    A file that is gone already is passed over. Undoing a sort does not bring them back.

    Raises:
        OptionUnusable: a name is none of a face file in this folder.
        WorkspaceUnusable: there is no such folder, or it is being sorted.
        DiskTrouble: the folder cannot be written.
    """
    from recast.faceset.order_file import TRASH

    return _moved(folder, names, folder, folder / TRASH)


def take_back(folder: Path, names: Sequence[str]) -> int:
    """Move these files from a set's trash back into it; errors as in `put_aside`."""
    from recast.faceset.order_file import TRASH

    return _moved(folder, names, folder / TRASH, folder)


def _moved(folder: Path, names: Sequence[str], source: Path, target: Path) -> int:
    from recast.disk import disk_trouble_named
    from recast.faceset.order_file import is_plain, locked

    if not folder.is_dir():
        raise WorkspaceUnusable(
            f"{folder} is no folder", "name the folder of a face set, such as data_src/aligned"
        )
    for name in names:
        if not is_plain(name):
            raise OptionUnusable(
                f"{name!a} is no name of a face file in {folder}", "give names without folders"
            )
    count = 0
    with locked(folder), disk_trouble_named(target):
        target.mkdir(exist_ok=True)
        for name in names:
            with suppress(FileNotFoundError):
                (source / name).rename(_free(target, name))
                count += 1
    return count


def _free(folder: Path, name: str) -> Path:
    """The name in a folder, or with a number behind it if it is taken."""
    place, number = folder / name, 1
    while place.exists():
        number += 1
        place = folder / f"{Path(name).stem}_{number}{Path(name).suffix}"
    return place
