"""`python -m benchmarks NAME [ARGUMENTS]` runs one benchmark; without a name it lists them."""

import sys
from importlib import import_module

BENCHMARKS = {
    "all": "benchmarks.all",
    "closure": "benchmarks.closure",
    "denoise": "benchmarks.denoise",
    "detectors": "benchmarks.detectors",
    "guard": "benchmarks.guard",
    "imports": "benchmarks.imports",
    "judge": "benchmarks.judge",
    "landmarks": "benchmarks.landmarks",
    "looks": "benchmarks.looks",
    "merge": "benchmarks.merge",
    "outputs": "benchmarks.outputs",
    "persons": "benchmarks.persons",
    "sharpness": "benchmarks.sharpness",
    "sort": "benchmarks.sort",
    "studio_grid": "benchmarks.studio_grid",
    "studio_live": "benchmarks.studio_live",
    "studio_pictures": "benchmarks.studio_pictures",
    "swap": "benchmarks.swap",
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
    del sys.argv[1]
    import_module(BENCHMARKS[name]).main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
