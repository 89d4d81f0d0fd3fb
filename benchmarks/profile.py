"""Where the time goes in extraction, sorting and merging: `python -m benchmarks profile`.

Takes of 1280x720 and 1920x1080 are made of the bundled dst. Milliseconds of processor time a frame
(a face, when sorting), by the functions they are spent in; one core is busy for so long. What no
probe sees is decoding, encoding and the little that lies between (see `probes`); how much the
two take is measured alone in the same run: they are the floor under any program. The networks of
a merge draw in one thread here, so that their time can be told; a real merge gives them all.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.probes import Places, Probes
from benchmarks.tables import Sections, Table
from benchmarks.takes import decoded, enlarged
from recast.provenance import synthetic_consent
from recast.stages import curate
from recast.stages.merge_job import MergeJob, prepare
from recast.stages.merge_options import MergeOptions
from recast.video import TakeWriter, open_take, open_writer
from recast.workspace import Workspace

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}

EXTRACT: Places = {
    "opening the networks": ["recast.stages.extract:_crew"],
    "colours to RGB": ["recast.video.color:ToRgb.__call__"],
    "views for the networks": ["recast.faces.networks:look"],
    "box network": ["recast.faces.networks:BoxNetwork.__call__"],
    "landmark network": ["recast.faces.networks:MeshNetwork.__call__"],
    "detector, all else": ["recast.faces.mesh_detector:MeshDetector.__call__"],
    "placing and cutting": ["recast.faces:align", "recast.faces:placement"],
    "face files: record": ["recast.faceset:FaceRecord.of", "recast.faceset.face_file:pack"],
    "face files: JPEG": ["recast.faceset.face_file:encode"],
    "face files: written": ["recast.faceset.face_file:write_whole"],
    "face files, all else": ["recast.faceset:save_face"],
    "debug pictures: drawn": ["recast.faces:draw_faces"],
    "debug pictures: JPEG": ["recast.faces:debug_jpeg"],
    "debug pictures, all else": ["recast.stages.searching:save_debug"],
    "note of how far it is": ["recast.stages.searching:write_extraction"],
}
SORT: Places = {
    "opening the set": ["recast.faceset:load_faceset"],
    "pictures read and decoded": ["recast.faceset:FaceSet.crop"],
    "sharpness, light, hue": ["recast.faceset.measures:_scalars"],
    "histograms and sizes": ["recast.faceset.measures:at_side"],
    "index written": ["recast.faceset.features:_save"],
    "order": ["recast.faceset.orders:short_path"],
    "names": ["recast.faceset.rename:write_order"],
}
MERGE: Places = {
    "colours to RGB": ["recast.video.color:ToRgb.__call__"],
    "cutting": ["recast.faces:align"],
    "measuring colours": ["recast.merging:measure"],
    "measuring grain": ["recast.merging:measured_grain"],
    "masks": ["recast.merging:combined", "recast.merging.compose:shaped"],
    "matching colours": ["recast.merging.compose:matched"],
    "warping back": ["recast.merging.compose:unaligned"],
    "finish": ["recast.merging.compose:_finished"],
    "grain": ["recast.merging.compose:grain"],
    "blending": ["recast.merging.compose:part_of"],
    "pasting": ["recast.merging.compose:compose", "recast.merging.compose:_pasted"],
    "watermark": ["recast.stages.watermarking:watermarked"],
    "colours from RGB": ["recast.video.color:FromRgb.__call__"],
    "the take's own samples": ["recast.video.untouched:Untouched.kept"],
}
NETWORK = "network"


@dataclass(frozen=True)
class Profile:
    """Of one run: frames, seconds by the clock, processor seconds in all and by part."""

    frames: int
    wall: float
    cpu: float
    probes: Probes

    def a_frame(self, seconds: float) -> float:
        """Milliseconds."""
        return seconds / self.frames * 1000

    @property
    def unseen(self) -> float:
        """Processor seconds that no probe saw."""
        return self.cpu - sum(self.probes.seconds.values())


Found = dict[str, Profile]
"""Profiles by the size of the take, or by the part of the work."""


def profiled(frames: int, places: Places, work: Callable[[Probes], object]) -> Profile:
    probes = Probes()
    with probes.on(places):
        begun, spent = time.perf_counter(), time.process_time()
        work(probes)
        spent, wall = time.process_time() - spent, time.perf_counter() - begun
    return Profile(frames, wall, spent, probes)


def encoding(path: Path, out: Path, crf: int) -> Profile:
    """The take's own samples handed to the encoder; they are in memory before the clock starts."""
    take = open_take(path)
    frames = list(take)

    def work(probes: Probes) -> None:
        with TakeWriter(out, take.info, crf=crf) as writer:
            for frame in frames:
                writer.write(frame.image, frame.moment, frame.plate)

    return profiled(len(frames), {}, work)


def workspace(folder: Path, size: tuple[int, int], frames: int) -> Workspace:
    """A job of that size, its src not yet extracted."""
    src = enlarged("src", folder / "src.mp4", size, frames)
    dst = enlarged("dst", folder / "dst.mp4", size, frames)
    job = Workspace.create(folder / "job", src=src, dst=dst)
    job.record_consent(synthetic_consent(person="nobody", now=datetime.now(UTC)))
    return job


def merging(job: Workspace, options: MergeOptions) -> Profile:
    """Decoding to encoding, as the stage does it, without the guard before and the signature."""
    from recast.stages.merge_frames import merged

    take = job.take("dst")
    prepared = prepare(job, options, take, lambda event: None, network=None)

    def work(probes: Probes) -> None:
        models = {
            name: replace(model, draw=probes.around(NETWORK, model.draw))
            for name, model in prepared.models.items()
        }
        watched: MergeJob = replace(prepared, models=models)
        out = job.root / "merged.mp4"
        with open_writer(out, take.info, format=options.format, crf=options.crf) as writer:
            for one in merged(watched, 0, len(take)):
                writer.write(one.composed.image, one.frame.moment, one.frame.plate)

    return profiled(len(take), MERGE, work)


def table_of(about: str, found: Found, floors: dict[str, Found], unit: str = "frame") -> Table:
    """Parts of all profiles beside each other, the largest first; then sums, floors and rates."""
    table = Table(f"ms of processor time a {unit}", *found, about=about)
    parts = {part: None for one in found.values() for part in one.probes.seconds}
    first = next(iter(found.values()))
    for part in sorted(parts, key=lambda part: -first.probes.seconds[part]):
        table.add(part, *(one.a_frame(one.probes.seconds[part]) for one in found.values()))
    table.add("what no probe sees", *(one.a_frame(one.unseen) for one in found.values()))
    table.add("**all**", *(one.a_frame(one.cpu) for one in found.values()))
    for floor in floors.get(next(iter(found)), {}):
        here = [floors[name][floor] for name in found]
        table.add(f"{floor}, alone", *(one.a_frame(one.cpu) for one in here))
    table.add(f"{unit}s/s", *(one.frames / one.wall for one in found.values()))
    table.add(f"{unit}s/s and core", *(one.frames / one.cpu for one in found.values()))
    if floors:
        least = {name: sum(one.cpu / one.frames for one in floors[name].values()) for name in found}
        shares = (least[name] * one.frames / one.cpu for name, one in found.items())
        table.add("floor, of all", *(f"{share:.0%}" for share in shares))
    return table


def sorting(job: Workspace) -> Profile:
    folder = job.faceset_folder("src")
    count = len(job.faceset("src"))
    options = curate.SortOptions(by="histogram")
    return profiled(count, SORT, lambda probes: curate.run(folder, options))


def measured(folder: Path, name: str, frames: int) -> Found:
    """Everything of one size."""
    import torch

    job = workspace(folder, SIZES[name], frames)
    dst = job.take_path("dst")
    decoded(dst)  # the first time, files come from the disk
    found = {
        "decoding": profiled(frames, {}, lambda probes: decoded(dst)),
        "extract": profiled(frames, EXTRACT, lambda probes: job.extract("dst")),
    }
    job.extract("src")
    found["sort"] = sorting(job)
    job.train(steps=2, batch_size=2, device="cpu", preview_steps=0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    options = MergeOptions()
    found["merge"] = merging(job, options)
    found["merge, seamless"] = merging(job, MergeOptions(mode="seamless", color_match="rct"))
    torch.set_num_threads(threads)
    found["encoding"] = encoding(dst, folder / "encoded.mp4", options.crf)
    return found


def main() -> Sections:
    parser = argparse.ArgumentParser(prog="python -m benchmarks profile")
    parser.add_argument("--sizes", default="720p,1080p", help="which, between commas")
    parser.add_argument("--frames", type=int, default=100, help="of each take, at most 150")
    given = parser.parse_args()
    names = given.sizes.split(",")
    if unknown := [name for name in names if name not in SIZES]:
        parser.error(f"there is no {', '.join(unknown)}, but {', '.join(SIZES)}")
    if not 8 <= given.frames <= 150:
        parser.error("--frames is from 8 to 150")
    found = {}
    for name in names:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            found[name] = measured(Path(folder), name, given.frames)

    def of(stage: str) -> Found:
        return {name: here[stage] for name, here in found.items()}

    def floors(*parts: str) -> dict[str, Found]:
        return {name: {part: here[part] for part in parts} for name, here in found.items()}

    both = floors("decoding", "encoding")
    tables = [
        table_of("Extraction of dst:", of("extract"), floors("decoding")),
        table_of("A sort by histogram, faces of 256 pixels:", of("sort"), {}, "face"),
        table_of("A merge as it is by default:", of("merge"), both),
        table_of("A merge, seamless and rct:", of("merge, seamless"), both),
    ]
    return {"profile": tables}
