"""`python -m benchmarks NAME [ARGUMENTS]` runs one benchmark; without a name it lists them.

With --docs its tables go into docs/benchmarks.md, too, if it has a section there.
"""

import sys
from importlib import import_module

from benchmarks.machine import machine, told
from benchmarks.tables import write_sections

BENCHMARKS = {
    "all": "benchmarks.all",
    "denoise": "benchmarks.denoise",
    "detectors": "benchmarks.detectors",
    "guard": "benchmarks.guard",
    "imports": "benchmarks.imports",
    "judge": "benchmarks.judge",
    "landmarks": "benchmarks.landmarks",
    "likeness": "benchmarks.likeness",
    "looks": "benchmarks.looks",
    "merge": "benchmarks.merge",
    "outputs": "benchmarks.outputs",
    "persons": "benchmarks.persons",
    "profile": "benchmarks.profile",
    "quality": "benchmarks.quality",
    "sharpness": "benchmarks.sharpness",
    "sort": "benchmarks.sort",
    "studio_grid": "benchmarks.studio_grid",
    "studio_live": "benchmarks.studio_live",
    "studio_pictures": "benchmarks.studio_pictures",
    "studio_slow": "benchmarks.studio_slow",
    "team": "benchmarks.team",
    "train": "benchmarks.train",
    "video": "benchmarks.video",
    "watermark": "benchmarks.watermark",
}


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in BENCHMARKS:
        print("python -m benchmarks NAME, where NAME is one of:", ", ".join(BENCHMARKS))
        return 2
    command = " ".join(["python -m benchmarks", *(w for w in sys.argv[1:] if w != "--docs")])
    del sys.argv[1]
    documented = "--docs" in sys.argv and name != "all"  # which writes a page of its own
    if documented:
        sys.argv.remove("--docs")
    before = told(machine()) if documented else ""
    sections = import_module(BENCHMARKS[name]).main()
    if documented and not sections:
        print(f"the figures of {name} are written into the documentation by hand")
        return 1
    if documented:
        write_sections(sections, before, command)
    return 0


if __name__ == "__main__":
    sys.exit(main())
