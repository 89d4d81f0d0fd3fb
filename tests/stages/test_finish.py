"""A result appears whole and signed, and buries nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recast
from recast.errors import DiskTrouble, Stopped
from recast.events import Event, Note
from recast.provenance import synthetic_consent
from recast.stages.finish import finish
from recast.video import FORMATS, LayersWriter, open_take, open_writer


def signed(
    out: Path,
    write: Callable[[Path], tuple[str, ...]],
    takes: dict[str, Path],
    told: list[Event],
) -> None:
    """Finish what `write` writes, as a merge would."""
    finish(
        out,
        write,
        consent=synthetic_consent(person="nobody", now=datetime.now(UTC)),
        model="swift",
        ingredients=[takes["dst"], takes["src"]],
        report=told.append,
    )


@pytest.fixture
def finished(
    tmp_path: Path, signing_home: Path, short_takes: dict[str, Path]
) -> Callable[..., list[Event]]:
    """Finish layers of two frames under a name."""
    take = open_take(short_takes["dst"])

    def finished(out: Path, format: str, stop: bool = False) -> list[Event]:
        told: list[Event] = []

        def write(draft: Path) -> tuple[str, ...]:
            with LayersWriter(draft, take.info, format=format, sound_from=take.path) as writer:
                for frame in take.frames(0, 2):
                    face: Any = np.dstack([frame.image, frame.image[..., 0]])
                    writer.write(face, frame.image[..., 0], frame)
                if stop:
                    raise Stopped("stopped by a test")
            return writer.notes

        signed(out, write, short_takes, told)
        return told

    return finished


INSIDE = {".mp4", ".mov", ".avi"}
"""The kinds of files that hold their credentials themselves."""


@pytest.mark.parametrize("format", FORMATS)
def test_a_result_of_every_format_is_signed(
    tmp_path: Path, signing_home: Path, short_takes: dict[str, Path], format: str
) -> None:
    take = open_take(short_takes["dst"])
    out = tmp_path / f"результат{FORMATS[format].suffix}"
    told: list[Event] = []
    if format == "exr":
        pytest.importorskip("OpenImageIO", reason="the extra exr is not installed")

    def write(draft: Path) -> tuple[str, ...]:
        with open_writer(draft, take.info, format=format, sound_from=take.path) as writer:
            for frame in take.frames(0, 6):
                writer.write(frame.image, frame.moment, frame.plate)
        return writer.notes

    signed(out, write, short_takes, told)
    found = recast.verify(out)
    assert found.state == "valid-untrusted" and found.consent_basis == "synthetic"
    assert [one.title for one in found.ingredients] == ["dst take", "src take"]
    beside = [*tmp_path.rglob("*.c2pa")]
    assert bool(beside) == (out.suffix not in INSIDE)
    assert any(isinstance(event, Note) and ".c2pa" in event.text for event in told) == bool(beside)
    path = next(iter(sorted(out.glob("0*")))) if out.is_dir() else out
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert recast.verify(out).state == "altered"


@pytest.mark.parametrize("format", ["prores4444", "ffv1", "png"])
def test_every_layer_is_signed(
    tmp_path: Path, finished: Callable[..., list[Event]], format: str
) -> None:
    out = tmp_path / "слои"
    told = finished(out, format)
    assert recast.verify(out).intact
    for layer in ("face", "matte", "plate"):
        part = recast.verify(out / f"{layer}{FORMATS[format].suffix}")
        assert part.intact and part.title.startswith("слои: ")
    assert any(isinstance(event, Note) and ".c2pa" in event.text for event in told)
    assert [path.name for path in tmp_path.iterdir()] == ["слои"]


@pytest.mark.parametrize("format", ["prores4444", "ffv1", "png"])
def test_a_change_in_any_layer_shows(
    tmp_path: Path, finished: Callable[..., list[Event]], format: str
) -> None:
    out = tmp_path / "layers"
    finished(out, format)
    for layer in ("face", "matte", "plate", "layers.json"):
        path = out / f"{layer}{FORMATS[format].suffix}" if layer != "layers.json" else out / layer
        path = sorted(path.iterdir())[0] if path.is_dir() else path
        whole = path.read_bytes()
        data = bytearray(whole)
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        found = recast.verify(out)
        assert found.state == "altered" and found.problems
        path.write_bytes(whole)
        assert recast.verify(out).intact


def test_layers_replace_older_ones_but_never_other_files(
    tmp_path: Path, finished: Callable[..., list[Event]]
) -> None:
    out = tmp_path / "layers"
    for _ in range(2):
        finished(out, "png")
    with pytest.raises(Stopped):
        finished(out, "png", stop=True)
    assert recast.verify(out).intact
    for folder in (out, out / "face"):
        work = folder / "comp.nk"
        work.write_bytes(b"days of work")
        with pytest.raises(DiskTrouble, match="other files"):
            finished(out, "png")
        assert work.read_bytes() == b"days of work"
        work.unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["layers"]
