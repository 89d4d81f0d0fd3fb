"""The next batch, made while a step runs."""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch

from recast.training.lesson import Lesson, step_rng
from recast.training.team import ALONE, Team


class Batches:
    """Makes the batches of steps; what a batch holds depends on nothing but the step.

    team: in a team each process makes its own share of a step's batches.
    ahead: whether the next step's are made in a thread of their own meanwhile. That pays where
    faces come from disk or from another device than the network's.
    """

    def __init__(self, seed: int, device: torch.device, team: Team = ALONE, *, ahead: bool) -> None:
        self._seed, self._device, self._team = seed, device, team
        self._pool = ThreadPoolExecutor(1, "batches") if ahead else None
        self._next: tuple[Hashable, Future[list[Any]]] | None = None

    def of_step(
        self, lesson: Lesson[Any], step: int, seen: int, *, roll_backs: int, count: int
    ) -> tuple[list[Any], torch.Generator]:
        """`count` batches, and random numbers for whatever else the step needs."""
        key = (id(lesson), step, seen, roll_backs, count)
        if self._pool is None:
            batches = self._made(lesson, step, seen, roll_backs, count)
        else:
            waiting, self._next = self._next, None
            if waiting is not None and waiting[0] == key:
                batches = waiting[1].result()
            else:
                batches = self._made(lesson, step, seen, roll_backs, count)
            shown = count * self._team.size * lesson.batch_size
            then = (step + 1, seen + shown, roll_backs, count)
            self._next = (
                (id(lesson), *then),
                self._pool.submit(self._made, lesson, *then),
            )
        return batches, step_rng(self._seed, step, roll_backs, self._device, stream=1)

    def close(self) -> None:
        """End the thread."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _made(
        self, lesson: Lesson[Any], step: int, seen: int, roll_backs: int, count: int
    ) -> list[Any]:
        first = self._team.rank * count
        return [
            lesson.batch(self._rng(step, roll_backs, part), seen + part * lesson.batch_size)
            for part in range(first, first + count)
        ]

    def _rng(self, step: int, roll_backs: int, part: int) -> torch.Generator:
        # Stream 1 is the optimizer's.
        stream = part + 1 if part else 0
        return step_rng(self._seed, step, roll_backs, self._device, stream=stream)
