"""What the merge page calls its options, in which groups, and which keys change them."""

from __future__ import annotations

from recast.language import to_say

GROUPS: dict[str, tuple[str, ...]] = {
    to_say("Joining"): ("mode", "mask", "color_match", "tone", "color_area"),
    to_say("Histograms"): ("masked_hist_match", "hist_threshold"),
    to_say("Edge"): ("grow", "feather", "border", "seamless_grow"),
    to_say("Face"): ("face_scale", "sharpen", "sharpen_mode", "motion_blur", "grain"),
    to_say("Made worse on purpose"): ("denoise", "bicubic", "palette"),
    to_say("Whole take"): ("name", "people", "cuts", "smooth", "color_smooth", "mask_smooth"),
    to_say("Result"): ("frames", "format", "crf", "bitrate", "alpha", "pictures", "device"),
}
"""All of `MergeOptions` but `shots`, which the ranges are."""
WHOLE_TAKE = (to_say("Whole take"), to_say("Result"))
"""Groups whose options cannot differ in a range."""

LABELS = {
    "mode": to_say("Mode"),
    "mask": to_say("Mask"),
    "color_match": to_say("Color match"),
    "tone": to_say("Tone"),
    "color_area": to_say("Color area"),
    "masked_hist_match": to_say("Match within the mask"),
    "hist_threshold": to_say("Histogram threshold"),
    "grow": to_say("Grow"),
    "feather": to_say("Feather"),
    "border": to_say("Border"),
    "seamless_grow": to_say("Seamless grow"),
    "sharpen": to_say("Sharpen"),
    "sharpen_mode": to_say("Sharpening filter"),
    "motion_blur": to_say("Motion blur"),
    "denoise": to_say("Denoise"),
    "bicubic": to_say("Bicubic"),
    "palette": to_say("Palette"),
    "face_scale": to_say("Face scale"),
    "grain": to_say("Grain"),
    "name": to_say("Training"),
    "people": to_say("File of people"),
    "cuts": to_say("Find cuts"),
    "smooth": to_say("Calm landmarks"),
    "color_smooth": to_say("Calm colors"),
    "mask_smooth": to_say("Calm the mask"),
    "frames": to_say("Frames"),
    "device": to_say("Device"),
    "format": to_say("Format"),
    "crf": to_say("Quality (crf)"),
    "bitrate": to_say("Bitrate"),
    "alpha": to_say("Transparency"),
    "pictures": to_say("As pictures"),
}

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
