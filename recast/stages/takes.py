"""Takes as the stages want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recast.errors import TakeUnreadable
from recast.workspace import Side, Workspace

if TYPE_CHECKING:
    from recast.video import Take


def whole_take(workspace: Workspace, side: Side) -> Take:
    """Open a take of which nothing is missing, so that hours of work do not end in its middle.

    Raises:
        TakeUnreadable: it cannot be read, or is cut off.
    """
    take = workspace.take(side)
    if not take.info.complete:
        raise TakeUnreadable(
            f"{side}: {take.path.name} is cut off: frames that it announces are missing",
            "copy it again from its source, or cut out the part that is there and use that",
        )
    return take
