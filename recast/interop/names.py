"""File names out of other people's files."""

from __future__ import annotations

from recast.errors import ForeignFileUnreadable

_LONGEST = 200
"""Letters; file systems take 255 bytes, and a drafts' ending comes on top."""
_RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789"),
}


def safe_name(name: object, where: str) -> str:
    """`name`, if it is one plain file name on every system; `where` it stands is for the error.

    Raises:
        ForeignFileUnreadable: it is a path, hidden, too long, or a name Windows keeps for itself.
    """
    sound = (
        isinstance(name, str)
        and 0 < len(name) <= _LONGEST
        and not any(letter in '/\\:*?"<>|' or ord(letter) < 32 for letter in name)
        and not name.startswith(".")
        and name[-1] not in " ."
        and name.split(".")[0].strip().lower() not in _RESERVED
    )
    if not sound or not isinstance(name, str):
        raise ForeignFileUnreadable(
            f"{where} is refused: it holds a file named {str(name)[:60]!r}",
            "ask for a pack whose files have plain names",
        )
    return name
