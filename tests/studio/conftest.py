"""A studio in a process of its own, and a real browser that looks at it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    WebSocketRoute,
    expect,
    sync_playwright,
)

from recast.workspace import Workspace

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class Server:
    """`recast studio` as a user starts it."""

    def __init__(self, root: Path, *options: str) -> None:
        command = [sys.executable, "-m", "recast", "studio", str(root), "--port", "0", "--json"]
        self.root = root
        self.process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        assert self.process.stdout is not None
        self.place: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.base = f"http://127.0.0.1:{self.place['port']}"

    def close(self) -> int:
        """Stop as Ctrl-C does, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(60)
        finally:
            self.process.kill()
            assert self.process.stdout is not None
            self.process.stdout.close()


@pytest.fixture(scope="module")
def base(job: Workspace) -> Iterator[str]:
    """Where a studio on the test module's own `job` is."""
    served = Server(job.root)
    yield served.base
    served.close()


def shows(page: Page, frame: int) -> None:
    picture = page.locator("img[data-frame]")
    expect(picture).to_have_attribute("data-frame", str(frame), timeout=30_000)


def state(page: Page) -> Any:
    """What the page is told to draw."""
    return json.loads(page.locator("svg[data-state]").get_attribute("data-state") or "{}")


class Held:
    """What the server tells a page, kept on its way while this is closed; made before it opens."""

    def __init__(self, page: Page) -> None:
        self._is_closed = False
        self._kept: list[str | bytes] = []
        page.route_web_socket("**/*", self._opened)

    def _opened(self, route: WebSocketRoute) -> None:
        self._route = route
        route.connect_to_server().on_message(self._came)

    def _came(self, message: str | bytes) -> None:
        if self._is_closed:
            self._kept.append(message)
        else:
            self._route.send(message)

    def close(self) -> None:
        self._is_closed = True

    def has(self, text: str) -> bool:
        """Whether something that is kept says so."""
        return any(text in str(message) for message in self._kept)

    def pass_until(self, text: str) -> None:
        """Let everything through up to what says so, and keep the rest."""
        while self._kept:
            message = self._kept.pop(0)
            self._route.send(message)
            if text in str(message):
                return

    def open(self) -> None:
        self._is_closed = False
        for message in self._kept:
            self._route.send(message)
        self._kept.clear()


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a studio on a folder; it is closed after the test."""
    servers: list[Server] = []

    def serve(root: Path, *options: str) -> Server:
        servers.append(Server(root, *options))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


def without_priority(chromium: str, folder: Path) -> str:
    """A Chromium that cannot raise its own priority, as root's does.

    Seen once: on their way out two of its processes held both cores of a machine for minutes.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None or os.name == "nt" or os.geteuid() != 0:
        return chromium
    script = folder / "chromium"
    words = f'exec {setpriv} --bounding-set=-sys_nice --inh-caps=-sys_nice {chromium} "$@"'
    script.write_text(f"#!/bin/sh\n{words}\n", encoding="utf-8")
    script.chmod(0o755)
    return str(script)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Headless Chromium of the system; without it the tests in a browser are skipped."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None and os.environ.get("RECAST_TESTS_NEED_CHROMIUM"):
        pytest.fail("chromium must be installed here")
    if found is None:
        pytest.skip("no Chromium on this machine: nothing to look at the studio with")
    with sync_playwright() as playwright:
        chromium = without_priority(found, tmp_path_factory.mktemp("browser"))
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


class Watched:
    """A browser's own session; what its pages asked for and complained about."""

    def __init__(self, browser: Browser, **wishes: Any) -> None:
        self.context: BrowserContext = browser.new_context(
            **{"locale": "en-US", "viewport": {"width": 1280, "height": 800}, **wishes}
        )
        self.context.set_default_timeout(15_000)
        self.elsewhere: list[str] = []
        self.complaints: list[str] = []
        self.context.on("request", self._asked)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("console", self._said)

    def page(self) -> Page:
        return self.context.new_page()

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.elsewhere.append(request.url)

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


@pytest.fixture
def watched(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Make browser sessions; afterwards none may have left this machine or met an error."""
    made: list[Watched] = []

    def watched(**wishes: Any) -> Watched:
        made.append(Watched(browser, **wishes))
        return made[-1]

    yield watched
    for one in made:
        one.context.close()
    assert [url for one in made for url in one.elsewhere] == []
    assert [text for one in made for text in one.complaints] == []


@pytest.fixture
def page(watched: Callable[..., Watched]) -> Page:
    """A page of a new session."""
    return watched().page()


@pytest.fixture
def in_time() -> Callable[[Callable[[], Any]], Any]:
    """Wait until something is so, and give it; fails after half a minute."""

    def in_time(look: Callable[[], Any]) -> Any:
        waiter = threading.Event()
        for _ in range(300):
            if found := look():
                return found
            waiter.wait(0.1)
        raise AssertionError("it did not happen within 30 s")

    return in_time
