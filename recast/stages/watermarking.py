"""What merged frames say of themselves: an invisible mark, found again in any file; a label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recast.events import Progress, Report, silent

if TYPE_CHECKING:
    from recast.images import FrameImage
    from recast.merging import Composed
    from recast.provenance import FoundWatermark, Watermark
    from recast.provenance.label import Label
    from recast.provenance.network_watermark import NetworkReader, NetworkWatermark
    from recast.stages.merge_job import Placed
    from recast.video import Frame

HIDDEN = 1 / 510
"""Less of a face than this rounds to nothing in a matte of 8 bits."""
SPANS, SPAN_SECONDS = 3, 6
"""How many parts of a long take are looked at, and how long each is."""
READ_EACH_SECOND = 2
"""Frames that a network reads: it is slow, and frames near each other carry the same."""


def watermarked(
    done: Composed,
    frame: Frame,
    faces: Sequence[Placed],
    mark: Watermark | None,
    *,
    network: NetworkWatermark | None = None,
) -> Composed:
    """A composed frame with its watermark, in the picture and in the layer of faces.

    `network` draws the same number once more, its own way, into whole frames without a matte.

    A frame in which nothing was changed stays as it is. Where a matte is asked for, to lay the
    face over the plate elsewhere, the mark is only where the face shows: the rest is the plate's.
    """
    if mark is None or done.image is frame.image or not faces:
        return done
    near = [face.placed.inverse().apply(face.landmarks) for face in faces]
    below = done.image
    if network is not None and done.alpha is None:
        below = network.drawn(below, mark.identity)
    image, layer = mark.drawn(below, near, frame.moment), done.layer
    if layer is not None:
        layer = mark.drawn_on_layer(layer, done.image, near, frame.moment)
    if done.alpha is not None:
        away = done.alpha < HIDDEN
        image[away] = done.image[away]
    return replace(done, image=image, layer=layer)


def labelled(done: Composed, label: Label | None) -> Composed:
    """A composed frame with its notice, which is opaque where there is a matte."""
    if label is None:
        return done
    alpha = None if done.alpha is None else label.covering(done.alpha)
    return replace(done, image=label.drawn(done.image), alpha=alpha)


def find(path: Path, report: Report = silent) -> FoundWatermark | None:
    """The watermark in a video, a picture or a folder of pictures; None if there is none.

    Of a long take some parts are looked at: together, and if that finds nothing, the middle one
    alone, as a film that was cut anew has lost its clock.

    Raises:
        TakeUnreadable: it cannot be decoded.
    """
    from recast.provenance import Gathered, find_watermark

    whole, alone = Gathered(), Gathered()
    for seen in _looked_at(path, report):
        whole.add(seen.image, seen.moment)
        if seen.middle:
            alone.add(seen.image, seen.moment)
    return find_watermark(whole.maps()) or find_watermark(alone.maps())


def find_by_network(path: Path, reader: NetworkReader, report: Report = silent) -> int | None:
    """The number that a network reads in a take or picture, if it is recast's; else None.

    Of the parts that `find` looks at, a frame of each half second is read.

    Raises:
        TakeUnreadable: it cannot be decoded.
    """
    from recast.provenance.network_watermark import number_read

    readings, before = [], None
    for seen in _looked_at(path, report):
        if (half := seen.moment * READ_EACH_SECOND // 1) != before:
            readings.append(reader.read(seen.image))
            before = half
    return number_read(readings)


class _Seen(NamedTuple):
    """A frame that is looked at; `middle` if it is of the middle part of several."""

    image: FrameImage
    moment: Fraction
    middle: bool


def _looked_at(path: Path, report: Report) -> Iterator[_Seen]:
    from recast import images
    from recast.video import open_take

    if path.suffix.lower() in images.PICTURE_SUFFIXES and path.is_file():
        yield _Seen(images.load(path), Fraction(0), middle=False)
        return
    take = open_take(path)
    spans = _spans(len(take), float(take.info.rate))
    total, done = sum(len(span) for span in spans), 0
    for number, span in enumerate(spans):
        middle = len(spans) > 1 and number == len(spans) // 2
        for frame in take.frames(span.start, span.stop):
            yield _Seen(frame.image, frame.moment, middle)
            done += 1
            report(Progress(done, total))


def _spans(length: int, rate: float) -> list[range]:
    """The frames that are looked at: all of a short take, else spans spread evenly."""
    each = max(1, round(SPAN_SECONDS * rate))
    if length <= SPANS * each:
        return [range(length)]
    middles = [length * (2 * at + 1) // (2 * SPANS) for at in range(SPANS)]
    return [range(middle - each // 2, middle - each // 2 + each) for middle in middles]
