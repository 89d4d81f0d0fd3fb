"""Several processes that train one model together, as torchrun starts them.

Each takes its own share of a step's batches, the gradients are summed over all, and then every
process makes the same change to the same weights. The first process, the leader, saves and
reports; what it measures and what is asked of any process is told to all between steps.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, nn

from recast.errors import OptionUnusable, Stopped
from recast.events import Event, Report
from recast.training.trained import chosen_device

_FIX = "start it as torchrun --nproc-per-node N -m recast train WORKSPACE …"
LONGEST_WAIT = timedelta(hours=12)
"""For the leader to look through a long take."""


@dataclass(frozen=True)
class Team:
    """Which of `size` processes this is; alone unless told otherwise."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process saves and reports."""
        return self.rank == 0

    def sum_gradients(self, network: nn.Module) -> None:
        """Sum every gradient over all processes; each must hold gradients of the same weights."""
        if self.size == 1:
            return
        grads = [weight.grad for weight in network.parameters() if weight.grad is not None]
        flat = torch.cat([grad.flatten() for grad in grads])
        torch.distributed.all_reduce(flat)
        parts = torch.split(flat, [grad.numel() for grad in grads])
        for grad, part in zip(grads, parts, strict=True):
            grad.copy_(part.view_as(grad))

    def mean(self, values: Mapping[str, float], device: torch.device) -> dict[str, float]:
        """The mean of each value over all processes."""
        if self.size == 1:
            return dict(values)
        total = _shared(list(values.values()), device) / self.size
        return dict(zip(values, total.tolist(), strict=True))

    def of_leader(self, value: float, device: torch.device) -> float:
        """The leader's value."""
        if self.size == 1:
            return value
        return float(_shared([value if self.leads else 0.0], device)[0])

    def leader_first(self, work: Callable[[], None]) -> None:
        """Let the leader do what takes long and leaves a note, and then the others, who read it.

        Raises:
            Stopped: in the others, if the leader could not end it; before that what `work` raises.
        """
        if not self.leads:
            ended = self._after_leader(False)
            work()  # with what the leader noted: if that is a refusal, the same here
            if not ended:
                raise Stopped("the leading process of the team could not go on")
            return
        ended = False
        try:
            work()
            ended = True
        finally:
            self._after_leader(ended)

    def _after_leader(self, ended: bool) -> bool:
        """Wait until every process comes here; what the leader said."""
        if self.size == 1:
            return ended
        # A group of its own: the others give up waiting for a step after some minutes. It ends with
        # the team: whoever left it at once would close what others still read from.
        group = torch.distributed.new_group(backend="gloo", timeout=LONGEST_WAIT)
        said = torch.tensor([float(ended)])
        torch.distributed.all_reduce(said, group=group)
        return bool(said.item())

    def any(self, asked: Sequence[bool], device: torch.device) -> list[bool]:
        """What is asked of at least one process."""
        if self.size == 1:
            return list(asked)
        return [count > 0 for count in _shared([float(one) for one in asked], device).tolist()]

    def require_same(self, numbers: Sequence[float], device: torch.device) -> None:
        """Refuse to go on if the processes were begun differently.

        Raises:
            OptionUnusable: on every process, then.
        """
        if self.size == 1:
            return
        most = torch.tensor([*numbers, *(-n for n in numbers)], dtype=torch.float32, device=device)
        torch.distributed.all_reduce(most, op=torch.distributed.ReduceOp.MAX)
        high, low = most.chunk(2)
        if not torch.equal(high, -low):
            raise OptionUnusable(
                "the processes have room for batches of different sizes",
                "give a --batch-size that fits the smallest, and an --optimizer",
            )


ALONE = Team()


def _shared(values: list[float], device: torch.device) -> Tensor:
    """(N,) sums over all processes."""
    # MPS knows no float64; the values are short times and losses.
    total = torch.tensor(values, dtype=torch.float32, device=device)
    torch.distributed.all_reduce(total)
    return total


@contextmanager
def team_here(device: str) -> Iterator[tuple[Team, torch.device]]:
    """This process's place in the team that torchrun's environment describes, and its device.

    Several processes of a machine with GPUs get one each, unless `device` names one.

    Raises:
        OptionUnusable: there is no such device, or the environment is none of torchrun's.
    """
    size = os.environ.get("WORLD_SIZE", "1")
    if size == "1":
        yield Team(), chosen_device(device)
        return
    try:
        team = Team(int(os.environ["RANK"]), int(size))
        local = int(os.environ["LOCAL_RANK"])
    except (KeyError, ValueError) as error:
        raise OptionUnusable("WORLD_SIZE is set, but not by torchrun", _FIX) from error
    gpus = torch.cuda.device_count()
    if device in ("best", "cuda") and gpus:
        device = f"cuda:{local % gpus}"
    chosen = chosen_device(device)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    torch.distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield team, chosen
    finally:
        torch.distributed.destroy_process_group()


class Patient:
    """A report that keeps `Stopped` back until all processes look whether to stop."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.stopped: Stopped | None = None

    def __call__(self, event: Event) -> None:
        try:
            self._report(event)
        except Stopped as error:
            self.stopped = error
