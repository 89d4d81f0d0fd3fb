"""The studio over a slow link, as through an SSH tunnel: `python -m benchmarks studio_slow [JOB]`.

A headless Chromium reaches the server through a relay that delays every byte by 100 ms each way and
lets 1 Mbit/s through to the browser, all connections together, websockets as well. Counted is what
is asked for and what comes, and how long the last of it takes once the hand rests. JOB is the
workspace that `studio_pictures` makes, if none is named; its merge settings become the defaults.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, sync_playwright

from benchmarks.studio_pictures import sample_workspace, studio

DELAY = 0.1  # seconds, each way
DOWN = 125_000  # bytes a second to the browser
CHUNK = 2048


class Relay:
    """Passes connections on to a port, slowly."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.down = self.up = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        threading.Thread(target=self._run, args=(started,), daemon=True).start()
        started.wait()

    def _run(self, started: threading.Event) -> None:
        async def serve() -> None:
            self._turn = asyncio.Lock()
            server = await asyncio.start_server(self._opened, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            started.set()
            await server.serve_forever()

        self._loop.run_until_complete(serve())

    async def _opened(self, browser: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        server, there = await asyncio.open_connection("127.0.0.1", self._to)
        ways = [
            asyncio.ensure_future(self._pass(browser, there, slow=False)),
            asyncio.ensure_future(self._pass(server, back, slow=True)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(2 * DELAY)
        for one in ways:
            one.cancel()
        for writer in (there, back):
            writer.close()

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, slow: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        while data := await source.read(CHUNK):
            if slow:
                async with self._turn:
                    await asyncio.sleep(len(data) / DOWN)
                self.down += len(data)
            else:
                self.up += len(data)
            loop.call_later(DELAY, _write, sink, data)


def _write(sink: asyncio.StreamWriter, data: bytes) -> None:
    if not sink.is_closing():
        sink.write(data)


class Asked:
    """What a page asks for, and what becomes of it."""

    def __init__(self, page: Page) -> None:
        self.begun, self.done, self.dropped = Counter[str](), Counter[str](), Counter[str]()
        page.on("request", lambda one: self.begun.update([_kind(one.url)]))
        page.on("requestfinished", lambda one: self.done.update([_kind(one.url)]))
        page.on("requestfailed", lambda one: self.dropped.update([_kind(one.url)]))

    def of(self, kind: str) -> str:
        return f"{self.begun[kind]} asked, {self.done[kind]} came, {self.dropped[kind]} dropped"


def _kind(url: str) -> str:
    path = urlsplit(url).path
    return "thumbs" if path.endswith("/thumbs") else path.split("/")[1]


def opened(page: Page, relay: Relay, address: str, ready: str) -> None:
    """Open a page, and tell how long it takes until it shows what it is about."""
    began, before = time.perf_counter(), relay.down
    page.goto(f"http://127.0.0.1:{relay.port}{address}", timeout=180_000)
    page.wait_for_function(ready, timeout=180_000)
    spent = time.perf_counter() - began
    print(f"{address}: {spent:.1f} s, {(relay.down - before) / 1e3:.0f} kB")


PICTURE = """(() => {
  const picture = document.querySelector('img.m-after');
  return picture?.complete && picture.naturalWidth;
})()"""


def merging(page: Page, relay: Relay) -> None:
    """A slider under the mouse, then under arrow keys; then frames by a key."""
    opened(page, relay, "/merge?frame=4", PICTURE)
    defaults = page.get_by_role("button", name="Take the defaults again")
    defaults.click()
    slider = page.locator(".c-row", has=page.locator("#o-grow")).locator("[type=range]")
    slider.scroll_into_view_if_needed()
    page.wait_for_timeout(4000)
    asked = Asked(page)
    drag(page, slider)
    settled(page, "a slider dragged for 3 s", asked)
    asked, start = Asked(page), float(slider.input_value())
    page.evaluate(WATCH, [slider.element_handle(), -1])
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(50)
    settled(page, "20 arrow keys on it", asked)
    steps = (start - float(slider.input_value())) / float(slider.get_attribute("step") or 1)
    print(f"  which moved it by {steps:.0f} steps")
    asked = Asked(page)
    page.evaluate(WATCH, [page.get_by_label("Frame of the take").element_handle(), 1])
    for _ in range(30):
        page.keyboard.press(".")
        page.wait_for_timeout(50)
    settled(page, "30 frames on by a key", asked)
    defaults.click()
    page.wait_for_timeout(2000)


def drag(page: Page, slider: Locator) -> None:
    """Up by a third of its length, in 3 seconds."""
    box = slider.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(WATCH, [slider.element_handle(), 1])
    for step in range(60):
        page.mouse.move(x + box["width"] * step / 180, y)
        page.wait_for_timeout(50)
    page.mouse.up()


WATCH = """([slider, way]) => {
  const picture = document.querySelector('img.m-after');
  const seen = window.seen = {shown: [], back: 0, last: Number(slider.value)};
  picture.addEventListener('load', () => seen.shown.push(performance.now()));
  const look = () => {
    const now = Number(slider.value);
    if ((now - seen.last) * way < -1e-6) seen.back += 1;
    seen.last = now;
    if (seen === window.seen) requestAnimationFrame(look);
  };
  look();
}"""


def settled(page: Page, what: str, asked: Asked) -> None:
    """Wait until no picture comes any more, and tell of those that did."""
    began = page.evaluate("performance.now()")
    page.wait_for_function(
        "(began) => performance.now() - Math.max(window.seen.shown.at(-1) ?? 0, began) > 5000",
        arg=began,
        timeout=120_000,
    )
    seen = page.evaluate("window.seen")
    during = sum(one <= began for one in seen["shown"])
    after = max([0.0, *(one - began for one in seen["shown"])])
    print(
        f"{what}: pictures {asked.of('live')}; {during} shown meanwhile, the last "
        f"{after / 1e3:.1f} s after; it jumped {seen['back']} times"
    )


def looking_at_faces(page: Page, relay: Relay) -> None:
    """Through the grid in ten leaps."""
    ready = "document.querySelector('.r-faces-main [role=status]')?.textContent.includes('chosen')"
    opened(page, relay, "/faces?side=src", ready)
    asked, before = Asked(page), relay.down
    for step in range(1, 11):
        page.evaluate(
            "(share) => { const b = document.querySelector('.r-grid');"
            "b.scrollTop = share * (b.scrollHeight - b.clientHeight); }",
            step / 10,
        )
        page.wait_for_timeout(150)
    began = page.evaluate("performance.now()")
    full = page.evaluate_handle(LACKS)
    page.wait_for_function("(lacks) => lacks() === 0", arg=full, timeout=120_000, polling=50)
    spent = page.evaluate("performance.now()") - began
    print(
        f"the grid scrolled in ten leaps: parts {asked.of('thumbs')}; what is in sight is there "
        f"{spent / 1e3:.1f} s after, {(relay.down - before) / 1e3:.0f} kB"
    )


# Grey cells in sight: their colour is in the canvas.
LACKS = """() => () => {
  const canvas = document.querySelector('.r-grid-canvas'), pen = canvas.getContext('2d');
  const {data} = pen.getImageData(0, 0, canvas.width, canvas.height);
  let grey = 0;
  for (let at = 0; at < data.length; at += 4 * 97)
    grey += data[at] === 0x26 && data[at + 1] === 0x29 && data[at + 2] === 0x2d;
  return grey > 40 ? grey : 0;
}"""


def marking(page: Page, relay: Relay) -> None:
    """A square carried around for three seconds."""
    opened(page, relay, "/mark?side=dst&frame=4&list=all",
           "document.querySelector(\"img[data-frame='4']\")?.complete")  # fmt: skip
    page.keyboard.press("n")
    box = page.locator("svg[data-state]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.wait_for_timeout(4000)
    page.evaluate(
        "window.states = []; new MutationObserver(() => window.states.push(performance.now()))"
        ".observe(document.querySelector('svg[data-state]'), {attributeFilter: ['data-state']})"
    )
    up, down = relay.up, relay.down
    for step in range(120):
        page.mouse.move(x + step % 40, y + step % 7)
        page.wait_for_timeout(25)
    began = page.evaluate("performance.now()")
    during = len(page.evaluate("window.states"))
    page.wait_for_function(
        "performance.now() - (window.states.at(-1) ?? 0) > 3000", timeout=120_000
    )
    last = page.evaluate("window.states.at(-1)") - began
    print(
        f"a square carried for 3 s: {during} times landmarks meanwhile, the last "
        f"{last / 1e3:.1f} s after; {(relay.up - up) / 1e3:.0f} kB up, "
        f"{(relay.down - down) / 1e3:.0f} kB down"
    )


def main() -> None:
    named = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    workspace = sample_workspace(named or Path(tempfile.gettempdir()) / "recast-studio-pictures")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with studio(workspace.root) as address, sync_playwright() as playwright:
        relay = Relay(int(urlsplit(address).port or 0))
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        opened(page, relay, "/", "document.querySelector('h1')")
        opened(page, relay, "/", "document.querySelector('h1')")
        merging(page, relay)
        looking_at_faces(page, relay)
        marking(page, relay)
        browser.close()
