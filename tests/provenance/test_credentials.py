import dataclasses
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import av
import c2pa
import cv2
import numpy as np
import pytest

from recast.errors import (
    CredentialsMissing,
    DiskTrouble,
    OptionUnusable,
    TakeUnreadable,
    TakeUnwritable,
)
from recast.provenance.certificate import local_signer
from recast.provenance.consent import ConsentRecord
from recast.provenance.credentials import sign, verify
from recast.provenance.signer import Signer
from recast.provenance.statement import COMPOSITE

MakeTake = Callable[..., Path]
Sign = Callable[..., None]


@pytest.fixture
def signed_by(consent: ConsentRecord, signer: Signer, now: datetime) -> Sign:
    def put(path: Path, ingredients: Sequence[Path] = (), by: Signer = signer) -> None:
        sign(
            path,
            title="Result.mp4",
            consent=consent,
            model="swift",
            ingredients=ingredients,
            signer=by,
            now=now,
        )

    return put


def _flip(path: Path, place: int) -> Path:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    copy = path.with_name("flipped" + path.suffix)
    copy.write_bytes(data)
    return copy


def _box(path: Path, kind: bytes) -> tuple[int, int]:
    """Where a top-level box of an mp4 begins and ends."""
    data, place = path.read_bytes(), 0
    while data[place + 4 : place + 8] != kind:
        place += int.from_bytes(data[place : place + 4])
    return place, place + int.from_bytes(data[place : place + 4])


def _pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray().tobytes() for frame in container.decode(video=0)]


def test_a_signed_take_says_all_it_should(
    make_take: MakeTake, signed_by: Sign, now: datetime
) -> None:
    result, dst, src = make_take("r.mp4"), make_take("dst.mp4", seed=1), make_take("s.mp4", seed=2)
    signed_by(result, [dst, src])
    found = verify(result)
    assert found.state == "valid-untrusted" and found.intact
    assert (found.signer, found.issuer) == ("recast local signer", "recast local")
    assert found.signed_at == now.replace(microsecond=0)
    assert found.title == "Result.mp4"
    assert found.claim_generator.startswith("recast/")
    assert found.digital_source_types == (COMPOSITE,)
    assert found.actions == ("c2pa.opened", "c2pa.edited")
    assert (found.model, found.consent_basis) == ("swift", "synthetic")
    assert found.problems == ("the signer is not on a list of trusted ones",)


def test_ingredients_are_named_by_role_and_hash(make_take: MakeTake, signed_by: Sign) -> None:
    takes = [make_take(f"Ada Secretname {i}.mp4", seed=i) for i in range(3)]
    result = make_take("r.mp4", seed=9)
    signed_by(result, takes)
    found = verify(result).ingredients
    assert [one.title for one in found] == ["dst take", "src take", "src take 2"]
    assert [one.relation for one in found] == ["parentOf", "inputTo", "inputTo"]
    assert len({one.sha256 for one in found}) == 3
    assert all(one.intact is None for one in found)


def test_neither_the_name_of_the_person_nor_of_a_take_gets_out(
    make_take: MakeTake, signed_by: Sign
) -> None:
    result = make_take("r.mp4")
    signed_by(result, [make_take("dst.mp4"), make_take("Ada Secretname.mp4", seed=1)])
    assert b"Secretname" not in result.read_bytes()


def test_pictures_and_times_stay_as_they_are(make_take: MakeTake, signed_by: Sign) -> None:
    result = make_take("r.mp4")
    before = _pictures(result)
    signed_by(result, [make_take("dst.mp4", seed=1)])
    assert _pictures(result) == before
    assert not list(result.parent.glob("*.part"))


def test_a_changed_byte_in_the_media_shows(make_take: MakeTake, signed_by: Sign) -> None:
    result = make_take("r.mp4")
    signed_by(result)
    first, end = _box(result, b"mdat")
    for place in [first + 8, first + 9, (first + end) // 2, end - 1]:
        found = verify(_flip(result, place))
        assert (found.state, found.intact) == ("altered", False)
        assert "the picture or sound was changed after signing" in found.problems


def test_changed_times_show(make_take: MakeTake, signed_by: Sign) -> None:
    result = make_take("r.mp4")
    signed_by(result)
    place = result.read_bytes().index(b"stts") + 12
    assert verify(_flip(result, place)).state == "altered"


@pytest.mark.parametrize(
    "stated", [b"synthetic", b"swift", b"compositeWith", b"Result.mp4", b"recast local signer"]
)
def test_a_changed_statement_shows(stated: bytes, make_take: MakeTake, signed_by: Sign) -> None:
    result = make_take("r.mp4")
    signed_by(result)
    found = verify(_flip(result, result.read_bytes().index(stated)))
    assert found.state == "altered"
    assert found.problems


def test_damage_to_the_form_of_credentials_shows(make_take: MakeTake, signed_by: Sign) -> None:
    result = make_take("r.mp4")
    signed_by(result)
    found = verify(_flip(result, result.read_bytes().index(b"c2pa.hash.bmff") - 25))
    assert found.state == "altered"
    assert found.problems[0].startswith("the credentials are damaged")


def test_a_cut_off_file_is_altered_if_signed_and_unreadable_if_not(
    make_take: MakeTake, signed_by: Sign
) -> None:
    result = make_take("r.mp4")
    plain = result.read_bytes()
    signed_by(result)
    result.write_bytes(result.read_bytes()[:-100])
    assert verify(result).state == "altered"
    result.write_bytes(plain[:-100])
    with pytest.raises(TakeUnreadable, match="truncated or damaged"):
        verify(result)


def test_stripped_credentials_are_missing(
    make_take: MakeTake, signed_by: Sign, tmp_path: Path
) -> None:
    result, stripped = make_take("r.mp4"), tmp_path / "stripped.mp4"
    signed_by(result)
    with av.open(str(result)) as source, av.open(str(stripped), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    with pytest.raises(CredentialsMissing, match="carries no content credentials") as caught:
        verify(stripped)
    assert "ask for the original" in caught.value.fix


def test_what_is_not_signed_or_not_there_is_told_apart(make_take: MakeTake, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("no take at all")
    (tmp_path / "empty.mp4").touch()
    for path in (make_take("plain.mp4"), make_take("plain.mkv"), tmp_path / "text.txt"):
        with pytest.raises(CredentialsMissing):
            verify(path)
    for path in (tmp_path / "empty.mp4", tmp_path / "gone.mp4", tmp_path):
        with pytest.raises(TakeUnreadable):
            verify(path)


@pytest.mark.parametrize("name", ["Ergebnis übrig.mov", "результат 1.mp4", "r.avi"])
def test_every_container_can_be_signed(name: str, make_take: MakeTake, signed_by: Sign) -> None:
    result = make_take(name)
    signed_by(result)
    assert verify(result).actions == ("c2pa.created",)
    first_picture = len(result.read_bytes()) // 2
    assert verify(_flip(result, first_picture)).state == "altered"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_stills_can_be_signed(suffix: str, tmp_path: Path, signed_by: Sign) -> None:
    still = tmp_path / f"still{suffix}"
    picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    assert cv2.imwrite(str(still), picture)
    signed_by(still)
    assert verify(still).state == "valid-untrusted"
    place = len(still.read_bytes()) - 40
    assert verify(_flip(still, place)).state == "altered"


def test_a_take_under_its_draft_name_can_be_signed(make_take: MakeTake, signed_by: Sign) -> None:
    draft = make_take("r.mp4")
    draft = draft.rename(draft.with_name("r.mp4.part"))
    signed_by(draft)
    assert verify(draft).title == "Result.mp4"


def test_signing_again_replaces_the_credentials(make_take: MakeTake, signed_by: Sign) -> None:
    result = make_take("r.mp4")
    signed_by(result)
    signed_by(result, [make_take("dst.mp4", seed=1)])
    assert len(verify(result).ingredients) == 1
    assert result.read_bytes().count(b"jumdc2pa") == 1


def test_dst_keeps_its_own_credentials(make_take: MakeTake, signed_by: Sign) -> None:
    dst, result = make_take("dst.mp4"), make_take("r.mp4", seed=1)
    signed_by(dst)
    signed_by(result, [dst])
    assert [one.intact for one in verify(result).ingredients] == [True]
    assert result.read_bytes().count(b"recast local signer") > 1


def test_dst_and_src_both_keep_what_they_bear(make_take: MakeTake, signed_by: Sign) -> None:
    dst, src, result = (make_take(f"{seed}.mp4", seed=seed) for seed in range(3))
    signed_by(dst)
    signed_by(src)
    signed_by(result, [dst, src])
    found = verify(result).ingredients
    assert [(one.relation, one.intact) for one in found] == [("parentOf", True), ("inputTo", True)]
    assert all(one.sha256 for one in found)


def test_a_dst_that_was_altered_is_recorded_so(make_take: MakeTake, signed_by: Sign) -> None:
    dst, result = make_take("dst.mp4"), make_take("r.mp4", seed=1)
    signed_by(dst)
    signed_by(result, [_flip(dst, sum(_box(dst, b"mdat")) // 2)])
    found = verify(result)
    assert found.intact
    assert [one.intact for one in found.ingredients] == [False]


def test_takes_without_a_place_for_credentials_are_ingredients_too(
    make_take: MakeTake, signed_by: Sign, tmp_path: Path
) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    (frames / "0001.png").write_bytes(b"one")
    broken = _flip(make_take("broken.mp4"), 3)
    result = make_take("r.mp4", seed=1)
    signed_by(result, [make_take("dst.mkv"), frames, broken])
    found = verify(result)
    assert found.actions == ("c2pa.opened", "c2pa.edited")
    assert all(len(one.sha256) == 64 for one in found.ingredients)
    assert len(found.ingredients) == 3


def test_a_trusted_authority_makes_it_valid(
    make_take: MakeTake, signed_by: Sign, signer: Signer, tmp_path: Path
) -> None:
    result, anchors = make_take("r.mp4"), tmp_path / "anchors.pem"
    signed_by(result)
    anchors.write_text(signer.chain)
    found = verify(result, anchors=anchors)
    assert (found.state, found.problems) == ("valid", ())
    assert verify(_flip(result, _box(result, b"mdat")[1] - 1), anchors=anchors).state == "altered"
    anchors.write_text("rubbish")
    for path in (anchors, tmp_path / "gone.pem"):
        with pytest.raises(OptionUnusable):
            verify(result, anchors=path)


def test_a_refused_certificate_leaves_the_file_as_it_was(
    make_take: MakeTake, signed_by: Sign, signer: Signer, now: datetime, tmp_path: Path
) -> None:
    result = make_take("r.mp4")
    before = result.read_bytes()
    ended = local_signer(tmp_path / "old", now - timedelta(days=9000))
    other = local_signer(tmp_path / "other", now)
    for bad in (ended, dataclasses.replace(signer, key=other.key)):
        with pytest.raises(OptionUnusable, match="certificate of recast local cannot sign"):
            signed_by(result, by=bad)
    assert result.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


def test_what_cannot_be_signed_is_said(
    make_take: MakeTake, signed_by: Sign, tmp_path: Path
) -> None:
    with pytest.raises(TakeUnwritable, match="carries no content credentials"):
        signed_by(make_take("r.mkv"))
    with pytest.raises(TakeUnreadable, match="cannot be read"):
        signed_by(tmp_path / "gone.mp4")
    with pytest.raises(TakeUnreadable, match="cannot be given credentials"):
        signed_by(_flip(make_take("r.mp4"), 2))
    with pytest.raises(TakeUnreadable, match="went into the result"):
        signed_by(make_take("r.mp4"), [tmp_path / "gone.mp4"])
    assert not list(tmp_path.glob("*.part"))


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    import resource

    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file size")
def test_a_full_disk_is_named_and_the_file_stays(make_take: MakeTake, signed_by: Sign) -> None:
    result = make_take("r.mp4")
    before = result.read_bytes()
    with _largest_file(4096), pytest.raises(DiskTrouble, match=r"r\.mp4 cannot be written"):
        signed_by(result)
    assert result.read_bytes() == before
    assert not list(result.parent.glob("*.part"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file size")
def test_a_full_temporary_folder_is_named(make_take: MakeTake, signed_by: Sign) -> None:
    result = make_take("r.mp4")
    padding = 17 * 2**20
    with result.open("ab") as file:
        file.write(padding.to_bytes(4) + b"free" + bytes(padding - 8))
    with _largest_file(2**20), pytest.raises(DiskTrouble, match=r"signing .*r\.mp4 needs room"):
        signed_by(result)
    signed_by(result)
    assert verify(result).intact


@pytest.mark.skipif(sys.platform == "win32", reason="needs a timer that interrupts")
@pytest.mark.parametrize("after", [0.001, 0.003, 0.006, 0.01, 0.02])
def test_an_interruption_leaves_the_old_file_or_a_signed_one(
    after: float, make_take: MakeTake, signed_by: Sign
) -> None:
    result = make_take("r.mp4")
    pictures = _pictures(result)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, after)
        with suppress(KeyboardInterrupt):
            signed_by(result)
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, before)
    # As at the end of the program: a worker that was begun is waited for.
    for worker in set(threading.enumerate()) - {threading.main_thread()}:
        worker.join()
    assert _pictures(result) == pictures
    assert not list(result.parent.glob("*.part"))
    with suppress(CredentialsMissing):
        assert verify(result).intact


def test_credentials_elsewhere_are_not_asked_for(
    make_take: MakeTake, signed_by: Sign, signer: Signer, tmp_path: Path
) -> None:
    result, linking = make_take("r.mp4"), tmp_path / "linking.mp4"
    with socket.create_server(("127.0.0.1", 0)) as server:
        _link(make_take("plain.mp4"), linking, signer, f"http://127.0.0.1:{_port(server)}/store")
        with pytest.raises(CredentialsMissing):
            verify(linking)
        signed_by(result, [linking])
        assert verify(result).intact
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


def _port(server: socket.socket) -> int:
    port: int = server.getsockname()[1]
    return port


def _link(source: Path, target: Path, signer: Signer, url: str) -> None:
    """Sign so that the file names an address for its credentials instead of carrying them."""
    info = c2pa.C2paSignerInfo(signer.algorithm, signer.chain.encode(), signer.key.encode(), None)  # type: ignore[no-untyped-call]
    action = {"action": "c2pa.created", "digitalSourceType": COMPOSITE}
    data = {"label": "c2pa.actions.v2", "data": {"actions": [action]}}
    with (
        c2pa.Builder({"assertions": [data]}) as builder,
        c2pa.Signer.from_info(info) as pen,
        source.open("rb") as plain,
        target.open("w+b") as linking,
    ):
        builder.set_no_embed()
        builder.set_remote_url(url)
        builder.sign(pen, "video/mp4", plain, linking)
    assert url.encode() in target.read_bytes()
