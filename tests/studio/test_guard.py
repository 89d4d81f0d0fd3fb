"""Who may talk to the studio, asked over a socket as a browser or an attacker would."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from recast.studio.guard import Guard
from recast.studio.guesses import FIRST_WAIT, FREE, Guesses
from tests.studio.conftest import Server

TOKEN = "a token of the tests"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio that only this machine can reach."""
    server = Server(tmp_path_factory.mktemp("local"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio that others can reach."""
    server = Server(tmp_path_factory.mktemp("shared"), "--host", "0.0.0.0", "--token", TOKEN)
    yield server
    server.close()


class Answer:
    def __init__(self, status: int, headers: dict[str, str], text: str) -> None:
        self.status, self.headers, self.text = status, headers, text


def ask(server: Server, path: str = "/", **headers: str) -> Answer:
    """One GET; `_` in a header's name stands for `-`."""
    connection = HTTPConnection("127.0.0.1", server.place["port"], timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers={"Host": server.base[7:], **named})
    answer = connection.getresponse()
    told = Answer(
        answer.status, dict(answer.headers.items()), answer.read().decode("utf-8", "replace")
    )
    connection.close()
    return told


def test_a_browser_on_this_machine_is_let_in(local: Server) -> None:
    assert ask(local).status == 200
    assert ask(local, Host="localhost:1234").status == 200  # through an SSH tunnel
    assert ask(local, Sec_Fetch_Site="same-origin", Origin=local.base).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "", "[::2]", "["],
)
def test_another_name_for_this_machine_is_refused(local: Server, host: str) -> None:
    assert ask(local, Host=host).status in (400, 403)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", ""])
def test_another_sites_request_is_refused(local: Server, origin: str) -> None:
    assert ask(local, Origin=origin).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_embeds_is_refused_but_its_links_work(local: Server, site: str) -> None:
    assert (
        ask(local, "/static/studio.js", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors").status == 403
    )
    assert ask(local, Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate").status == 200


def test_a_page_may_load_nothing_from_elsewhere_and_be_framed_by_nobody(local: Server) -> None:
    policy = ask(local).headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "http:" not in policy and "https:" not in policy and "*" not in policy


def test_socket_answers_are_readable_for_no_other_origin(local: Server) -> None:
    told = ask(local, "/_nicegui_ws/socket.io/?EIO=4&transport=polling", Origin=local.base)
    assert told.status == 200
    assert "access-control-allow-origin" not in {name.lower() for name in told.headers}


def socket(server: Server, **headers: str) -> None:
    address = (
        f"ws://127.0.0.1:{server.place['port']}/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    )
    origin: Any = headers.pop("Origin", None)
    with connect(address, origin=origin, additional_headers=headers) as opened:
        assert "sid" in str(opened.recv(timeout=30))


def test_the_pages_own_websocket_is_let_in(local: Server) -> None:
    socket(local, Origin=local.base)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
def test_another_sites_websocket_is_refused(local: Server, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        socket(local, **({"Origin": origin} if origin else {}))
    assert refused.value.response.status_code == 403


def test_where_others_can_connect_nothing_is_shown_without_the_token(shared: Server) -> None:
    for path in ("/", "/static/studio.js", "/files/result.mp4", "/?token=wrong", "/?token="):
        told = ask(shared, path)
        assert told.status == 401 and "<form>" in told.text
    with pytest.raises(InvalidStatus):
        socket(shared, Origin=shared.base)


def test_the_token_becomes_a_cookie_and_leaves_the_address(shared: Server) -> None:
    token = TOKEN.replace(" ", "+")
    told = ask(shared, f"/faces?side=dst&token={token}")
    assert told.status == 303 and told.headers["location"] == "/faces?side=dst"
    cookie, *rules = told.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict"} <= set(rules) and "token" not in cookie
    assert ask(shared, Cookie=cookie).status == 200
    assert ask(shared, Cookie=cookie[:-1] + "x").status == 401
    socket(shared, Origin=shared.base, Cookie=cookie)


def test_the_token_leads_to_no_other_site(shared: Server) -> None:
    told = ask(shared, f"//evil.example/?token={TOKEN.replace(' ', '+')}")
    assert told.status == 303 and told.headers["location"] == "/evil.example/"


def test_a_token_is_made_up_where_none_is_given(tmp_path: Path) -> None:
    server = Server(tmp_path, "--host", "0.0.0.0")
    try:
        assert len(server.place["token"]) >= 24
        assert server.place["address"].endswith(f"/?token={server.place['token']}")
        assert ask(server).status == 401
    finally:
        server.close()


def test_who_guesses_the_token_is_told_to_wait(tmp_path: Path) -> None:
    server = Server(tmp_path, "--host", "0.0.0.0", "--token", TOKEN)
    try:
        right = f"/?token={TOKEN.replace(' ', '+')}"
        cookie = ask(server, right).headers["set-cookie"].partition(";")[0]
        for number in range(FREE):
            # Not the address that a header claims.
            told = ask(server, f"/?token={number}", X_Forwarded_For=f"10.0.0.{number}")
            assert told.status == 401 and "<form>" in told.text
        told = ask(server, "/?token=again", X_Forwarded_For="10.1.1.1")
        assert told.status == 429 and 0 < int(told.headers["retry-after"]) <= 30
        assert "Try again in 1 minute." in told.text and "<form>" not in told.text
        # The right one is not even looked at: an answer would tell it.
        told = ask(server, right, Accept_Language="ru")
        assert told.status == 429 and "через 1 минуту" in told.text
        # Who is in stays in, and who does not guess is asked as before.
        assert ask(server, Cookie=cookie).status == 200
        socket(server, Origin=server.base, Cookie=cookie)
        assert ask(server).status == 401
    finally:
        server.close()


def passed(guard: Guard, address: str, token: str) -> int:
    """The status of an answer to a token that comes from an address."""
    statuses = []

    async def send(message: Any) -> None:
        statuses.append(message.get("status"))

    async def receive() -> Any:
        raise AssertionError("nothing is read of a request that is not let in")

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": f"token={token}".encode(),
        "headers": [(b"host", b"10.0.0.9:8080")],
        "client": (address, 50_000),
    }
    # In a thread of its own: in this one Playwright's loop may run, for tests in the browser.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, guard(scope, receive, send)).result()
    return int(statuses[0])


def test_the_right_token_from_another_address_is_never_hindered() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("nobody was let in")

    now = [0.0]
    guard = Guard(app, names=(), port=1, token="right", guesses=Guesses(lambda: now[0]))
    for number in range(50):
        assert passed(guard, "10.0.0.1", "wrong") == (401 if number < FREE else 429)
    assert passed(guard, "10.0.0.1", "right") == 429
    assert passed(guard, "10.0.0.2", "right") == 303
    now[0] += FIRST_WAIT
    assert passed(guard, "10.0.0.1", "wrong") == 401
    assert passed(guard, "10.0.0.1", "right") == 429  # longer this time
    now[0] += FIRST_WAIT
    assert passed(guard, "10.0.0.1", "right") == 429
    now[0] += FIRST_WAIT
    assert passed(guard, "10.0.0.1", "right") == 303
    assert passed(guard, "10.0.0.1", "wrong") == 401
    assert passed(guard, "10.0.0.1", "right") == 303  # and it began anew


def test_a_cookie_cannot_be_made_of_the_token(tmp_path: Path) -> None:
    """Else cookies would be guesses that nobody counts."""
    cookies = []
    for name in ("first", "second"):
        server = Server(tmp_path / name, "--host", "0.0.0.0", "--token", TOKEN)
        try:
            told = ask(server, f"/?token={TOKEN.replace(' ', '+')}")
            cookies.append(told.headers["set-cookie"].partition(";")[0].partition("=")[2])
        finally:
            server.close()
    assert cookies[0] != cookies[1]


def test_ctrl_c_ends_it_well(tmp_path: Path) -> None:
    assert Server(tmp_path).close() == 0
