"""A trained model as a plain function, for whoever draws faces with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recast.errors import CheckpointUnusable, OptionUnusable, WorkspaceUnusable
from recast.models import MODELS, SwapNetwork
from recast.training.checkpoint import Checkpoint, Warn, load_newest
from recast.training.description import Description
from recast.training.gallery import Gallery
from recast.training.gallery_file import NAME, StoredGallery, load_gallery
from recast.training.lesson import DST, SRC

Crops = NDArray[np.float32]
Draw = Callable[[Crops, Tensor | None], tuple[Crops, Crops | None]]


@dataclass(frozen=True)
class TrainedModel:
    """draw: aligned dst faces (B, S, S, 3), RGB, 0..1, and sketches (B, 4, S, S) of them or None,
    to src's face in their place, (B, S, S, 3), and its mask (B, S, S), or None if the model learns
    none. dst_masks: aligned dst faces to the masks of dst's own face, drawn as dst, or None
    likewise. gallery: what sketches are painted from, None for a model that takes none."""

    described: Description
    step: int
    sha256: str
    draw: Draw
    dst_masks: Callable[[Crops], Crops | None]
    gallery: Gallery | None = None


@dataclass(frozen=True)
class LoadedNetwork:
    """A network with the weights of a checkpoint, on the CPU and ready to draw."""

    described: Description
    step: int
    weights_sha256: str
    network: SwapNetwork


class Swapping(nn.Module):
    """Draws dst's faces (B, 3, S, S) as src's: a tuple of these and, if learned, their masks."""

    def __init__(self, network: SwapNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, face: Tensor) -> tuple[Tensor, ...]:
        drawn, mask = self.network.drawn_as(self.network.encode(face), SRC)
        return (drawn,) if mask is None else (drawn, mask)


def swapping(network: SwapNetwork) -> nn.Module:
    """The network as other programs use it: told nothing but faces."""
    return Swapping(network).eval()


def load_network(folder: Path, warn: Warn) -> LoadedNetwork:
    """The newest intact checkpoint of a model folder.

    Raises:
        WorkspaceUnusable: nothing was trained there yet.
        CheckpointUnusable: every checkpoint is damaged, or of another network.
    """
    described = Description.load(folder)
    newest = load_newest(folder / "checkpoint", warn)
    if newest is None or newest.progressed.step == 0:
        raise WorkspaceUnusable(f"{folder} is not trained yet", "train it first: recast train")
    network = _network_for(newest, described)
    newest.restore(network)
    if average := newest.beside("average"):
        network.load_state_dict(average)
    return LoadedNetwork(described, newest.progressed.step, newest.weights_sha256, network.eval())


def load_trained(folder: Path, device: torch.device, warn: Warn) -> TrainedModel:
    """As `load_network`, as a plain function on a device."""
    loaded = load_network(folder, warn)
    network = loaded.network
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def drawn_as(
        crops: Crops, side: int, sketch: Tensor | None = None
    ) -> tuple[Crops, Crops | None]:
        faces = torch.from_numpy(crops).permute(0, 3, 1, 2).to(device)
        identity = torch.full((len(crops),), side, dtype=torch.int64, device=device)
        drawn, masks = network(faces, identity, None if sketch is None else sketch.to(device))
        colours = drawn.permute(0, 2, 3, 1).contiguous().cpu().numpy()
        return colours, None if masks is None else masks[:, 0].contiguous().cpu().numpy()

    stored = _gallery(folder, loaded, warn)
    return TrainedModel(
        loaded.described,
        loaded.step,
        loaded.weights_sha256 + (stored.sha256 if stored else ""),
        draw=lambda crops, sketch: drawn_as(crops, SRC, sketch),
        dst_masks=lambda crops: drawn_as(crops, DST)[1],
        gallery=stored.gallery if stored else None,
    )


def _gallery(folder: Path, loaded: LoadedNetwork, warn: Warn) -> StoredGallery | None:
    if not loaded.network.takes_sketch:
        return None
    stored = load_gallery(folder)
    if stored is None:
        warn(
            f"{folder} lacks {NAME}: its faces are drawn without rough swaps, much softer. "
            "recast train writes it anew."
        )
    elif stored.gallery.side != loaded.described.resolution:
        raise CheckpointUnusable(
            f"{folder / NAME} was made for faces of {stored.gallery.side} px",
            "put back a copy, or train on for a step: recast train writes it anew",
        )
    return stored


def _network_for(checkpoint: Checkpoint, described: Description) -> SwapNetwork:
    """A network of the described shape, once that is known to fit the weights.

    Somebody else's description may ask for more than the memory holds: it is tried out first
    without any.
    """
    if described.model not in MODELS:
        raise WorkspaceUnusable(
            f"{checkpoint.path} is of a model named {described.model}, which is not known here",
            f"update recast; it knows {', '.join(MODELS)}",
        )
    model = MODELS[described.model]
    try:
        with torch.device("meta"):
            outline = model.fresh(described.shape)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise CheckpointUnusable(
            f"{checkpoint.path} was saved from a network of another shape: {error}",
            "put back a copy of the model's folder",
        ) from error
    checkpoint.require_shape_of(outline)
    return model.fresh(described.shape)


def chosen_device(name: str) -> torch.device:
    """The device that `best`, `cpu`, `cuda`, `cuda:N` or `mps` names.

    Raises:
        OptionUnusable: this machine has no such device.
    """
    cuda = torch.cuda.device_count()
    if name == "best":
        if cuda:
            return torch.device("cuda:0")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if name == "cuda":
        name = "cuda:0"
    known = {"cpu", *(f"cuda:{i}" for i in range(cuda))}
    if torch.backends.mps.is_available():
        known.add("mps")
    if name not in known:
        raise OptionUnusable(
            f"this machine has no device {name}", f"choose one of: best, {', '.join(sorted(known))}"
        )
    return torch.device(name)
