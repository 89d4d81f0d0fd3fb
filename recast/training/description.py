"""options.json: what a model is and what it was last trained with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recast.disk import write_json
from recast.errors import WorkspaceUnusable
from recast.faces import Framing

VERSION = 1


@dataclass(frozen=True)
class Description:
    """`model`, `resolution` and `framing` are fixed at the first step; `options` may change."""

    model: str
    resolution: int
    framing: Framing
    options: dict[str, Any] = field(default_factory=dict)

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
            found = json.loads(path.read_text(encoding="utf-8"))
            if found.pop("version") != VERSION:
                raise ValueError("it is of another version")
            return Description(**found)
        except FileNotFoundError as error:
            raise WorkspaceUnusable(
                f"{folder} holds no model", "train one first: recast train WORKSPACE"
            ) from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WorkspaceUnusable(
                f"{path} is damaged ({error})", "put back a copy, or train under another --name"
            ) from error
