import os
import stat
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from recast.errors import DiskTrouble, OptionUnusable
from recast.provenance.certificate import config_folder, find_signer, local_signer
from recast.provenance.signer import Signer
from recast.provenance.studio import open_to_others, studio_signer

NOW = datetime(2026, 3, 4, tzinfo=UTC)


def test_a_certificate_is_made_once(tmp_path: Path) -> None:
    first = local_signer(tmp_path / "new" / "дом", NOW)
    assert local_signer(tmp_path / "new" / "дом", NOW + timedelta(days=1000)) == first
    assert first.algorithm == "es256"
    assert first.organization == "recast local"


def test_the_leaf_meets_the_profile_and_its_authority_signed_it(tmp_path: Path) -> None:
    leaf, root = x509.load_pem_x509_certificates(local_signer(tmp_path, NOW).chain.encode())
    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    extensions = leaf.extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.digital_signature and not usage.value.key_cert_sign
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    known_by = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    root_id = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert known_by.key_identifier == root_id.digest
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_key_stays_out_of_the_representation(tmp_path: Path) -> None:
    assert "PRIVATE" not in repr(local_signer(tmp_path, NOW))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows guards the user's folder instead")
def test_only_the_owner_can_read_the_key_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        local_signer(tmp_path, NOW)
    finally:
        os.umask(before)
    key = next(tmp_path.rglob("key.pem"))
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_a_key_that_others_can_read_is_closed_again(tmp_path: Path) -> None:
    local_signer(tmp_path, NOW)
    key = tmp_path / "certificates" / "1" / "key.pem"
    key.chmod(0o644)
    local_signer(tmp_path, NOW)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_an_ended_certificate_is_renewed_and_kept(tmp_path: Path) -> None:
    first = local_signer(tmp_path, NOW)
    later = NOW + timedelta(days=4000)
    second = local_signer(tmp_path, later)
    assert second != first
    assert local_signer(tmp_path, later) == second
    assert len(list(tmp_path.rglob("key.pem"))) == 2


@pytest.mark.parametrize("damage", ["", "rubbish", None])
def test_a_damaged_certificate_is_replaced(tmp_path: Path, damage: str | None) -> None:
    first = local_signer(tmp_path, NOW)
    key = next(tmp_path.rglob("key.pem"))
    key.unlink() if damage is None else key.write_text(damage)
    second = local_signer(tmp_path, NOW)
    assert second != first
    assert local_signer(tmp_path, NOW) == second


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        signers = list(pool.map(local_signer, [tmp_path] * 6, [NOW] * 6))
    assert all(signer == signers[0] for signer in signers)
    assert [path.name for path in (tmp_path / "certificates").iterdir()] == ["1"]


def test_a_place_that_cannot_hold_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DiskTrouble, match="cannot hold the certificate") as caught:
        local_signer(tmp_path / "file", NOW)
    assert "RECAST_HOME" in caught.value.fix


def test_the_folder_follows_the_platform(tmp_path: Path) -> None:
    home = Path.home()
    assert config_folder({"RECAST_HOME": str(tmp_path)}, "win32") == tmp_path
    assert config_folder({"APPDATA": str(tmp_path)}, "win32") == tmp_path / "recast"
    assert config_folder({}, "win32") == home / "AppData" / "Roaming" / "recast"
    assert config_folder({}, "darwin") == home / "Library" / "Application Support" / "recast"
    assert config_folder({}, "linux") == home / ".config" / "recast"
    assert config_folder({"XDG_CONFIG_HOME": str(tmp_path)}, "linux") == tmp_path / "recast"
    assert config_folder({"XDG_CONFIG_HOME": "here"}, "linux") == home / ".config" / "recast"


def _studio(folder: Path, signer: Signer, key: bytes | None = None) -> dict[str, str]:
    folder.mkdir()
    (folder / "chain.pem").write_text(signer.chain)
    (folder / "key.pem").write_bytes(key or signer.key.encode())
    return {
        "RECAST_SIGNING_CERT": str(folder / "chain.pem"),
        "RECAST_SIGNING_KEY": str(folder / "key.pem"),
        "RECAST_HOME": str(folder / "home"),
    }


def test_a_studio_certificate_comes_first(tmp_path: Path) -> None:
    own = local_signer(tmp_path / "own", NOW)
    environ = _studio(tmp_path / "studio", own)
    assert find_signer(environ, NOW) == own
    assert not Path(environ["RECAST_HOME"]).exists()


def test_without_a_studio_certificate_the_own_one_signs(tmp_path: Path) -> None:
    signer = find_signer({"RECAST_HOME": str(tmp_path)}, NOW)
    assert signer == local_signer(tmp_path, NOW)


@pytest.mark.parametrize("name", ["RECAST_SIGNING_CERT", "RECAST_SIGNING_KEY"])
def test_half_a_studio_certificate_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(OptionUnusable, match=f"{name} is set, but"):
        find_signer({name: "x.pem", "RECAST_HOME": str(tmp_path)}, NOW)


def test_a_studio_certificate_that_has_ended_is_refused(tmp_path: Path) -> None:
    environ = _studio(tmp_path / "studio", local_signer(tmp_path, NOW))
    with pytest.raises(OptionUnusable, match="it is valid from 2026-03-03"):
        find_signer(environ, NOW + timedelta(days=4000))


def test_a_missing_or_foreign_studio_file_is_named(tmp_path: Path) -> None:
    _studio(tmp_path / "studio", local_signer(tmp_path, NOW))
    chain, key = tmp_path / "studio" / "chain.pem", tmp_path / "studio" / "key.pem"
    with pytest.raises(OptionUnusable, match=r"gone\.pem cannot be read"):
        studio_signer(chain, tmp_path / "gone.pem", NOW)
    with pytest.raises(OptionUnusable, match="holds no PEM certificate"):
        studio_signer(key, key, NOW)
    with pytest.raises(OptionUnusable, match="no PEM private key"):
        studio_signer(chain, chain, NOW)


def test_a_locked_key_is_refused(tmp_path: Path) -> None:
    signer = local_signer(tmp_path, NOW)
    locked = serialization.load_pem_private_key(signer.key.encode(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    environ = _studio(tmp_path / "studio", signer, locked)
    with pytest.raises(OptionUnusable, match="encrypted with a password"):
        find_signer(environ, NOW)


def test_the_password_of_a_locked_key_comes_from_the_environment(tmp_path: Path) -> None:
    signer = local_signer(tmp_path, NOW)
    locked = serialization.load_pem_private_key(signer.key.encode(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption("sécret".encode()),
    )
    environ = _studio(tmp_path / "studio", signer, locked)
    assert find_signer(environ | {"RECAST_SIGNING_PASSWORD": "sécret"}, NOW) == signer
    with pytest.raises(OptionUnusable, match="another password than"):
        find_signer(environ | {"RECAST_SIGNING_PASSWORD": "secret"}, NOW)
    plain = _studio(tmp_path / "plain", signer)
    with pytest.raises(OptionUnusable, match="needs the password"):
        find_signer(plain | {"RECAST_SIGNING_PASSWORD": "secret"}, NOW)


def _pkcs12(path: Path, signer: Signer, password: bytes | None) -> dict[str, str]:
    """One file with a key and its chain, the issuers in the wrong order."""
    leaf, *issuers = x509.load_pem_x509_certificates(signer.chain.encode())
    stranger, *_ = x509.load_pem_x509_certificates(local_signer(path.parent, NOW).chain.encode())
    key = serialization.load_pem_private_key(signer.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    how = serialization.BestAvailableEncryption(password) if password else None
    content = pkcs12.serialize_key_and_certificates(
        b"studio", key, leaf, [stranger, *issuers], how or serialization.NoEncryption()
    )
    path.write_bytes(content)
    return {"RECAST_SIGNING_P12": str(path), "RECAST_HOME": str(path.parent / "home")}


@pytest.mark.parametrize("password", [None, "pässword"])
def test_a_pkcs12_file_holds_key_and_chain(password: str | None, tmp_path: Path) -> None:
    signer = local_signer(tmp_path / "own", NOW)
    environ = _pkcs12(tmp_path / "stüdio.p12", signer, password.encode() if password else None)
    given = {"RECAST_SIGNING_PASSWORD": password} if password else {}
    assert find_signer(environ | given, NOW) == signer
    assert not Path(environ["RECAST_HOME"]).exists()


def test_a_pkcs12_file_that_does_not_open_is_named(tmp_path: Path) -> None:
    path = tmp_path / "studio.p12"
    environ = _pkcs12(path, local_signer(tmp_path / "own", NOW), b"secret")
    with pytest.raises(
        OptionUnusable, match=r"studio\.p12 cannot sign: it is encrypted with a pass"
    ):
        find_signer(environ, NOW)
    with pytest.raises(OptionUnusable, match="another password than RECAST_SIGNING_PASSWORD"):
        find_signer(environ | {"RECAST_SIGNING_PASSWORD": "wrong"}, NOW)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(OptionUnusable, match="no PKCS #12 file"):
        find_signer(environ, NOW)
    path.unlink()
    with pytest.raises(OptionUnusable, match=r"studio\.p12 cannot be read"):
        find_signer(environ, NOW)


def test_two_studio_certificates_at_once_are_refused(tmp_path: Path) -> None:
    both = {"RECAST_SIGNING_P12": "a.p12", "RECAST_SIGNING_CERT": "b.pem"}
    with pytest.raises(OptionUnusable, match="are both set"):
        find_signer(both | {"RECAST_HOME": str(tmp_path)}, NOW)


def test_a_time_stamping_authority_is_asked_only_if_it_is_named(tmp_path: Path) -> None:
    environ = {"RECAST_HOME": str(tmp_path)}
    assert find_signer(environ, NOW).timestamp_url == ""
    named = find_signer(environ | {"RECAST_TIMESTAMP_URL": "https://tsa.invalid/q"}, NOW)
    assert named.timestamp_url == "https://tsa.invalid/q"


@pytest.mark.parametrize("url", ["tsa.invalid", "ftp://tsa.invalid", "file:///etc", "http://"])
def test_what_is_no_address_of_an_authority_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(OptionUnusable, match="RECAST_TIMESTAMP_URL is no address"):
        find_signer({"RECAST_HOME": str(tmp_path), "RECAST_TIMESTAMP_URL": url}, NOW)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_a_key_that_others_can_read_is_found(tmp_path: Path) -> None:
    environ = _studio(tmp_path / "studio", local_signer(tmp_path, NOW))
    key = Path(environ["RECAST_SIGNING_KEY"])
    key.chmod(0o644)
    assert open_to_others(environ) == [key]
    key.chmod(0o600)
    assert open_to_others(environ) == open_to_others({}) == []


def test_the_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    other = local_signer(tmp_path / "other", NOW)
    environ = _studio(tmp_path / "studio", local_signer(tmp_path, NOW), other.key.encode())
    with pytest.raises(OptionUnusable, match="not the key of its first certificate"):
        find_signer(environ, NOW)


StudioKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def _with_key(folder: Path, key: StudioKey) -> Signer:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Studio")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=2))
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    pem = serialization.Encoding.PEM
    (folder / "chain.pem").write_bytes(builder.sign(key, digest).public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    return studio_signer(folder / "chain.pem", folder / "key.pem", NOW)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "es256"),
        (ec.generate_private_key(ec.SECP384R1()), "es384"),
        (ec.generate_private_key(ec.SECP521R1()), "es512"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
        (rsa.generate_private_key(65537, 2048), "ps256"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_algorithm_follows_the_key(key: StudioKey, algorithm: str, tmp_path: Path) -> None:
    signer = _with_key(tmp_path, key)
    assert signer.algorithm == algorithm
    assert signer.organization == ""


def test_a_key_c2pa_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionUnusable, match="neither P-256"):
        _with_key(tmp_path, ec.generate_private_key(ec.SECP256K1()))
