"""Look for faces in chosen frames of a take: what a first search and a repeated one share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from recast.events import Progress, Report
from recast.stages.extraction import Extraction, with_frames, write_extraction

if TYPE_CHECKING:
    from pathlib import Path

    from recast.faces import Detector, Face, Framing
    from recast.faceset import FaceSet
    from recast.geometry import Points
    from recast.images import FrameImage
    from recast.video import Frame, Take
    from recast.workspace import Side, Workspace

BATCH = 8  # frames; the networks gain little from more
GAP = 48
"""Decoding over this many unwanted frames is about as fast as starting anew behind them."""
ON_A_GPU = 2
"""Calls at once on one GPU: while one computes, the next one's pictures are made ready."""


@dataclass(frozen=True)
class Subject:
    """What is searched: the take of a side of a job."""

    workspace: Workspace
    side: Side
    take: Take

    @property
    def faces_folder(self) -> Path:
        return self.workspace.faceset_folder(self.side)

    @property
    def debug_folder(self) -> Path:
        return self.workspace.debug_folder(self.side)

    @property
    def note(self) -> Path:
        return self.workspace.extraction_file(self.side)

    def faceset(self) -> FaceSet:
        """The faces that are there."""
        return self.workspace.faceset(self.side)


class Crew:
    """Detectors on one or more devices; whoever needs one takes the next that is free."""

    def __init__(self, detectors: Sequence[Detector], devices: Sequence[str]) -> None:
        from queue import SimpleQueue

        cores = os.cpu_count() or 1
        self._free: SimpleQueue[Detector] = SimpleQueue()
        places = 0
        for detector, device in zip(detectors, devices, strict=True):
            at_once = cores if device == "cpu" else ON_A_GPU
            places += at_once
            for _ in range(at_once):
                self._free.put(detector)
        self.workers = max(places, cores)

    def __call__(self, frames: Sequence[Frame]) -> list[list[Face]]:
        """Per frame its faces, the largest first."""
        detector = self._free.get()
        try:
            return detector([f.image for f in frames], [f.index for f in frames])
        finally:
            self._free.put(detector)


@dataclass(frozen=True)
class FaceWriter:
    """Cuts faces from their frame and writes them as files."""

    folder: Path
    take: str
    """File name of the take."""
    framing: Framing
    size: int
    debug: Path | None = None
    """Where a picture of the frame goes that shows them; None for none."""
    beside: bool = False
    """Take the next name where one is taken, by a face that was sorted say, instead of writing
    over what an interrupted search left."""

    def __call__(self, frame: Frame, faces: Sequence[Face]) -> list[Path]:
        """The files written."""
        from recast.faces import align, placement
        from recast.faceset import FaceRecord, Source, face_file_name, save_face

        source = Source(take=self.take, frame=frame.index, moment=frame.moment)
        written: list[Path] = []
        number = 0
        for face in faces:
            placed = placement(face.landmarks, self.size, self.framing, yaw=face.pose.yaw)
            record = FaceRecord.of(
                face, placed, source=source, framing=self.framing, size=self.size
            )
            path = self.folder / face_file_name(frame.index, number)
            while self.beside and path.exists():
                number += 1
                path = self.folder / face_file_name(frame.index, number)
            number += 1
            save_face(path, align(frame.image, placed, self.size), record)
            written.append(path)
        return written

    def draw(self, frame: Frame, faces: Sequence[Face]) -> None:
        """Write the frame's debug picture, if there are to be any."""
        from recast.faces import placement, square_of

        if self.debug is not None:
            squares = [
                square_of(
                    placement(f.landmarks, self.size, self.framing, yaw=f.pose.yaw), self.size
                )
                for f in faces
            ]
            save_debug(self.debug, frame.image, faces, squares, frame=frame.index)


def save_debug(
    folder: Path, image: FrameImage, faces: Sequence[Face], squares: Sequence[Points], *, frame: int
) -> None:
    """Write a debug picture, whole or not at all."""
    from recast.disk import write_whole
    from recast.faces import debug_jpeg, draw_faces

    drawn = draw_faces(image, faces, squares, frame=frame)
    write_whole(folder / debug_name(frame), debug_jpeg(drawn), durable=False)


def debug_name(frame: int) -> str:
    """The file name of a frame's debug picture."""
    return f"{frame:06d}.jpg"


def chosen_frames(frames: str, every: int, length: int) -> range:
    """The frames that the options `frames` and `every` choose of a take of `length` frames.

    Raises:
        OptionUnusable: there is none.
    """
    from recast.stages.merge import frame_range

    first, end = frame_range(frames, length)
    return range(first, end, every)


def frames_at(take: Take, wanted: Sequence[int]) -> Iterator[Frame]:
    """The frames of these numbers, which ascend; far ones are sought, near ones decoded up to.

    Raises:
        TakeUnreadable: the take breaks off.
    """
    start = 0
    while start < len(wanted):
        stop = start + 1
        while stop < len(wanted) and wanted[stop] - wanted[stop - 1] <= GAP:
            stop += 1
        at = start
        for frame in take.frames(wanted[start], wanted[stop - 1] + 1):
            if at < stop and frame.index == wanted[at]:
                yield frame
                at += 1
        start = stop


def search_all(
    subject: Subject,
    chosen: Sequence[int],
    known: Extraction,
    crew: Crew,
    write: FaceWriter,
    report: Report,
) -> None:
    """Decode here, detect and write in threads, and note after each batch how far all is."""
    from concurrent.futures import ThreadPoolExecutor

    from recast.ordered import batches, ordered

    def work(frames: list[Frame]) -> tuple[int, list[int]]:
        empty = []
        for frame, faces in zip(frames, crew(frames), strict=True):
            write(frame, faces)
            write.draw(frame, faces)
            if not faces:
                empty.append(frame.index)
        return len(frames), empty

    report(Progress(known.frames_done, len(chosen)))
    wanted = batches(frames_at(subject.take, chosen[known.frames_done :]), BATCH)
    with ThreadPoolExecutor(crew.workers) as pool:
        for count, empty in ordered(pool, work, wanted, ahead=crew.workers + 1):
            known = replace(
                known,
                frames_done=known.frames_done + count,
                nothing_found=with_frames(known.nothing_found, empty),
            )
            write_extraction(subject.note, known)
            report(Progress(known.frames_done, len(chosen)))
