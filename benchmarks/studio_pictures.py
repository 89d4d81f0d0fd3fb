"""Pictures of the studio for the documentation: every page, on the bundled samples.

`python -m benchmarks studio_pictures [FOLDER]` needs Chromium and the dev extra; it writes
docs/images/studio-*.jpg, or the same files into another folder. The workspace is kept.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import recast
from recast.provenance import synthetic_consent
from recast.workspace import SIDES, Workspace

OUT = Path(__file__).parents[1] / "docs" / "images"
SAMPLES = Path(recast.__file__).parent / "samples"
SHOTS = {
    "overview": ("/", "en-US"),
    "faces": ("/faces?side=src", "en-US"),
    "train": ("/train", "en-US"),
    "marking": ("/mark?side=dst&frame=45&list=all", "en-US"),
    "masks": ("/masks?side=dst", "en-US"),
    "merge": ("/merge?frame=45", "en-US"),
    "overview-ru": ("/", "ru-RU"),
}
"""Name: address and language."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def main() -> None:
    """Make the pictures."""
    from playwright.sync_api import ViewportSize, sync_playwright

    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    out.mkdir(parents=True, exist_ok=True)
    workspace = sample_workspace(Path(tempfile.gettempdir()) / "recast-studio-pictures")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with studio(workspace.root) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, (path, language) in SHOTS.items():
            # The losses stand below the preview.
            size = ViewportSize(width=1280, height=1150 if name == "train" else 800)
            context = browser.new_context(locale=language, viewport=size)
            page = context.new_page()
            page.goto(address + path)
            page.wait_for_timeout(4000)
            page.screenshot(path=out / f"studio-{name}.jpg", type="jpeg", quality=85)
            print(out / f"studio-{name}.jpg")
            context.close()
        browser.close()


def sample_workspace(root: Path) -> Workspace:
    """The bundled pair, extracted and trained a little."""
    if (root / "workspace.json").exists():
        return Workspace.open(root)
    src, dst = (SAMPLES / f"pair1_{side}.mp4" for side in SIDES)
    workspace = Workspace.create(root, src=src, dst=dst)
    workspace.record_consent(synthetic_consent(person="Ann, rendered", now=datetime.now(UTC)))
    for side in SIDES:
        workspace.extract(side)
    workspace.train(steps=600, preview_steps=50, device="cpu")
    return workspace


@contextmanager
def studio(root: Path) -> Iterator[str]:
    """A studio on a workspace; its address."""
    command = [sys.executable, "-m", "recast", "studio", str(root), "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["address"].rstrip("/")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
