"""Who may talk to the studio: every request and websocket passes here first.

A web page that a browser has open somewhere else must not reach a server on this machine, neither
by naming it (cross-site requests, cross-site websockets) nor by giving its own name this machine's
address (DNS rebinding). Where others can reach the server, a token is asked for as well, and who
guesses it has to wait.
"""

from __future__ import annotations

import hmac
import ipaddress
import math
import secrets
from collections.abc import Iterable
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recast.language import Texts, browser_language
from recast.studio.guesses import Guesses

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_YEAR = 365 * 24 * 3600


class Guard:
    """Wraps the web application; `token` is None where only this machine can reach it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: Iterable[str],
        port: int,
        token: str | None,
        guesses: Guesses | None = None,
    ) -> None:
        self._app = app
        self._guesses = guesses or Guesses()
        self._names = frozenset(name.lower() for name in (*LOOPBACK, *names))
        self._token = token
        # Cookies know no ports: two studios on one machine need two names.
        self._cookie = f"recast-{port}"
        # Not made of the token: else cookies would be a way to guess it that nobody counts.
        self._pass = secrets.token_urlsafe(32)
        """What the cookie holds of those who knew the token."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope.get("headers", [])
        }
        if not self._is_from_here(scope, headers):
            await _refuse(scope, send, 403, "This request comes from another site.")
        elif not self._is_known(headers):
            await self._ask(scope, headers, send)
        else:
            await self._app(scope, receive, _with_headers(send, headers.get("host", "")))

    def _is_from_here(self, scope: Scope, headers: dict[str, str]) -> bool:
        host = headers.get("host", "")
        if not self._is_our_name(host):
            return False
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return False
        if scope["type"] == "websocket":
            return origin is not None
        site = headers.get("sec-fetch-site", "none")
        followed = headers.get("sec-fetch-mode") == "navigate" and scope["method"] == "GET"
        return site in ("same-origin", "none") or followed

    def _is_our_name(self, host: str) -> bool:
        """Names that a stranger cannot point here: addresses, and what this machine is called."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._token is not None or address.is_loopback

    def _is_known(self, headers: dict[str, str]) -> bool:
        if self._token is None:
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return cookie is not None and same(cookie.value, self._pass)

    async def _ask(self, scope: Scope, headers: dict[str, str], send: Send) -> None:
        """Take the token out of the address into a cookie, or ask for it."""
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        given = next((value for name, value in query if name == "token"), "")
        say = Texts(browser_language(headers.get("accept-language", "")))
        if scope["type"] != "http" or not given:
            await _refuse(scope, send, 401, _form(say, ""))
            return
        address = (scope.get("client") or ("",))[0]
        # Nobody compares meanwhile: the answer says nothing about the token.
        if wait := math.ceil(self._guesses.wait(address)):
            await _refuse(scope, send, 429, _patience(say, wait), retry_after=wait)
        elif not same(given, self._token or ""):
            self._guesses.wrong(address)
            await _refuse(scope, send, 401, _form(say, say("That is not the token.")))
        else:
            self._guesses.right(address)
            await self._let_in(scope["path"], query, send)

    async def _let_in(self, path: str, query: list[tuple[str, str]], send: Send) -> None:
        rest = urlencode([pair for pair in query if pair[0] != "token"])
        # Two slashes would lead to another site.
        place = "/" + path.lstrip("/\\") + (f"?{rest}" if rest else "")
        cookie = f"{self._cookie}={self._pass}; Path=/; HttpOnly; SameSite=Strict"
        await _answer(
            send,
            303,
            "",
            [
                (b"location", place.encode("utf-8", "replace")),
                (b"set-cookie", f"{cookie}; Max-Age={_YEAR}".encode()),
            ],
        )


def same(given: str, wanted: str) -> bool:
    """Compare in a time that tells nothing about how much of it was right."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _form(say: Texts, wrong: str) -> str:
    return _plain_page(
        say,
        f"<form><p><label>{escape(say('Token, as the terminal showed it'))} "
        f'<input name="token" type="password" autofocus></label> '
        f"<button>{escape(say('Open'))}</button></p><p>{escape(wrong)}</p></form>",
    )


def _patience(say: Texts, seconds: int) -> str:
    said = say.plural(
        "Too many wrong tokens came from this address. Try again in {n} minute.",
        "Too many wrong tokens came from this address. Try again in {n} minutes.",
        math.ceil(seconds / 60),
    )
    return _plain_page(say, f"<p>{escape(said)}</p>")


def _plain_page(say: Texts, inside: str) -> str:
    return (
        f'<!doctype html><html lang="{say.code}"><meta charset="utf-8"><title>recast</title>'
        '<link rel="stylesheet" href="data:text/css,'
        "body{background:%23141618;color:%23e8e6e3;font:16px sans-serif;margin:15vh auto;"
        f'max-width:30em}}input,button{{font:inherit;padding:.4em}}">{inside}</html>'
    )


def _with_headers(send: Send, host: str) -> Send:
    """Let every answer forbid the browser to load anything from elsewhere, or to be framed."""
    policy = (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"media-src 'self' blob:; connect-src 'self' ws://{host} wss://{host}; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
    ours = [
        (b"content-security-policy", policy.encode("latin-1", "replace")),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {name for name, _ in ours}
            # socket.io allows every origin to read its answers; nobody but this page needs to.
            names.add(b"access-control-allow-origin")
            kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in names]
            message = {**message, "headers": [*kept, *ours]}
        await send(message)

    return sending


async def _refuse(
    scope: Scope, send: Send, status: int, text: str, *, retry_after: int = 0
) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/html; charset=utf-8")]
    if retry_after:
        headers.append((b"retry-after", str(retry_after).encode()))
    await _answer(send, status, text, headers)


async def _answer(send: Send, status: int, text: str, headers: list[tuple[bytes, bytes]]) -> None:
    whole = [*headers, (b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer")]
    await send({"type": "http.response.start", "status": status, "headers": whole})
    await send({"type": "http.response.body", "body": text.encode()})
