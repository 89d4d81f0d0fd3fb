"""Put a swapped face into its frame."""

from recast.merging.blend import BLENDS
from recast.merging.color import COLOR_MATCHES
from recast.merging.compose import DrawnFace, Look, compose

__all__ = ["BLENDS", "COLOR_MATCHES", "DrawnFace", "Look", "compose"]
