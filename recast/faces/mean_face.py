"""The mean face that aligned crops are fitted to: 68 points of the iBUG order.

It is our own: the average of what the dense landmark network in `networks/` sees on rendered
synthetic heads (the bundled sample takes, which are CC0), turned upright by the known pose of
every head and made symmetric by averaging with its mirror image.

Columns x (to the right of the picture), y (down), z (away from the viewer), all in one unit: the
51 points without the jaw span x = 0..1, the brows lie at y = 0.02. The square (0, 0)..(1, 1) is
the framing "half"; a face's size, "a" in the docs, is the side of this square in its frame.
"""

import numpy as np
from numpy.typing import NDArray

MEAN_FACE: NDArray[np.float64] = np.array(
    [
        # 0: jaw, from the left of the picture over the chin to the right
        (-0.1179, 0.2864, 0.5724),
        (-0.1101, 0.4135, 0.6097),
        (-0.1004, 0.5415, 0.6115),
        (-0.0802, 0.6777, 0.5883),
        (0.0172, 0.9309, 0.4500),
        (0.0818, 1.0094, 0.3558),
        (0.2316, 1.1233, 0.2198),
        (0.3902, 1.1941, 0.1169),
        (0.5000, 1.2045, 0.1015),
        (0.6098, 1.1941, 0.1169),
        (0.7684, 1.1233, 0.2198),
        (0.9182, 1.0094, 0.3558),
        (0.9828, 0.9309, 0.4500),
        (1.0802, 0.6777, 0.5883),
        (1.1004, 0.5415, 0.6115),
        (1.1101, 0.4135, 0.6097),
        (1.1179, 0.2864, 0.5724),
        # 17: left brow, outside in
        (0.0000, 0.0991, 0.1535),
        (0.0528, 0.0478, 0.0820),
        (0.1363, 0.0200, 0.0230),
        (0.2459, 0.0257, -0.0282),
        (0.3720, 0.0421, -0.0539),
        # 22: right brow, inside out
        (0.6280, 0.0421, -0.0539),
        (0.7541, 0.0257, -0.0282),
        (0.8637, 0.0200, 0.0230),
        (0.9472, 0.0478, 0.0820),
        (1.0000, 0.0991, 0.1535),
        # 27: ridge of the nose, down to the tip
        (0.5000, 0.1898, -0.0472),
        (0.5000, 0.3198, -0.1299),
        (0.5000, 0.4375, -0.2262),
        (0.5000, 0.5113, -0.2489),
        # 31: below the nose, left to right
        (0.3703, 0.6037, -0.0595),
        (0.4346, 0.6253, -0.0852),
        (0.5000, 0.6267, -0.1001),
        (0.5654, 0.6253, -0.0852),
        (0.6297, 0.6037, -0.0595),
        # 36: left eye from its outer corner, clockwise
        (0.1102, 0.2324, 0.1400),
        (0.1671, 0.2041, 0.0822),
        (0.2624, 0.2001, 0.0670),
        (0.3577, 0.2521, 0.0924),
        (0.2700, 0.2685, 0.0759),
        (0.1773, 0.2665, 0.0909),
        # 42: right eye from its inner corner, clockwise
        (0.6423, 0.2521, 0.0924),
        (0.7376, 0.2001, 0.0670),
        (0.8329, 0.2041, 0.0822),
        (0.8898, 0.2324, 0.1400),
        (0.8227, 0.2665, 0.0909),
        (0.7300, 0.2685, 0.0759),
        # 48: outer lips from the left corner, clockwise
        (0.2865, 0.8243, 0.0711),
        (0.3325, 0.7821, -0.0188),
        (0.4353, 0.7477, -0.0916),
        (0.5000, 0.7562, -0.0992),
        (0.5647, 0.7477, -0.0916),
        (0.6675, 0.7821, -0.0188),
        (0.7135, 0.8243, 0.0711),
        (0.6663, 0.8886, 0.0086),
        (0.5670, 0.9431, -0.0386),
        (0.5000, 0.9493, -0.0425),
        (0.4330, 0.9431, -0.0386),
        (0.3337, 0.8886, 0.0086),
        # 60: inner lips, likewise
        (0.3072, 0.8239, 0.0558),
        (0.4464, 0.7949, -0.0433),
        (0.5000, 0.7965, -0.0503),
        (0.5536, 0.7949, -0.0433),
        (0.6928, 0.8239, 0.0558),
        (0.5538, 0.8692, -0.0318),
        (0.5000, 0.8729, -0.0389),
        (0.4462, 0.8692, -0.0318),
    ]
)
"""(68, 3) float64."""
MEAN_FACE.setflags(write=False)
