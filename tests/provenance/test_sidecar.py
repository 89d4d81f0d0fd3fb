"""What holds no credentials is signed by a file beside it, a folder by a list of its files."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import c2pa
import pytest

from recast.errors import CredentialsMissing, DiskTrouble, TakeUnreadable
from recast.provenance import SIDECAR, can_embed, sign, sign_beside, verify
from recast.provenance.consent import ConsentRecord
from recast.provenance.signer import Signer
from recast.provenance.statement import COMPOSITE

MakeTake = Callable[..., Path]
Sign = Callable[..., Path]


@pytest.fixture
def signed_beside(consent: ConsentRecord, signer: Signer, now: datetime) -> Sign:
    def put(path: Path, ingredients: Sequence[Path] = (), sidecar: Path | None = None) -> Path:
        sidecar = sidecar or path.with_name(path.name + SIDECAR)
        sign_beside(
            path,
            sidecar,
            title="Result",
            consent=consent,
            model="swift",
            ingredients=ingredients,
            signer=signer,
            now=now,
        )
        return sidecar

    return put


@pytest.fixture
def signed_inside(consent: ConsentRecord, signer: Signer, now: datetime) -> Sign:
    def put(path: Path, ingredients: Sequence[Path] = ()) -> Path:
        about: dict[str, Any] = {"consent": consent, "model": "swift", "now": now}
        sign(path, title="Result.mp4", ingredients=ingredients, signer=signer, **about)
        return path

    return put


def manifests(path: Path, sidecar: Path | None = None) -> dict[str, Any]:
    """All manifests in a file or beside it, as the library reads them."""
    with path.open("rb") as file:
        if sidecar:
            reader = c2pa.Reader("application/octet-stream", file, sidecar.read_bytes())
        else:
            reader = c2pa.Reader("video/mp4", file)
        with reader:
            found: dict[str, Any] = json.loads(reader.json())["manifests"]
            return found


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_a_matroska_file_is_signed_beside_it(
    make_take: MakeTake, signed_beside: Sign, now: datetime
) -> None:
    result, dst = make_take("результат.mkv"), make_take("dst.mp4", seed=1)
    before = result.read_bytes()
    assert not can_embed(result) and can_embed(dst)
    sidecar = signed_beside(result, [dst])
    assert result.read_bytes() == before
    for path in (result, sidecar):
        found = verify(path)
        assert found.state == "valid-untrusted" and found.intact
        assert found.digital_source_types == (COMPOSITE,)
        assert (found.model, found.consent_basis) == ("swift", "synthetic")
        assert found.signed_at == now.replace(microsecond=0)
        assert [one.title for one in found.ingredients] == ["dst take"]


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_changed_byte_shows(make_take: MakeTake, signed_beside: Sign, place: int) -> None:
    result = make_take("r.mkv")
    signed_beside(result)
    flip(result, place)
    found = verify(result)
    assert found.state == "altered"
    assert "the picture or sound was changed after signing" in found.problems


def test_added_and_missing_bytes_show(make_take: MakeTake, signed_beside: Sign) -> None:
    result = make_take("r.mkv")
    signed_beside(result)
    whole = result.read_bytes()
    for data in (whole + b"\0", whole[:-1], whole[:100]):
        result.write_bytes(data)
        assert verify(result).state == "altered"


def test_a_damaged_sidecar_shows(make_take: MakeTake, signed_beside: Sign) -> None:
    result = make_take("r.mkv")
    sidecar = signed_beside(result)
    flip(sidecar, sidecar.read_bytes().index(b"swift"))
    assert verify(result).state == "altered"
    sidecar.write_bytes(b"nothing")
    assert verify(result).state == "altered"
    sidecar.unlink()
    with pytest.raises(CredentialsMissing):
        verify(result)


def test_the_credentials_of_another_file_do_not_fit(
    make_take: MakeTake, signed_beside: Sign
) -> None:
    one, other = make_take("one.mkv"), make_take("other.mkv", seed=1)
    signed_beside(one, sidecar=other.with_name("other.mkv.c2pa"))
    assert verify(other).state == "altered"


def test_a_sidecar_says_nothing_of_a_file_that_carries_its_own(
    make_take: MakeTake,
    signed_beside: Sign,
    consent: ConsentRecord,
    signer: Signer,
    now: datetime,
) -> None:
    result = make_take("r.mp4")
    sign(
        result,
        title="Result.mp4",
        consent=consent,
        model="df",
        ingredients=(),
        signer=signer,
        now=now,
    )
    signed_beside(make_take("another.mkv"), sidecar=result.with_name("r.mp4.c2pa"))
    assert verify(result).model == "df" and verify(result).intact


def folder_of(tmp_path: Path, signed_beside: Sign) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    files = {}
    for index in range(3):
        path = folder / f"{index:06d}.exr"
        path.write_bytes(b"light" * (index + 1))
        files[path.name] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    (folder / "sequence.json").write_text(json.dumps({"version": 1, "files": files}))
    signed_beside(folder / "sequence.json")
    return folder


def test_a_folder_is_signed_by_its_list(tmp_path: Path, signed_beside: Sign) -> None:
    found = verify(folder_of(tmp_path, signed_beside))
    assert found.intact and found.model == "swift"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda folder: flip(folder / "000001.exr", 2), "000001.exr was changed"),
        (lambda folder: (folder / "000002.exr").unlink(), "000002.exr is missing"),
        (lambda folder: (folder / "000003.exr").write_bytes(b"x"), "000003.exr was added"),
        (lambda folder: flip(folder / "sequence.json", 30), "changed after signing"),
        (lambda folder: (folder / "sequence.json").write_text("no json"), "changed after signing"),
    ],
)
def test_every_change_in_a_folder_shows(
    tmp_path: Path, signed_beside: Sign, change: Callable[[Path], None], problem: str
) -> None:
    folder = folder_of(tmp_path, signed_beside)
    change(folder)
    found = verify(folder)
    assert found.state == "altered"
    assert any(problem in one for one in found.problems)


def test_a_list_speaks_only_of_its_own_folder(tmp_path: Path, signed_beside: Sign) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    secret = tmp_path / "secret"
    secret.write_bytes(b"elsewhere")
    digest = hashlib.sha256(b"elsewhere").hexdigest()
    listed = {"version": 1, "files": {"../secret": {"sha256": digest}}}
    (folder / "sequence.json").write_text(json.dumps(listed))
    signed_beside(folder / "sequence.json")
    assert verify(folder).problems[0] == "secret is missing"


def test_credentials_beside_a_take_are_carried_into_the_result(
    make_take: MakeTake, signed_beside: Sign, signed_inside: Sign
) -> None:
    src, dst = make_take("src.mkv"), make_take("dst.mp4", seed=1)
    older = make_take("older.mp4", seed=2)
    signed_beside(src, [older])
    signed_beside(dst)  # an mp4 whose credentials another tool put beside it
    result = make_take("r.mp4", seed=3)
    signed_inside(result, [dst, src])
    found = verify(result)
    assert found.intact and [one.intact for one in found.ingredients] == [True, True]
    titles = {name: store["title"] for name, store in manifests(result).items()}
    assert sorted(titles.values()) == ["Result", "Result", "Result.mp4"]
    (of_src,) = (
        store
        for store in manifests(result).values()
        if [one["title"] for one in store.get("ingredients", ())] == ["dst take"]
    )
    consent = next(a for a in of_src["assertions"] if a["label"] == "org.recast.consent")
    assert consent["data"]["basis"] == "synthetic"


def test_credentials_of_a_signed_list_are_carried_too(
    make_take: MakeTake, tmp_path: Path, signed_beside: Sign
) -> None:
    folder, dst = folder_of(tmp_path, signed_beside), make_take("dst.mp4", seed=1)
    result = make_take("r.mkv")
    sidecar = signed_beside(result, [dst, folder])
    found = verify(result)
    assert [(one.title, one.intact) for one in found.ingredients] == [
        ("dst take", None),
        ("src take", True),
    ]
    assert len(manifests(result, sidecar)) == 2
    flip(folder / "000001.exr", 2)
    signed_beside(result, [dst, folder])
    assert [one.intact for one in verify(result).ingredients] == [None, None]


def test_credentials_that_do_not_fit_a_take_are_told(
    make_take: MakeTake, signed_beside: Sign
) -> None:
    src, result = make_take("src.mkv"), make_take("r.mkv", seed=3)
    sidecar = signed_beside(src)
    flip(src, 100)
    signed_beside(result, [src])
    found = verify(result)
    assert found.intact and [one.intact for one in found.ingredients] == [False]
    sidecar.write_bytes(b"no credentials")
    signed_beside(result, [src])
    found = verify(result)
    assert found.intact and [one.intact for one in found.ingredients] == [None]


def test_no_damage_to_credentials_of_a_take_keeps_a_result_from_being_signed(
    make_take: MakeTake, signed_beside: Sign, signed_inside: Sign
) -> None:
    src, result, film = make_take("src.mkv"), make_take("r.mkv", seed=3), make_take("r.mp4")
    sidecar = signed_beside(src)
    whole = sidecar.read_bytes()
    consent = whole.index(b"synthetic")
    for place in [*range(consent - 12, consent), whole.index(b"swift") - 1]:
        sidecar.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
        signed_beside(result, [src])
        signed_inside(film, [src])
        for path in (result, film):
            found = verify(path)
            assert found.intact and [one.title for one in found.ingredients] == ["dst take"]
            assert not found.ingredients[0].intact


def test_a_take_that_carries_its_own_needs_none_beside_it(
    make_take: MakeTake, signed_beside: Sign, signed_inside: Sign
) -> None:
    src, result = make_take("src.mp4"), make_take("r.mkv", seed=3)
    signed_inside(src, [])
    signed_beside(make_take("other.mkv"), sidecar=src.with_name("src.mp4.c2pa"))
    found_in = manifests(result, signed_beside(result, [src]))
    assert [one.intact for one in verify(result).ingredients] == [True]
    assert sorted(one["title"] for one in found_in.values()) == ["Result", "Result.mp4"]


def test_a_folder_without_a_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(TakeUnreadable, match="without a signed list"):
        verify(tmp_path)


def test_what_cannot_be_written_is_said(
    make_take: MakeTake, signed_beside: Sign, tmp_path: Path
) -> None:
    with pytest.raises(TakeUnreadable, match="cannot be read"):
        signed_beside(tmp_path / "gone.mkv")
    with pytest.raises((DiskTrouble, FileNotFoundError)):
        signed_beside(make_take("r.mkv"), sidecar=tmp_path / "no" / "r.mkv.c2pa")
    assert not list(tmp_path.rglob("*.part"))
