"""Which of a workspace's trainings is meant."""

from __future__ import annotations

from recast.errors import WorkspaceUnusable
from recast.workspace import Workspace


def chosen_training(workspace: Workspace, name: str) -> str:
    """The training of that name, or the only one there is if `name` is "".

    Raises:
        WorkspaceUnusable: there is none of that name, or none is named and there are several.
    """
    names = workspace.model_names()
    if name and name not in names:
        raise WorkspaceUnusable(
            f"{workspace.root} has no training named {name}",
            f"choose one of: {', '.join(names)}" if names else "train first: recast train",
        )
    if name:
        return name
    if len(names) != 1:
        raise WorkspaceUnusable(
            f"{workspace.root} has {len(names) or 'no'} trainings",
            f"name one with --name: {', '.join(names)}" if names else "train first: recast train",
        )
    return names[0]
