"""Write a trained model for other programs, with the consent it was trained under."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from recast.disk import clear_draft, disk_trouble_named, flush_to_disk
from recast.errors import OptionUnusable, WorkspaceUnusable
from recast.events import Note, Report, Started, silent
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.provenance import ConsentRecord
    from recast.training.trained import LoadedNetwork

ModelFormat = Literal["onnx", "torchscript"]


@dataclass(frozen=True)
class Exported:
    """The file, and how far its pictures are from the network's own, of 0..1."""

    path: Path
    off: float


def run(
    folder: Path, format: ModelFormat, report: Report = silent, *, out: Path | None = None
) -> Exported:
    """Write the newest checkpoint of a model's folder as ONNX or TorchScript.

    Without `out` the file lies in that folder. Its metadata name the model, recast's version and
    the basis of consent; credentials lie beside it.

    Raises:
        ConsentMissing: nobody recorded that src's face may be used, or the consent has ended.
        WorkspaceUnusable: it is no model's folder of a workspace, or nothing was trained there.
        CheckpointUnusable: every checkpoint is damaged.
        OptionUnusable: the name does not fit the format, or its tools are not installed.
        DiskTrouble: the file cannot be written.
    """
    from recast.interop.network_files import SUFFIXES, write_network
    from recast.provenance import require_consent
    from recast.training.trained import load_network, swapping

    workspace = _workspace_of(folder)
    consent = require_consent(workspace.consent, datetime.now(UTC).date())
    suffix = SUFFIXES[format]
    path = out or folder / f"{folder.absolute().name}{suffix}"
    if path.suffix.lower() != suffix:
        raise OptionUnusable(f"{path} is no name for {format}", f"let it end in {suffix}")
    loaded = load_network(folder, lambda text: report(Note(text, warning=True)))
    report(Started("export", f"{folder.absolute().name} (step {loaded.step}) into {path}"))
    draft = path.with_name(path.name + ".part")
    with disk_trouble_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            clear_draft(draft)
            side = loaded.described.resolution
            about = _about(loaded, consent)
            off = write_network(draft, swapping(loaded.network), side, format=format, about=about)
            flush_to_disk(draft)
            _sign(draft, path, workspace, consent=consent, model=loaded.described.model)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    return Exported(path, off)


def _workspace_of(folder: Path) -> Workspace:
    whole = folder.absolute()
    if not folder.is_dir() or whole.parent.name != "model":
        raise WorkspaceUnusable(
            f"{folder} is no model of a workspace",
            "give the folder WORKSPACE/model/NAME: the consent stands in its workspace",
        )
    return Workspace.open(whole.parent.parent)


def _about(loaded: LoadedNetwork, consent: ConsentRecord) -> dict[str, str]:
    """What the file says of itself; like credentials, not the person's name."""
    from recast.provenance.statement import consent_told

    about = {
        "generator": f"recast/{_version()}",
        "model": loaded.described.model,
        "framing": loaded.described.framing,
        "resolution": str(loaded.described.resolution),
        "step": str(loaded.step),
        "weights_sha256": loaded.weights_sha256,
        "input": "face: (B, 3, S, S), RGB, 0..1, aligned faces of dst",
        "output": "swapped: (B, 3, S, S), RGB, 0..1; mask: (B, 1, S, S), 1 shows the new face",
    }
    told = consent_told(consent).items()
    return about | {f"consent_{name}": str(value) for name, value in told if name != "version"}


def _sign(
    draft: Path, path: Path, workspace: Workspace, *, consent: ConsentRecord, model: str
) -> None:
    from recast.provenance import SIDECAR, find_signer, sign_beside

    now = datetime.now(UTC)
    sign_beside(
        draft,
        path.with_name(path.name + SIDECAR),
        title=path.name,
        consent=consent,
        model=model,
        ingredients=[workspace.original_path(side) for side in ("dst", "src")],
        signer=find_signer(os.environ, now),
        now=now,
        kind="model",
    )


def _version() -> str:
    from importlib.metadata import version

    return version("recast")
