"""What recast signs is found intact, and what was changed is found changed, by another reader."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import cbor2
import cv2
import numpy as np
import pytest
from cryptography.exceptions import InvalidSignature

from recast.provenance.consent import ConsentRecord
from recast.provenance.credentials import sign, sign_beside
from recast.provenance.signer import Signer
from recast.provenance.statement import COMPOSITE
from tests.provenance import independent

MakeTake = Callable[..., Path]


@pytest.fixture
def about(consent: ConsentRecord, signer: Signer, now: datetime) -> dict[str, Any]:
    return {"title": "r", "consent": consent, "model": "swift", "signer": signer, "now": now}


def stated_of(path: Path) -> dict[str, Any]:
    """The statements in a file, once the signature and their hashes were found right."""
    manifest = independent.active_manifest(independent.store_of(path))
    chain = independent.check_signature(manifest)
    assert chain[0].subject.rfc4514_string().startswith("CN=recast local signer")
    return independent.check_assertions(manifest)


def test_an_mp4_is_read(make_take: MakeTake, about: dict[str, Any]) -> None:
    result, dst, src = (make_take(f"{seed}.mp4", seed=seed) for seed in range(3))
    sign(result, ingredients=[dst, src], **about)
    stated = stated_of(result)
    assert stated["org.recast.consent"]["basis"] == "synthetic"
    opened, edited = stated["c2pa.actions.v2"]["actions"]
    assert (opened["action"], edited["action"]) == ("c2pa.opened", "c2pa.edited")
    assert edited["digitalSourceType"] == COMPOSITE
    hashes = {one["title"]: one["sha256"] for one in stated["org.recast.swap"]["ingredients"]}
    assert hashes["dst take"] == hashlib.sha256(dst.read_bytes()).hexdigest()
    assert hashes["src take"] == hashlib.sha256(src.read_bytes()).hexdigest()
    binding = stated["c2pa.hash.bmff.v3"]
    assert independent.bmff_hash(result.read_bytes(), binding) == binding["hash"]
    changed = bytearray(result.read_bytes())
    changed[changed.index(b"mdat") + 20] ^= 1
    assert independent.bmff_hash(bytes(changed), binding) != binding["hash"]


def test_a_picture_is_read(tmp_path: Path, about: dict[str, Any]) -> None:
    still = tmp_path / "a.png"
    picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    assert cv2.imwrite(str(still), picture)
    sign(still, ingredients=[], **about)
    binding = stated_of(still)["c2pa.hash.data"]
    assert independent.data_hash(still.read_bytes(), binding) == binding["hash"]
    assert independent.data_hash(still.read_bytes()[:-1], binding) != binding["hash"]


def test_credentials_beside_a_file_are_read(tmp_path: Path, about: dict[str, Any]) -> None:
    video, sidecar = tmp_path / "a.mkv", tmp_path / "a.mkv.c2pa"
    video.write_bytes(b"\x1aE\xdf\xa3 not signed inside")
    sign_beside(video, sidecar, ingredients=[], **about)
    binding = stated_of(sidecar)["c2pa.hash.data"]
    assert independent.data_hash(video.read_bytes(), binding) == binding["hash"]


def test_a_take_that_was_signed_keeps_its_manifest(
    make_take: MakeTake, about: dict[str, Any]
) -> None:
    dst, result = make_take("dst.mp4"), make_take("r.mp4", seed=1)
    sign(dst, ingredients=[], **about)
    sign(result, ingredients=[dst], **about)
    older, newer = independent.store_of(result).boxes().values()
    for manifest in (older, newer):
        independent.check_signature(manifest)
    assert older.content == independent.active_manifest(independent.store_of(dst)).content
    ingredient = next(
        value
        for label, value in independent.check_assertions(newer).items()
        if "ingredient" in label
    )
    named = ingredient["activeManifest"]
    assert named["url"].endswith(older.label)
    assert named["hash"] == hashlib.sha256(older.content).digest()


def test_a_changed_claim_and_statement_are_found(
    make_take: MakeTake, about: dict[str, Any]
) -> None:
    result = make_take("r.mp4")
    sign(result, ingredients=[], **about)
    data = result.read_bytes()
    result.write_bytes(data.replace(b"synthetic", b"sinthetic"))
    with pytest.raises(AssertionError, match="consent"):
        stated_of(result)
    manifest = independent.active_manifest(independent.store_of(result))
    claim = independent.claim_of(manifest).raw(b"cbor")
    assert cbor2.loads(claim)["claim_generator_info"]
    result.write_bytes(data.replace(claim, claim.replace(b"recast", b"rekast", 1)))
    with pytest.raises(InvalidSignature):
        stated_of(result)
