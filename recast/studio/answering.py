"""The process of `recast.studio.beside`: `python -m recast.studio.answering merge WORKSPACE`.

Questions come as JSON, one a line; an answer is one line of JSON, whose `bytes` says how much
follows it. When the questions end, whoever asked is gone, and it ends, too.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from recast.errors import RecastError
from recast.language import Sentence, sentence
from recast.workspace import Workspace

if TYPE_CHECKING:
    from recast.images import FrameImage
    from recast.stages.marking_live import LiveMarks
    from recast.workspace import Side

Question = dict[str, Any]
Answers = Callable[[Question], tuple[dict[str, Any], bytes]]
WIDEST = 1920
"""Pixels of a picture that a page shows, unless it asks for less."""


class MergeAnswers:
    """A frame of dst, merged: `frame`, `options`, `ranges`, and the `width` of the picture."""

    def __init__(self, root: Path) -> None:
        from recast.stages.merge_live import LiveMerge

        self._live = LiveMerge(root)

    def __call__(self, question: Question) -> tuple[dict[str, Any], bytes]:
        from recast.stages.merge_options import MergeOptions

        options = MergeOptions.model_validate(question["options"])
        image = self._live.picture(question["frame"], options, question["ranges"])
        return {}, jpeg(image, question.get("width", WIDEST))


class MarkingAnswers:
    """A frame of a side: `side` and `frame`; with a `region` the mark that is read there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sides: dict[Side, LiveMarks] = {}

    def __call__(self, question: Question) -> tuple[dict[str, Any], bytes]:
        live = self._of(question["side"])
        if "region" not in question:
            image = live.image(question["frame"])
            return {}, jpeg(image, question.get("width", WIDEST))
        x, y, size, angle = question["region"]
        mark = live.read(question["frame"], (x, y, size, angle))
        return {"mark": mark.model_dump(mode="json")}, b""

    def _of(self, side: Side) -> LiveMarks:
        from recast.stages.marking_live import LiveMarks

        workspace = Workspace.open(self._root)
        known = self._sides.get(side)
        if known is None or known.take.path != workspace.take_path(side):
            known = self._sides[side] = LiveMarks(workspace.take(side))
        return known


KINDS: dict[str, Callable[[Path], Answers]] = {
    "merge": MergeAnswers,
    "marking": MarkingAnswers,
}


def jpeg(image: FrameImage, width: int) -> bytes:
    """A picture for the browser, at most so wide."""
    import cv2
    import numpy as np

    from recast.images import upper_8_bits

    image = upper_8_bits(image)
    if image.shape[1] > width:
        height = max(1, round(image.shape[0] * width / image.shape[1]))
        image = np.asarray(
            cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )
    quality = [cv2.IMWRITE_JPEG_QUALITY, 92]
    done, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
    if not done:
        raise ValueError("a picture could not be written as JPEG")
    return data.tobytes()


def answer(answers: Answers, question: Question, out: BinaryIO) -> None:
    """Answer one question, or say why not."""
    try:
        facts, data = answers(question)
    except RecastError as error:
        facts, data = {"error": [parts_of(error.args[0]), parts_of(error.fix)]}, b""
    except IndexError as error:
        fix = sentence("choose a frame of the take")
        facts, data = {"error": [parts_of(str(error)), parts_of(fix)]}, b""
    out.write(json.dumps({**facts, "bytes": len(data)}).encode() + b"\n")
    out.write(data)
    out.flush()


def parts_of(text: str) -> tuple[str, dict[str, str]]:
    """What a sentence was made of, for a door that says it in another language."""
    if isinstance(text, Sentence):
        return text.template, {name: str(value) for name, value in text.values.items()}
    return text, {}


def main() -> None:
    kind, root = sys.argv[1:3]
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    answers = KINDS[kind](Path(root))
    for line in sys.stdin.buffer:
        answer(answers, json.loads(line), out)


if __name__ == "__main__":
    main()
