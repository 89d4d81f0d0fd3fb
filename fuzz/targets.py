"""The parsers: how each is called with the content of a file, and what it is meant to read.

A target is called with bytes and an empty folder of its own. It may return, or raise an error of
`recast.errors` that says what to do; anything else, and any hang, is a fault.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from recast.errors import RecastError
from recast.faceset.containers import Unusable
from recast.interop.literal import NoLiteral

Read = Callable[[bytes, Path], object]

OWN_ERRORS = (RecastError, Unusable, NoLiteral)
"""The two last ones are named by whoever calls these parsers."""


@dataclass(frozen=True)
class Target:
    """read: calls the parser. seeds: contents that it does read, made by recast itself."""

    read: Read
    seeds: Callable[[], Iterator[bytes]]


def fed(target: Target, content: bytes, folder: Path) -> bool:
    """Whether a content was read; what is wrong with it may only be said in recast's own words."""
    try:
        target.read(content, folder)
    except OWN_ERRORS as error:
        if isinstance(error, RecastError) and not (str(error) and error.fix):
            raise AssertionError(f"{error!r} does not say what to do") from error
        return False
    return True


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _face_jpeg(content: bytes, folder: Path) -> None:
    from recast.faceset import load_face

    load_face(_file(folder, "a.jpg", content))


def _face_png(content: bytes, folder: Path) -> None:
    from recast.faceset import load_face

    load_face(_file(folder, "a.png", content))


def _xmp(content: bytes, folder: Path) -> None:
    from pydantic import ValidationError

    from recast.faceset.record import FaceRecord
    from recast.faceset.xmp import unpack

    with suppress(ValidationError):
        record = FaceRecord.model_validate_json(unpack(content))
        _use(record)


def _record(content: bytes, folder: Path) -> None:
    from pydantic import ValidationError

    from recast.faceset.record import FaceRecord

    with suppress(ValidationError):
        _use(FaceRecord.model_validate_json(content))


def _use(record: object) -> None:
    """Draw the mask of a record: it is a picture in a text in a packet."""
    from recast.faceset.drawn_mask import carried_mask
    from recast.faceset.record import FaceRecord

    assert isinstance(record, FaceRecord)
    carried_mask(record.model_copy(update={"size": min(record.size, 256)}))


def _dfl_record(content: bytes, folder: Path) -> None:
    from recast.faceset.deepfacelab import record_of

    record_of(content, (64, 64))


def _dfl_pack(content: bytes, folder: Path) -> None:
    from recast.interop.dfl_pack import pack_contents, packed_files

    path = _file(folder, "faceset.pak", content)
    for _ in packed_files(path, pack_contents(path)):
        pass


def _pickle(content: bytes, folder: Path) -> None:
    from recast.plain_pickle import load_plain

    load_plain(content, "a stream")


def _fsa(content: bytes, folder: Path) -> None:
    from recast.interop.faceswap import read_alignments

    packed = content if content.startswith(b"x") else zlib.compress(content, 1)
    read_alignments(_file(folder, "a.fsa", packed))


def _faceswap_png(content: bytes, folder: Path) -> None:
    from recast.interop.faceswap import read_header

    read_header(_file(folder, "a.png", content))


def _literal(content: bytes, folder: Path) -> None:
    from recast.interop.literal import read_literal

    read_literal(content.decode("utf-8", "surrogateescape"))


def _tar(content: bytes, folder: Path) -> None:
    from recast.interop.tar import tar_files

    for name, _ in tar_files(_file(folder, "a.tar", content)):
        assert "/" not in name and name not in {"", ".", ".."}


def _workspace(content: bytes, folder: Path) -> None:
    from datetime import date

    from recast.provenance import require_consent
    from recast.workspace import SIDES, Workspace

    _file(folder, "workspace.json", content)
    job = Workspace.open(folder)
    for side in SIDES:
        with suppress(RecastError):
            job.take_path(side)
        with suppress(RecastError):
            job.take(side)
    require_consent(job.consent, date(2026, 1, 1))


def _consent(content: bytes, folder: Path) -> None:
    from datetime import UTC, datetime

    from recast.provenance import consent_from_file

    consent_from_file(_file(folder, "consent.json", content), datetime(2026, 1, 1, tzinfo=UTC))


def _options(content: bytes, folder: Path) -> None:
    from recast.training.description import Description

    _file(folder, "options.json", content)
    Description.load(folder)


def _checkpoint_state(content: bytes, folder: Path) -> None:
    from recast.training.checkpoint import load_newest

    for name in ("weights.safetensors", "training.safetensors"):
        _file(folder, f"00000003/{name}", _tensors())
    _file(folder, "00000003/state.json", content)
    load_newest(folder, lambda _: None)


def _tensor_file(content: bytes, folder: Path) -> None:
    from safetensors import SafetensorError

    from recast.training.tensors import read_tensors

    path = _file(folder, "weights.safetensors", content)
    with suppress(ValueError, SafetensorError):  # named by `load_newest`
        read_tensors(path, hashlib.sha256(content).hexdigest())


def _history(content: bytes, folder: Path) -> None:
    from recast.training.curve import loss_curve
    from recast.training.history import read_history

    loss_curve(read_history(_file(folder, "history.jsonl", content)))


def _layers(content: bytes, folder: Path) -> None:
    from recast.provenance.folders import belongings, changed_files, members
    from recast.video.layers import read_layers

    path = _file(folder, "layers.json", content)
    _file(folder, "layers.json.c2pa", b"")
    list(changed_files(path))
    assert all(one.parent == folder and one.name not in {"", ".."} for one in members(path))
    assert all(one.parent == folder for one in belongings(folder, ".c2pa"))
    read_layers(folder)


def _sequence(content: bytes, folder: Path) -> None:
    from recast.video.sequence import check_free, read_list

    _file(folder, "sequence.json", content)
    with suppress(RecastError):
        check_free(folder)
    read_list(folder)


def _picture_note(content: bytes, folder: Path) -> None:
    from recast.video import read_note

    _file(folder, "frames.jsonl", content)
    read_note(folder)


def _marks(content: bytes, folder: Path) -> None:
    from recast.faces.marks import load_marks

    load_marks(_file(folder, "marks.json", content))


def _order(content: bytes, folder: Path) -> None:
    from recast.faceset.order_file import load_order
    from recast.faceset.rename import finish

    _file(folder, "000001_0.jpg", b"a face")
    _file(folder, ".order.json", content)
    load_order(folder)
    outside = sorted(folder.parent.iterdir())
    finish(folder, lambda done, total: None)
    assert sorted(folder.parent.iterdir()) == outside
    kept = [path for path in folder.rglob("*") if path.is_file() and path.read_bytes() == b"a face"]
    assert len(kept) == 1


def _index(content: bytes, folder: Path) -> None:
    from recast.faceset import load_faceset
    from recast.faceset.index import INDEX_NAME

    _file(folder, INDEX_NAME, content)
    load_faceset(folder)


def _extraction(content: bytes, folder: Path) -> None:
    from recast.stages.extraction import read_extraction

    read_extraction(_file(folder, "extraction.json", content))


def _shots(content: bytes, folder: Path) -> None:
    from recast.stages.merge_options import LookOptions
    from recast.stages.merge_shots import looks_of

    looks_of(LookOptions(), _file(folder, "shots.json", content), 24).at(3)


def _people(content: bytes, folder: Path) -> None:
    from recast.stages.merge_people import people_of

    people_of(_file(folder, "people.json", content), ["anna"])


def _job(content: bytes, folder: Path) -> None:
    from recast.studio.job_records import remembered

    _file(folder, "20260102T030405000000-0a1b2c3d.json", content)
    remembered(folder)


def _job_end(content: bytes, folder: Path) -> None:
    from fuzz import seeds
    from recast.studio.job_records import remembered

    _file(folder, "20260102T030405000000-0a1b2c3d.json", next(seeds.jobs()))
    _file(folder, "20260102T030405000000-0a1b2c3d.end", content)
    remembered(folder)


def _picture(content: bytes, folder: Path) -> None:
    from recast.images import load
    from recast.picture_size import picture_size

    picture_size(content)
    load(_file(folder, "a.png", content))


def _tensors() -> bytes:
    import numpy as np
    from safetensors.numpy import save

    return save({"weight": np.zeros((2, 3), np.float32)})


def _targets() -> dict[str, Target]:
    from fuzz import seeds

    return {
        "face-jpeg": Target(_face_jpeg, seeds.face_files(".jpg")),
        "face-png": Target(_face_png, seeds.face_files(".png")),
        "xmp": Target(_xmp, seeds.packets),
        "record": Target(_record, seeds.records),
        "dfl-record": Target(_dfl_record, seeds.dfl_records),
        "dfl-pack": Target(_dfl_pack, seeds.dfl_packs),
        "pickle": Target(_pickle, seeds.dfl_records),
        "fsa": Target(_fsa, seeds.alignments),
        "faceswap-png": Target(_faceswap_png, seeds.faceswap_faces),
        "literal": Target(_literal, seeds.literals),
        "tar": Target(_tar, seeds.tars),
        "workspace": Target(_workspace, seeds.workspaces),
        "consent": Target(_consent, seeds.consents),
        "options": Target(_options, seeds.options),
        "checkpoint": Target(_checkpoint_state, seeds.checkpoint_states),
        "tensors": Target(_tensor_file, lambda: iter([_tensors()])),
        "history": Target(_history, seeds.histories),
        "layers": Target(_layers, seeds.layers),
        "sequence": Target(_sequence, seeds.sequences),
        "picture-note": Target(_picture_note, seeds.picture_notes),
        "marks": Target(_marks, seeds.marks),
        "order": Target(_order, seeds.orders),
        "index": Target(_index, seeds.indices),
        "extraction": Target(_extraction, seeds.extractions),
        "shots": Target(_shots, seeds.shots),
        "people": Target(_people, seeds.people),
        "job": Target(_job, seeds.jobs),
        "job-end": Target(_job_end, seeds.job_ends),
        "picture": Target(_picture, seeds.pictures),
    }


TARGETS = _targets()
