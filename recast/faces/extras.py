"""Files and libraries that only an optional extra brings."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from recast.errors import OptionUnusable


def lacks_extra(what: str, extra: str) -> OptionUnusable:
    """The error that says which extra to install."""
    return OptionUnusable(
        f"{what}, which is not installed",
        f'pip install "recast[{extra}]", or choose another detector',
    )


def file_of_package(package: str, name: str, *, missing: OptionUnusable) -> Path:
    """A file inside an installed package, found without importing (running) the package.

    Raises:
        OptionUnusable: `missing`, if the package or the file is not there.
    """
    try:
        found = [file for file in files(package) or [] if file.name == name]
    except PackageNotFoundError as error:
        raise missing from error
    path = Path(str(found[0].locate())) if found else None
    if path is None or not path.is_file():
        raise missing
    return path
