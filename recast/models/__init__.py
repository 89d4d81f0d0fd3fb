"""Networks: blocks, one file per family, and the models that can be chosen by name."""

from recast.models.classic_models import df, h64, h128, liaef128, sae
from recast.models.model import Model, Shape
from recast.models.network import Code, SwapNetwork, nothing_sketched
from recast.models.swift import Swift

MODELS: dict[str, Model] = {
    "swift": Model(
        about="small and quick on a CPU; learns from rough swaps and begins with them",
        build=Swift,
        shape={"resolution": 128, "sketch": True},
        resolutions=range(64, 513, 16),
    ),
    "h64": Model(
        about="half faces at 64 px, a decoder for each person",
        build=h64,
        shape={"resolution": 64, "light": False},
        resolutions=range(64, 65),
        framing="half",
    ),
    "h128": Model(
        about="half faces at 128 px, a decoder for each person",
        build=h128,
        shape={"resolution": 128, "light": False},
        resolutions=range(128, 129),
        framing="half",
    ),
    "df": Model(
        about="full faces at 128 px, a decoder for each person",
        build=df,
        shape={"resolution": 128},
        resolutions=range(128, 129),
        framing="full",
    ),
    "liaef128": Model(
        about="full faces at 128 px, one decoder and two bottlenecks: takes on more of dst's form",
        build=liaef128,
        shape={"resolution": 128},
        resolutions=range(128, 129),
        framing="full",
    ),
    "sae": Model(
        about="layout, sizes and losses to choose; faces at three scales, styles",
        build=sae,
        shape={
            "resolution": 128,
            "architecture": "liae",
            "light": False,
            "learn_mask": True,
            "ae_dims": 0,
            "e_dims": 42,
            "d_dims": 42,
            "face_type": "full",
        },
        resolutions=range(64, 513, 16),
    ),
}

__all__ = ["MODELS", "Code", "Model", "Shape", "SwapNetwork", "Swift", "nothing_sketched"]
