"""What the classic models of January 2019 are taught: each person, drawn as itself.

The swap is never shown: a code that both people share makes it come out. Inputs are distorted,
what is to be drawn is not, so a network learns shape instead of copying pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import numpy as np
import torch
from torch import Tensor

from recast.models import SwapNetwork
from recast.models.classic import ClassicNetwork
from recast.training.augment import bent_grids, jittered, moved_grids, sample
from recast.training.checkpoint import WHOLE
from recast.training.classic_updates import BRANCHES, PEOPLE, ClassicBatch, Kind, Shown, Wanted
from recast.training.classic_updates import updates as updates_of
from recast.training.color import moved_colors
from recast.training.faces import TrainingFaces
from recast.training.lesson import Update
from recast.training.order import Indices, YawPairs, shuffled, uniform_over_yaw


@dataclass(frozen=True)
class Varied:
    """How faces are chosen and varied.

    warp, jitter: strengths. flip: share that is mirrored. src_scale: how much larger src's face
    becomes, -0.3..0.3. feed_by_yaw: src faces look the way of the dst faces beside them.
    uniform_yaw: every direction as often as any other. color_transfer: src takes on the colours
    of some dst face.
    """

    warp: float = 1.0
    jitter: float = 0.0
    flip: float = 0.4
    src_scale: float = 0.0
    feed_by_yaw: bool = False
    uniform_yaw: bool = False
    color_transfer: bool = False


@dataclass(frozen=True)
class ClassicLesson:
    """Both faces, shuffled without replacement, each drawn as itself."""

    kind: Kind
    learn_mask: bool
    src: TrainingFaces
    dst: TrainingFaces
    batch_size: int
    seed: int = 0
    varied: Varied = field(default_factory=Varied)
    wanted: Wanted = field(default_factory=Wanted)

    @torch.no_grad()
    def batch(self, rng: torch.Generator, seen: int) -> ClassicBatch:
        """The next faces of both people, varied."""
        chance = np.random.default_rng([self.seed, seen])
        dst = self._next(self.dst, 2 * self.seed + 1, seen, chance)
        if self._pairs is not None:
            src, mirrored = self._pairs.matching(dst, chance)
        else:
            src, mirrored = self._next(self.src, 2 * self.seed, seen, chance), None
        shown_dst = self._shown(self.dst, dst, rng, flip=self.varied.flip)
        shown_src = self._shown(
            self.src, src, rng, flip=0.0 if self._pairs else self.varied.flip, mirrored=mirrored
        )
        return ClassicBatch(shown_src, shown_dst)

    @property
    def updates(self) -> Sequence[Update[ClassicBatch]]:
        """One, two or four, as `kind` says."""
        return updates_of(self.kind, self.wanted, learn_mask=self.learn_mask)

    def rows(self, batch: ClassicBatch) -> Sequence[Tensor]:
        """For src and then for dst: inputs, what is to be drawn from them, and masks."""
        people = (batch.src, batch.dst)
        return [part for one in people for part in (one.inputs, one.wanted, one.masks)]

    @property
    def gallery(self) -> None:
        """None: these networks take no sketches."""

    def sketch(self, rows: Tensor, device: torch.device) -> Tensor | None:
        """None: these networks draw from dst's face alone."""
        return None

    def parameters(self, network: SwapNetwork) -> dict[str, list[torch.nn.Parameter]]:
        """By update; they overlap, for each of them changes the encoder, too."""
        classic = cast(ClassicNetwork, network)
        branches = BRANCHES if self.learn_mask else BRANCHES[:1]
        if self.kind == "joint":
            return {WHOLE: list(network.parameters())}
        if self.kind == "two":
            return {side: classic.weights(person, *branches) for side, person in PEOPLE.items()}
        return {
            f"{side} {branch}": classic.weights(person, branch)
            for branch in branches
            for side, person in PEOPLE.items()
        }

    @cached_property
    def _pairs(self) -> YawPairs | None:
        return YawPairs(self.src.yaw, self.dst.yaw) if self.varied.feed_by_yaw else None

    def _next(
        self, faces: TrainingFaces, seed: int, seen: int, chance: np.random.Generator
    ) -> Indices:
        if self.varied.uniform_yaw:
            return uniform_over_yaw(faces.yaw, chance, self.batch_size)
        return shuffled(len(faces), seed, seen, self.batch_size)

    def _shown(
        self,
        faces: TrainingFaces,
        chosen: Indices,
        rng: torch.Generator,
        *,
        flip: float,
        mirrored: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None,
    ) -> Shown:
        rows = torch.from_numpy(chosen)
        pictures, masks = faces.pictures(rows, rng.device), faces.covers(rows, rng.device)
        side, scale = pictures.shape[-1], self.varied.src_scale if faces is self.src else 0.0
        if faces is self.src and self.varied.color_transfer:
            other = torch.randint(
                len(self.dst), (len(rows),), generator=rng, device=rng.device
            ).cpu()
            targets = self.dst.pictures(other, rng.device)
            pictures = moved_colors(pictures, targets)
        grids = moved_grids(len(rows), side, rng, flip=flip, scale=scale)
        if mirrored is not None:
            turn = torch.from_numpy(np.where(mirrored, -1.0, 1.0)).to(grids)
            grids = grids * torch.stack([turn, torch.ones_like(turn)], -1)[:, None, None]
        bent = bent_grids(grids, rng, strength=self.varied.warp)
        features = faces.features(rows, rng.device) if self.wanted.priority else None
        inputs = sample(pictures, bent)
        if self.varied.jitter > 0:
            inputs = jittered(inputs, rng, strength=self.varied.jitter)
        return Shown(
            inputs.contiguous(memory_format=torch.channels_last),
            sample(pictures, grids),
            sample(masks, grids, padding="zeros"),
            None if features is None else sample(features, grids, padding="zeros"),
        )
