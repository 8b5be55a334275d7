"""How images are changed while a teacher is trained on them."""

import torch
from torch import nn

from evalcore_implicit.estimators.modules.images import Augmented


def augmented(**given):
    """What an augmented network that does nothing else gives in training."""
    options = {"crop": 0, "rotation": 0.0, "flip": False, **given}
    flip = options.pop("flip")
    module = Augmented(nn.Sequential(nn.Identity()), **options, flip=flip).train()
    torch.manual_seed(0)
    return module


RAMP = torch.arange(1.0, 21).reshape(1, 1, 4, 5).expand(64, 2, 4, 5)


def test_half_of_the_images_are_mirrored_whole():
    found = augmented(flip=True)(RAMP)
    mirrored = (found == RAMP.flip(3)).all(dim=(1, 2, 3))
    assert ((found == RAMP).all(dim=(1, 2, 3)) ^ mirrored).all()
    assert 16 < mirrored.sum() < 48


def test_images_are_shifted_by_whole_pixels_and_what_comes_in_is_black():
    found = augmented(crop=2)(RAMP)
    padded = nn.functional.pad(RAMP[:1], (2, 2, 2, 2))
    windows = {
        padded[0, :, i : i + 4, j : j + 5].numpy().tobytes() for i in range(5) for j in range(5)
    }
    shifted = {image.numpy().tobytes() for image in found}
    assert shifted <= windows
    assert len(shifted) > 15


def test_images_are_turned_by_their_middles_within_the_angle():
    rows, columns = torch.meshgrid(torch.arange(9.0) - 4, torch.arange(13.0) - 6, indexing="ij")
    spot = torch.exp(-(rows**2 + (columns - 3) ** 2)).expand(50, 1, 9, 13)
    found = augmented(rotation=30.0)(spot)
    weights = found / found.sum(dim=(2, 3), keepdim=True)
    down = (weights * rows).sum(dim=(1, 2, 3))
    across = (weights * columns).sum(dim=(1, 2, 3))
    angles = torch.rad2deg(torch.atan2(down, across))
    assert angles.abs().max() < 31
    assert angles.min() < -15
    assert angles.max() > 15
    torch.testing.assert_close(torch.hypot(down, across), torch.full((50,), 3.0), rtol=0.05, atol=0)


def test_nothing_is_changed_in_evaluation_or_where_nothing_is_set():
    everything = augmented(crop=2, rotation=30.0, flip=True)
    assert not torch.equal(everything(RAMP), RAMP)
    assert torch.equal(everything.eval()(RAMP), RAMP)
    assert torch.equal(augmented()(RAMP), RAMP)
