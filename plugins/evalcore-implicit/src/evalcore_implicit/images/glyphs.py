"""Task `glyphs`: symbols of a few strokes, drawn for the purpose."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from evalcore_implicit.images.drawing import Images
from evalcore_implicit.images.labelled import Labelled
from evalcore_implicit.images.strokes import SYMBOLS, Hand, drawn
from evalcore_implicit.images.task import Drawn, ImageSettings, ImageTask

__all__ = ["Glyphs", "GlyphsSettings"]


class GlyphsSettings(ImageSettings):
    """How many symbols are drawn, and how unlike each other."""

    train_samples: int = Field(2000, ge=2)
    """Symbols to learn from."""
    test_samples: int = Field(1000, ge=1)
    """Symbols to be tested with."""
    size: int = Field(14, ge=8, le=64)
    """Height and width of an image in pixels."""
    noise: float = Field(0.15, ge=0, le=1)
    """Standard deviation of what is added to each pixel, where ink is from 0.5 to 1."""


class Glyphs(ImageTask[GlyphsSettings]):
    """Ten symbols: plus, times, rectangle, triangle, T, L, Z, N, V and H.

    Each is drawn with another place, height, width, turn, thickness, ink and ends of its strokes,
    and noise. The symbols are as likely as each other.
    """

    def drawn(self, number: int) -> Drawn:
        """Drawn with a hand of its own for each drawing."""
        settings = self.settings
        rng = np.random.default_rng([settings.seed, number])
        count = settings.train_samples + settings.test_samples
        labels = rng.integers(len(SYMBOLS), size=count)
        hand = Hand(noise=settings.noise)
        symbols = Labelled(drawn(rng, labels, settings.size, hand), labels)
        train, test = np.split(np.arange(count), [settings.train_samples])
        inputs, classes = symbols.take(train)
        test_inputs, test_classes = symbols.take(test)
        return Drawn(Images(inputs, classes, test_inputs), test_classes)
