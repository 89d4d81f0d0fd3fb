"""How large a value becomes when everything that it refers to twice is copied."""

from __future__ import annotations

from typing import Any

import numpy as np

from recast.plain_pickle.objects import Refused, kind_of

DEEPEST = 64
"""Containers inside each other."""


class Measure:
    """Refuses what refers to itself, nests too deep, or is too large once references are copied."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[int, tuple[int, int]] = {}
        self._open: set[int] = set()

    def of(self, value: Any) -> tuple[int, int]:
        """How many values it is, long ones counted by their length, and how deeply nested."""
        kind = type(value)
        if kind in (list, tuple, dict, set, frozenset):
            return self._of_container(value)
        if kind in (str, bytes, bytearray):
            return 1 + len(value) // 16, 0
        if kind is np.ndarray or isinstance(value, np.generic):
            return 1 + value.nbytes // 16, 0
        if value is None or kind in (bool, int, float):
            return 1, 0
        raise Refused(f"it holds something that is no plain value: {kind_of(value)}")

    def _of_container(self, value: Any) -> tuple[int, int]:
        identity = id(value)
        if identity in self._open:
            raise Refused("it holds a value that contains itself")
        if identity not in self._known:
            self._known[identity] = self._counted(value)
        total, height = self._known[identity]
        # A part that is known already may hang deeper here than where it was counted.
        if len(self._open) + height > DEEPEST:
            raise Refused(f"its values are nested deeper than {DEEPEST}")
        return total, height

    def _counted(self, value: Any) -> tuple[int, int]:
        if len(self._open) >= DEEPEST:
            raise Refused(f"its values are nested deeper than {DEEPEST}")
        self._open.add(id(value))
        total, height = 1, 0
        for part in (*value, *value.values()) if type(value) is dict else value:
            count, below = self.of(part)
            total, height = total + count, max(height, below)
        self._open.remove(id(value))
        if total > self._most:
            raise Refused("its values repeat each other until they would fill the memory")
        return total, height + 1
