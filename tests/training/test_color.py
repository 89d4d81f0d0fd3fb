"""L*a*b* in torch against OpenCV, and colours that move."""

import cv2
import numpy as np
import torch

from recast.training.color import moved_colors, to_lab, to_rgb


def test_lab_is_opencvs() -> None:
    faces = np.random.default_rng(0).random((2, 24, 24, 3)).astype(np.float32)
    got = to_lab(torch.from_numpy(faces).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    wanted = np.stack([cv2.cvtColor(face, cv2.COLOR_RGB2LAB) for face in faces])
    assert np.abs(got - wanted).max() < 0.6  # OpenCV reads from a table


def test_there_and_back_is_the_same_picture() -> None:
    faces = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(to_rgb(to_lab(faces)), faces, atol=1e-4)


def test_moved_faces_have_the_others_mean_and_spread() -> None:
    rng = torch.Generator().manual_seed(0)
    faces = 0.5 + 0.1 * torch.rand(2, 3, 16, 16, generator=rng)
    targets = 0.3 + 0.2 * torch.rand(2, 3, 16, 16, generator=rng)
    moved, wanted = to_lab(moved_colors(faces, targets)), to_lab(targets)
    assert torch.allclose(moved.mean((2, 3)), wanted.mean((2, 3)), atol=0.5)
    assert torch.allclose(moved.std((2, 3)), wanted.std((2, 3)), atol=0.5)
