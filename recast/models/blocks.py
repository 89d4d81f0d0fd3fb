"""The small parts that networks are built of. All maps are (B, C, H, W)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the side (or divides it by `stride`)."""
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2)


class Residual(nn.Module):
    """Two 3x3 convolutions of the evened-out input, added to it; starts as the identity.

    Each pixel's channels are brought to a mean square of 1 first (Zhang and Sennrich, "Root
    mean square layer normalization", 2019): without it a high rate drives the output to black.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels, 1, 1))
        self.first = conv(channels, channels)
        self.second = conv(channels, channels)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        even = x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-4) * self.gain
        inner: Tensor = self.second(F.leaky_relu(self.first(F.leaky_relu(even, 0.1)), 0.1))
        return x + inner


class Down(nn.Module):
    """Half the side by folding 2x2 pixels into channels, then mix them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.mix = conv(4 * inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.mix(F.pixel_unshuffle(x, 2))
        return mixed


class Up(nn.Module):
    """Twice the side, by a convolution whose channels are unfolded into 2x2 pixels.

    Shi et al., "Real-time single image and video super-resolution using an efficient
    sub-pixel convolutional neural network", CVPR 2016.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.widen = conv(inputs, 4 * outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.widen(x), 2)


class Identity(nn.Module):
    """A gain and a shift per channel for each identity, so that one decoder serves all.

    Perez et al., "FiLM: Visual reasoning with a general conditioning layer", AAAI 2018.
    """

    def __init__(self, identities: int, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(identities, channels))
        self.shift = nn.Parameter(torch.zeros(identities, channels))

    def forward(self, x: Tensor, identity: Tensor) -> Tensor:
        """`identity` is (B,) int64."""
        return x * self.gain[identity, :, None, None] + self.shift[identity, :, None, None]
