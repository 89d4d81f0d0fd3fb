"""What swift is taught: rough swaps, and both people as themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from recast.models import SwapNetwork, nothing_sketched
from recast.training.augment import bent_grids, jittered, moved_grids, plain_grid, sample
from recast.training.checkpoint import WHOLE
from recast.training.faces import TrainingFaces
from recast.training.gallery import Gallery
from recast.training.lesson import DST, SRC, Update
from recast.training.losses import face_loss, mask_loss
from recast.training.rough_swap import RoughSwaps

OWN_SHARE = 6  # dst faces drawn as src for each face that is drawn as itself
UNAIDED = 0.1
"""Share of the swaps that are drawn without a sketch: faces turned far away have none."""
PRIORITY = 3.0  # how much more eyes and mouth weigh in a swap: they are small and looked at


@dataclass(frozen=True)
class Batch:
    """Inputs and what is to be drawn from them.

    inputs: (N, 3, S, S); of: (M,) which input each drawing is made from; identity: (M,);
    wanted: (M, 3, S, S); masks: (M, 1, S, S), 1 = face; weights: (M, 1, S, S), at least 1;
    sketches: (M, 4, S, S), of the swaps only, or None. All pictures 0..1.
    """

    inputs: Tensor
    of: Tensor
    identity: Tensor
    wanted: Tensor
    masks: Tensor
    weights: Tensor
    sketches: Tensor | None


@dataclass(frozen=True)
class SwiftLesson:
    """Both faces, and how they are varied.

    Each step draws src from every one of `batch_size` dst faces, as the rough swap shows it;
    a sixth as many src faces, and of the dst faces, as themselves. Inputs are distorted. What
    is drawn as itself must come out undistorted, so that shape is learned and not copied; a
    rough swap is distorted alike, for there the input says where everything belongs. A sketch is
    another rough swap of the same face: what both have by chance is not worth repeating.
    """

    src: TrainingFaces
    dst: TrainingFaces
    rough: RoughSwaps
    batch_size: int
    warp: float = 1.0
    jitter: float = 1.0
    flip: float = 0.0
    sketched: bool = True

    @torch.no_grad()
    def batch(self, rng: torch.Generator, seen: int) -> Batch:
        """Choose faces and vary them."""
        own, count = max(1, self.batch_size // OWN_SHARE), self.batch_size
        src = torch.randint(len(self.src), (own,), generator=rng, device=rng.device)
        dst = torch.randint(len(self.dst), (count,), generator=rng, device=rng.device)
        grids = moved_grids(own + count, self.side, rng, flip=self.flip)
        bent = bent_grids(grids, rng, strength=self.warp)
        shown = [self.src.pictures(src, rng.device), self.dst.pictures(dst, rng.device)]
        faces = torch.cat(shown)
        inputs = jittered(sample(faces, bent), rng, strength=self.jitter)

        covers = [self.src.covers(src, rng.device), self.dst.covers(dst[:own], rng.device)]
        masks = torch.cat(covers)
        straight = grids[: 2 * own]
        wanted = sample(faces[: 2 * own], straight)
        cover = sample(masks, straight, padding="zeros")

        rows = self.rough.row[dst]
        usable = rows >= 0
        placed = bent[own:][usable]
        swaps = self.rough.paint(rows[usable], placed, rng)
        swapped = own + usable.nonzero().flatten()
        return Batch(
            inputs.contiguous(memory_format=torch.channels_last),
            of=torch.cat([torch.arange(2 * own, device=rng.device), swapped]),
            identity=_identities(src=own, dst=own, swaps=len(swapped), device=rng.device),
            wanted=torch.cat([wanted, swaps.face]),
            masks=torch.cat([cover, swaps.cover]),
            weights=torch.cat([torch.ones_like(cover), 1 + PRIORITY * swaps.features]),
            sketches=self._sketches(rows[usable], placed, rng, before=2 * own),
        )

    def _sketches(
        self, rows: Tensor, grids: Tensor, rng: torch.Generator, *, before: int
    ) -> Tensor | None:
        """Of the swaps, and as many empty ones as there are other drawings `before` them."""
        if not self.sketched:
            return None
        aided = torch.rand(len(rows), generator=rng, device=rng.device) >= UNAIDED
        sketch = self.rough.paint(rows, grids, rng).sketch(aided)
        return torch.cat([nothing_sketched(before, self.side, sketch), sketch])

    @torch.no_grad()
    def sketch(self, rows: Tensor, device: torch.device) -> Tensor | None:
        """What is given to the network with dst faces as they are."""
        if not self.sketched:
            return None
        known = self.rough.row[rows.to(device)]
        grids = plain_grid(self.side, device).expand(len(rows), -1, -1, -1)
        return self.rough.paint(known.clamp(min=0), grids).sketch(known >= 0)

    @property
    def gallery(self) -> Gallery | None:
        """What sketches are painted from."""
        return self.rough.gallery if self.sketched else None

    @property
    def updates(self) -> Sequence[Update[Batch]]:
        """One, of everything."""
        return (Update(WHOLE, losses),)

    def rows(self, batch: Batch) -> Sequence[Tensor]:
        """Inputs, what is to be drawn from each, its mask, and the sketches."""
        rows = [batch.inputs[batch.of], batch.wanted, batch.masks]
        return rows if batch.sketches is None else [*rows, batch.sketches[:, :3]]

    def parameters(self, network: SwapNetwork) -> dict[str, list[torch.nn.Parameter]]:
        """All weights, in one optimizer."""
        return {WHOLE: list(network.parameters())}

    @property
    def side(self) -> int:
        """Of the faces, pixels."""
        return self.src.faces.shape[-1]


def _identities(*, src: int, dst: int, swaps: int, device: torch.device) -> Tensor:
    people = [SRC] * src + [DST] * dst + [SRC] * swaps
    return torch.tensor(people, dtype=torch.int64, device=device)


def losses(network: SwapNetwork, batch: Batch) -> dict[str, Tensor]:
    """How far the drawings are from what was wanted; the sum is to be minimised."""
    code = tuple(part[batch.of] for part in network.encode(batch.inputs))
    drawn, masks = network.draw(code, batch.identity, batch.sketches)
    return {
        "face": face_loss(drawn, batch.wanted, batch.masks, batch.weights),
        "mask": mask_loss(cast(Tensor, masks), batch.masks),
    }
