"""How large a model is and what memory its training takes, without building it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from recast.models import MODELS
from recast.training.classic_updates import KINDS
from recast.training.memory import Needs, Plan, saved_bytes
from recast.training.recipes import RECIPES

_OWNERS = {"joint": 1.0, "two": 1.6, "four": 2.8}
"""How often a weight is remembered where several optimizers change it, about."""


@dataclass(frozen=True)
class Size:
    """parameters: of the network. memory: bytes of training on a CPU with the usual batch."""

    parameters: int
    memory: int


def size_of(name: str) -> Size:
    """Of a model with its default options."""
    model, recipe = MODELS[name], RECIPES[name]
    side = int(model.shape["resolution"])
    with torch.device("meta"):
        network = model.fresh(model.shape)
        faces = torch.empty(1, 3, side, side)
    left = saved_bytes(
        network, lambda: [network(faces, torch.tensor([who], device="cpu")) for who in (0, 1)]
    )
    sizes = [weight.nbytes for weight in network.parameters()]
    owners = _OWNERS[KINDS[name]] if name in KINDS else 1.0
    needs = Needs(
        fixed=0,
        weights=sum(sizes),
        largest=max(sizes),
        owned=int(owners * sum(sizes)),
        a_face=left,
        a_face_anew=left,
    )
    plan = Plan(recipe.batch_size[0], 1, checkpointing=False, optimizer=recipe.optimizer)
    return Size(sum(w.numel() for w in network.parameters()), needs.total(plan))
