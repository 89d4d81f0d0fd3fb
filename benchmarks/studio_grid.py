"""How smoothly the studio's grid scrolls: `python -m benchmarks studio_grid [N]`, 100,000 faces.

Writes that many face files (1 GB), opens them in headless Chromium, and scrolls through them as
fast as a hand on a scroll bar, once with no thumbnail made yet and once again. Printed is the
time between two pictures on the screen.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import recast
from benchmarks.studio_pictures import FLAGS, studio
from recast.workspace import Workspace

SAMPLES = Path(recast.__file__).parent / "samples"
SCROLL = """
async () => {
  const box = document.querySelector(".r-grid"), times = [];
  const end = performance.now() + 8000, all = box.scrollHeight;
  let last = performance.now();
  await new Promise((done) => {
    const step = (now) => {
      times.push(now - last);
      last = now;
      box.scrollTop = (((now - (end - 8000)) / 8000) * 0.2) * all;
      now < end ? requestAnimationFrame(step) : done();
    };
    requestAnimationFrame(step);
  });
  return times.slice(5).sort((a, b) => a - b);
}
"""


def main() -> None:
    from playwright.sync_api import sync_playwright

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as scratch:
        root = many_faces(Path(scratch) / "job", count)
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        with studio(root) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            for what in ("first", "again"):
                began = time.perf_counter()
                page.goto(f"{address}/faces?side=src")
                page.locator(".r-faces-main [role=status]", has_text=f"{count} faces").wait_for(
                    timeout=300_000
                )
                opened = time.perf_counter() - began
                times = page.evaluate(SCROLL)
                most = times[len(times) * 95 // 100]
                print(
                    f"{count} faces, {what}: open after {opened:.1f} s; between pictures"
                    f" {times[len(times) // 2]:.0f} ms, 95 % under {most:.0f} ms,"
                    f" at most {times[-1]:.0f} ms",
                    flush=True,
                )
            browser.close()


def many_faces(root: Path, count: int) -> Path:
    """A workspace with the sample's faces many times over, as if from many takes."""
    job = Workspace.create(root, src=SAMPLES / "pair1_src.mp4", dst=SAMPLES / "pair1_dst.mp4")
    job.extract("src", size=128)
    folder = job.faceset_folder("src")
    real = {path: path.read_bytes() for path in sorted(folder.glob("*.jpg"))}
    samples = list(real.values())
    for number in range(count):
        # Names of one length, so that the length of the segment stays right; and a few bytes behind
        # the picture, or all would share one thumbnail.
        data = samples[number % len(real)] + number.to_bytes(4, "big")
        take = b"take%05d.mp4" % (number // len(real))
        (folder / f"{number:06d}_1.jpg").write_bytes(data.replace(b"pair1_src.mp4", take))
    for path in real:
        path.unlink()
    return job.root


if __name__ == "__main__":
    main()
