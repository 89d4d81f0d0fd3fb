"""How soon the studio shows what a hand does: `python -m benchmarks studio_live`.

A job of 1280x720 (the bundled pair, enlarged) with a model of 128 pixels, in a headless Chromium:
from a key or a move of the mouse to the new picture, decoded, or to the landmarks in the page.
Milliseconds: median and the slowest of each.
"""

import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

import recast
from benchmarks.takes import enlarged
from recast.provenance import synthetic_consent
from recast.sides import SIDES

SIZE = (1280, 720)
FRAMES = 48
ROUNDS = 20


def job(folder: Path) -> recast.Workspace:
    """A job whose model hardly learned anything, which takes as long to draw as a good one."""
    takes = {side: enlarged(side, folder / f"{side}.mp4", SIZE, FRAMES) for side in SIDES}
    workspace = recast.Workspace.create(folder / "job", src=takes["src"], dst=takes["dst"])
    workspace.record_consent(synthetic_consent(person="nobody", now=datetime.now(UTC)))
    for side in SIDES:
        workspace.extract(side)
    workspace.train(steps=2, resolution=128, batch_size=2)
    return workspace


def timed(page: Page, waits: str, act: Callable[[int], object]) -> list[float]:
    """Milliseconds from each of some acts until the number in `window.seen` grows."""
    page.evaluate(f"window.seen = []; {waits}")
    spans = []
    for number in range(ROUNDS):
        began, count = page.evaluate("[performance.now(), window.seen.length]")
        act(number)
        page.wait_for_function(f"window.seen.length > {count}", polling=5)
        spans.append(page.evaluate(f"window.seen[{count}]") - began)
        page.wait_for_timeout(60)
    return spans


PICTURE = (
    "document.querySelector('img.m-after').addEventListener('load',"
    " (e) => e.target.decode().then(() => window.seen.push(performance.now())))"
)
LANDMARKS = (
    "new MutationObserver(() => window.seen.push(performance.now())).observe("
    "document.querySelector('svg[data-state]'),"
    " {attributes: true, attributeFilter: ['data-state']})"
)


def measured(page: Page, base: str) -> dict[str, list[float]]:
    """What the table shows."""
    page.goto(f"{base}/merge?frame=4")
    page.wait_for_selector("img.m-after[data-frame='4']", timeout=120_000)
    found = {}
    keys = ("w", "s")
    found["grow, the same frame"] = timed(page, PICTURE, lambda n: page.keyboard.press(keys[n % 2]))
    page.keyboard.press("4")
    page.wait_for_timeout(1500)
    found["feather, seamless"] = timed(page, PICTURE, lambda n: page.keyboard.press("ed"[n % 2]))
    page.keyboard.press("1")
    page.wait_for_timeout(1500)
    found["another frame, forward"] = timed(page, PICTURE, lambda n: page.keyboard.press("."))
    page.goto(f"{base}/mark?side=dst&frame=4")
    page.wait_for_selector("img[data-frame='4']", timeout=60_000)
    page.keyboard.press("n")
    box = page.locator("svg[data-state]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.wait_for_timeout(1500)
    found["landmarks follow"] = timed(page, LANDMARKS, lambda n: page.mouse.move(x + n + 1, y))
    return found


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder:
        root = job(Path(folder)).root
        command = [sys.executable, "-m", "recast", "studio", str(root), "--port", "0", "--json"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        base = f"http://127.0.0.1:{json.loads(server.stdout.readline())['port']}"
        try:
            with sync_playwright() as playwright:
                flags = ["--no-sandbox", "--disable-gpu"]
                browser = playwright.chromium.launch(executable_path=chromium, args=flags)
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                found = measured(page, base)
                browser.close()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)
    print(f"{'':26}{'median':>8}{'slowest':>9}  ms")
    for name, spans in found.items():
        print(f"{name:26}{statistics.median(spans):8.0f}{max(spans):9.0f}")
