"""The next batch, made while a step runs."""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch

from recast.training.lesson import Lesson, step_rng


class Batches:
    """Makes the batches of steps; what a batch holds depends on nothing but the step.

    ahead: whether the next step's are made in a thread of their own meanwhile. That pays where
    faces come from disk or from another device than the network's.
    """

    def __init__(self, seed: int, device: torch.device, *, ahead: bool) -> None:
        self._seed, self._device = seed, device
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
            then = (step + 1, seen + count * lesson.batch_size, roll_backs, count)
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
        rng = step_rng(self._seed, step, roll_backs, self._device)
        return [lesson.batch(rng, seen + n * lesson.batch_size) for n in range(count)]
