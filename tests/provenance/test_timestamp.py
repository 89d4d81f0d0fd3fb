"""A time-stamping authority on this machine: OpenSSL answers, a small server passes it on."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recast.errors import OptionUnusable
from recast.provenance.consent import ConsentRecord
from recast.provenance.credentials import sign, sign_beside, verify
from recast.provenance.signer import Signer

MakeTake = Callable[..., Path]

CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Authority of a test
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[stamps]
serial = serial
signer_cert = leaf.pem
certs = ca.pem
signer_key = leaf.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class Authority:
    """Signs what it is asked to; `asked` holds the questions."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked = folder, list[bytes]()
        (folder / "config").write_text(CONFIG)
        (folder / "serial").write_text("01")
        self._do("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 9 "
                 "-config config -extensions ca")  # fmt: skip
        self._do("req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -config config")
        self._do("x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem "
                 "-days 5 -extfile config -extensions leaf")  # fmt: skip

    def answer(self, question: bytes) -> bytes:
        self.asked.append(question)
        (self.folder / "question").write_bytes(question)
        self._do("ts -reply -config config -section stamps -queryfile question -out reply")
        return (self.folder / "reply").read_bytes()

    def _do(self, arguments: str) -> None:
        command = ["openssl", *arguments.split()]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: nobody to give time stamps")
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def address(authority: Authority) -> Iterator[str]:
    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["content-length"]))
            answer = authority.answer(question)
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/stamp"
    server.shutdown()
    serving.join()
    server.server_close()


def test_a_named_authority_stamps_the_time(
    make_take: MakeTake, consent: ConsentRecord, signer: Signer, authority: Authority, address: str
) -> None:
    result, own_clock = make_take("r.mp4"), datetime(2026, 1, 2, tzinfo=UTC)
    stamped = replace(signer, timestamp_url=address)
    before = datetime.now(UTC).replace(microsecond=0)
    about = {"title": "r", "consent": consent, "model": "swift", "ingredients": []}
    sign(result, signer=stamped, now=own_clock, **about)  # type: ignore[arg-type]
    found = verify(result)
    assert found.intact and found.time_stamp == "untrusted"
    assert found.signed_at and before <= found.signed_at <= datetime.now(UTC)
    beside = result.with_name("r.mkv")
    beside.write_bytes(b"\x1aE\xdf\xa3 not signed inside")
    sidecar = beside.with_name("r.mkv.c2pa")
    sign_beside(beside, sidecar, signer=stamped, now=own_clock, **about)  # type: ignore[arg-type]
    assert verify(beside).time_stamp == "untrusted"
    assert len(authority.asked) == 2
    assert max(map(len, authority.asked)) < 100  # a hash, not the file


def test_without_an_authority_the_own_clock_counts(
    make_take: MakeTake, consent: ConsentRecord, signer: Signer, now: datetime
) -> None:
    result = make_take("r.mp4")
    sign(result, title="r", consent=consent, model="m", ingredients=[], signer=signer, now=now)
    assert verify(result).time_stamp == ""


def test_an_authority_that_does_not_answer_is_named(
    make_take: MakeTake, consent: ConsentRecord, signer: Signer, now: datetime
) -> None:
    result = make_take("r.mp4")
    before = result.read_bytes()
    nobody = replace(signer, timestamp_url="http://127.0.0.1:9/stamp")
    with pytest.raises(OptionUnusable, match="gave no time stamp") as caught:
        sign(result, title="r", consent=consent, model="m", ingredients=[], signer=nobody, now=now)
    assert "RECAST_TIMESTAMP_URL" in caught.value.fix
    assert result.read_bytes() == before
