"""`recast models`: what can be trained, and what it takes."""

from __future__ import annotations

from recast.cli.door import door
from recast.cli.flags import Json


def models(*, json: Json = False) -> None:
    """Show the models that can be trained.

    All figures are those of the default options. Memory is that of training on a CPU with the
    usual batch, without the faces.
    """
    from recast.models import MODELS
    from recast.training.memory import gigabytes
    from recast.training.size import size_of

    with door(json) as opened:
        if not json:
            opened.voice.tell("models", {}, _row("name", "weights", "side", "framing", "memory"))
        for name, model in MODELS.items():
            size, side = size_of(name), model.shape["resolution"]
            framing = model.framing_of(model.shape) or "as extracted"
            facts = {
                "name": name,
                "parameters": size.parameters,
                "resolution": side,
                "framing": framing,
                "memory": size.memory,
                "about": model.about,
            }
            weights, memory = f"{size.parameters / 1e6:.2f} M", gigabytes(size.memory)
            row = _row(name, weights, f"{side} px", framing, memory)
            opened.voice.tell("model", facts, f"{row}  {model.about}")


def _row(*cells: object) -> str:
    widths = (9, -9, -7, 13, -7)
    return " ".join(
        f"{cell!s:>{-width}}" if width < 0 else f"{cell!s:<{width}}"
        for cell, width in zip(cells, widths, strict=True)
    )
