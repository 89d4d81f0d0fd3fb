"""Frames to mark, and the landmarks in a square while a hand moves it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recast.faces import Mark, Region
    from recast.images import FrameImage
    from recast.video import Take

_AHEAD = 4
"""Frames that are decoded at once: whoever marks goes on to the next."""
_KEPT = 12


class LiveMarks:
    """Reads the frames of a take and the faces in them; not for several threads."""

    def __init__(self, take: Take) -> None:
        from recast.faces import LandmarkReader

        self.take = take
        self._reader = LandmarkReader()
        self._images: OrderedDict[int, FrameImage] = OrderedDict()

    def image(self, frame: int) -> FrameImage:
        """A frame.

        Raises:
            IndexError: the take has no such frame.
            TakeUnreadable: it cannot be decoded.
        """
        if not 0 <= frame < len(self.take):
            raise IndexError(f"frame {frame} of a take of {len(self.take)}")
        if frame not in self._images:
            for found in self.take.frames(frame, frame + _AHEAD):
                self._images[found.index] = found.image
        self._images.move_to_end(frame)
        while len(self._images) > _KEPT:
            self._images.popitem(last=False)
        return self._images[frame]

    def read(self, frame: int, region: Region) -> Mark:
        """The mark that the landmark network makes of a square there; raises as `image`."""
        from recast.faces import read_region

        return read_region(self._reader, self.image(frame), region)
