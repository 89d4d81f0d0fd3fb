"""options.json: what a model is and what it was last trained with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recast.disk import read_json, write_json
from recast.errors import WorkspaceUnusable
from recast.faces import PADDING, Framing

VERSION = 2
_SIDES = range(16, 4097)


@dataclass(frozen=True)
class Description:
    """`model`, `framing` and `shape` are fixed at the first step; `options` may change.

    shape: the options that decide the network's shape; `resolution` is one of them.
    """

    model: str
    framing: Framing
    shape: dict[str, int | str | bool]
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def resolution(self) -> int:
        """Side of the drawn face in pixels."""
        return int(self.shape["resolution"])

    def save(self, folder: Path) -> None:
        write_json(folder / "options.json", {"version": VERSION, **vars(self)})

    @staticmethod
    def load(folder: Path) -> Description:
        """Read it back.

        Raises:
            WorkspaceUnusable: there is none, or it is damaged.
        """
        path = folder / "options.json"
        try:
            found = read_json(path)
            version = found.pop("version")
            if version == 1:  # knew no other shape than the resolution
                found["shape"] = {"resolution": found.pop("resolution")}
            elif version != VERSION:
                raise ValueError("it is of another version")
            return _checked(Description(**found))
        except FileNotFoundError as error:
            raise WorkspaceUnusable(
                f"{folder} holds no model", "train one first: recast train WORKSPACE"
            ) from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WorkspaceUnusable(
                f"{path} is damaged ({error})", "put back a copy, or train under another --name"
            ) from error


def _checked(found: Description) -> Description:
    """Raises `ValueError` unless every part is of its kind: models are passed on, too."""
    shape, side = found.shape, found.shape.get("resolution")
    if not isinstance(found.model, str) or found.framing not in PADDING:
        raise ValueError("it names no model and framing")
    if not isinstance(found.options, dict) or not all(isinstance(name, str) for name in shape):
        raise ValueError("its options are no options")
    if not all(type(value) in (int, str, bool) for value in shape.values()):
        raise ValueError("its shape is no shape")
    if type(side) is not int or side not in _SIDES:
        raise ValueError(f"its resolution is {side}")
    return found
