"""Names beside points."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from evalcore_metallm.report.drawing import INK, drawing, figure
from evalcore_metallm.report.labels import beside


@pytest.mark.parametrize("seed", range(5))
def test_names_cover_neither_each_other_nor_points_and_stay_inside(seed):
    """Ten of them, two on the same point, and a line."""
    at = np.random.default_rng(seed).uniform(0.1, 0.9, (10, 2))
    at[9] = at[0]
    with drawing():
        of = figure(600, 400)
        axes = of.add_subplot()
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.plot(*at.T, "D")
        axes.plot([0, 1], [0.05, 0.05])
        beside(axes, at.tolist(), [f"model {number}" for number in range(10)], color=INK, size=8)
        of.draw_without_rendering()
        boxes = [Text.get_window_extent(text) for text in axes.texts]
        points = axes.transData.transform(at)
        assert [text.get_text() for text in axes.texts] == [f"model {n}" for n in range(10)]
        assert all(Bbox.intersection(*pair) is None for pair in combinations(boxes, 2))
        for box in boxes:
            assert not ((points > box.min) & (points < box.max)).all(axis=1).any()
            assert (axes.bbox.min <= box.min).all()
            assert (box.max <= axes.bbox.max).all()
