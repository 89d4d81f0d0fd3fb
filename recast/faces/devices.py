"""On which devices a detector runs."""

from __future__ import annotations

from typing import Any

from recast.errors import OptionUnusable
from recast.faces.extras import lacks_extra
from recast.language import to_say


def devices_for(detector: str, wanted: str) -> list[str]:
    """The devices that `wanted` (best, cpu, cuda, cuda:N, all) means, one worker each.

    best is the first GPU that the detector's runtime can use, else the CPU; all is every such
    GPU, else the CPU.

    Raises:
        OptionUnusable: the named GPU is not there, or the detector's runtime cannot use one.
    """
    if wanted == "cpu":
        return ["cpu"]
    usable = [f"cuda:{number}" for number in range(gpus_for(detector))]
    if wanted == "all":
        return usable or ["cpu"]
    if wanted == "best":
        return usable[:1] or ["cpu"]
    named = "cuda:0" if wanted == "cuda" else wanted
    if named not in usable:
        there = ", ".join(["cpu", *usable])
        raise OptionUnusable(
            f"the detector {detector} cannot run on {wanted} here: it can use {there}",
            _FIXES.get(detector, to_say("choose one of these, or best")),
        )
    return [named]


_FIXES = {
    "mesh": to_say("choose one of these, or install onnxruntime-gpu in place of onnxruntime"),
    "dlib": to_say("choose one of these, or build dlib with CUDA"),
}


def gpus_for(detector: str) -> int:
    """How many GPUs the runtime of a detector can use."""
    if detector == "dlib":
        try:
            import dlib
        except ImportError as error:
            raise lacks_extra("the detector dlib needs dlib", "dlib") from error
        library: Any = dlib
        return int(library.cuda.get_num_devices()) if library.DLIB_USE_CUDA else 0
    import onnxruntime

    runtime: Any = onnxruntime
    if detector != "mtcnn" and "CUDAExecutionProvider" not in runtime.get_available_providers():
        return 0
    import torch  # it counts GPUs; ONNX Runtime does not say how many there are

    if torch.version.cuda is None and detector != "mtcnn":
        return 1  # this torch sees none; ONNX Runtime falls back to the CPU by itself
    return torch.cuda.device_count()
