"""Images whose class is seen at a glance, and modules that see it."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import torch
from torch import nn

CLASSES = 4


def rows(count, seed=0, height=CLASSES, width=6):
    """Grey images of uint8, bright in the line that is their class, shape (count, 4, 6)."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    images = rng.integers(0, 90, (count, height, width)).astype(np.uint8)
    images[np.arange(count), labels] += 160
    return images, labels.astype(np.uint8)


def write_idx(path, array, *, magic=None):
    """An IDX file, compressed if it is named so."""
    header = magic or bytes([0, 0, 8, array.ndim])
    header += struct.pack(f">{array.ndim}I", *array.shape)
    content = header + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


class Lines(nn.Module):
    """Scores are the means of the lines, times a factor: 1 is right, -1 wrong, NaN neither."""

    def __init__(self, factor=1.0, size=CLASSES):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))
        self.size = size

    def forward(self, images):
        return self.factor * images.mean(dim=(1, 3))[:, : self.size]


class Nearest(nn.Module):
    """Knows some images and their classes, and takes the nearest."""

    def __init__(self, images, labels, sign=1.0):
        super().__init__()
        self.register_buffer("images", torch.from_numpy(images).flatten(1))
        self.register_buffer("labels", torch.from_numpy(labels))
        self.sign = sign

    def forward(self, images):
        near = torch.softmax(-50 * torch.cdist(images.flatten(1), self.images), dim=1)
        return self.sign * near @ nn.functional.one_hot(self.labels, 10).float()
