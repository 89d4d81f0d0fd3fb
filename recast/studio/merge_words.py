"""What the merge page calls its options, in which groups, and which keys change them."""

from __future__ import annotations

from recast.language import to_say

GROUPS: dict[str, tuple[str, ...]] = {
    to_say("Joining"): ("mode", "mask", "color_match", "tone", "color_area"),
    to_say("Histograms"): ("masked_hist_match", "hist_threshold"),
    to_say("Edge"): ("grow", "feather", "border", "seamless_grow"),
    to_say("Face"): ("face_scale", "sharpen", "sharpen_mode", "motion_blur", "grain"),
    to_say("Made worse on purpose"): ("denoise", "bicubic", "palette"),
    to_say("Whole take"): (
        "name",
        "people",
        "embedder",
        "same_person",
        "cuts",
        "smooth",
        "color_smooth",
        "mask_smooth",
    ),
    to_say("Result"): (
        "frames",
        "format",
        "crf",
        "bitrate",
        "alpha",
        "label",
        "watermark_network",
        "pictures",
        "device",
    ),
}
"""All of `MergeOptions` but `shots`, which the ranges are."""
WHOLE_TAKE = (to_say("Whole take"), to_say("Result"))
"""Groups whose options cannot differ in a range."""

KEYS = {
    "hist_threshold": ("q", "a"),
    "grow": ("w", "s"),
    "feather": ("e", "d"),
    "motion_blur": ("r", "f"),
    "grain": ("t", "b"),
    "sharpen": ("y", "h"),
    "face_scale": ("u", "j"),
    "denoise": ("i", "k"),
    "bicubic": ("o", "l"),
    "palette": ("p", ";"),
    "masked_hist_match": ("z", ""),
    "mask": ("x", ""),
    "color_match": ("c", ""),
    "sharpen_mode": ("n", ""),
}
"""A step on and a step back, as in DeepFaceLab's merger where it has the option; with Shift five
steps. Modes are the digits."""

SUGGESTIONS = {
    "mask": (
        "learned",
        "dst",
        "hull",
        "mesh",
        "segmentation",
        "learned*dst",
        "learned*mesh",
        "learned*segmentation",
    )
}
