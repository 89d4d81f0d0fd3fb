"""Put a swapped face into its frame."""

from recast.merging.blend import BLENDS
from recast.merging.color import Measured, measure
from recast.merging.compose import Composed, DrawnFace, compose
from recast.merging.grain import measured_grain
from recast.merging.look import COLOR_MATCHES, MODES, ON_BLACK, Look, between
from recast.merging.masks import combined, named_in
from recast.merging.window import Calm, calmed

__all__ = [
    "BLENDS",
    "COLOR_MATCHES",
    "MODES",
    "ON_BLACK",
    "Calm",
    "Composed",
    "DrawnFace",
    "Look",
    "Measured",
    "between",
    "calmed",
    "combined",
    "compose",
    "measure",
    "measured_grain",
    "named_in",
]
