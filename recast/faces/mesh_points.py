"""Which of the dense network's 478 points stand for the 68 points of the iBUG order."""

IBUG68: tuple[int, ...] = (
    # jaw, from the left of the picture over the chin to the right
    *(127, 234, 93, 132, 172, 136, 149, 148, 152, 377, 378, 365, 397, 361, 323, 454, 356),
    *(70, 63, 105, 66, 107),  # left brow, outside in
    *(336, 296, 334, 293, 300),  # right brow, inside out
    *(168, 197, 5, 4),  # ridge of the nose, down to the tip
    *(240, 97, 2, 326, 460),  # below the nose, left to right
    *(33, 160, 158, 133, 153, 144),  # left eye from its outer corner, clockwise
    *(362, 385, 387, 263, 373, 380),  # right eye from its inner corner, clockwise
    *(61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91),  # outer lips, clockwise
    *(78, 82, 13, 312, 308, 317, 14, 87),  # inner lips, clockwise
)

OUTER_EYE_CORNERS = (33, 263)
"""Left and right of the picture; the line through them gives a face's roll."""

SURFACE = 468
"""The first 468 points lie on the face, the other ten are the irises."""
