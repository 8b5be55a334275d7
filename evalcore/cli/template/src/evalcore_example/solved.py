"""Metric `example-solved`: share of samples that some attempt got right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from evalcore import Metric, Settings, stats

if TYPE_CHECKING:
    from evalcore import Estimate, Scores


class Solved(Metric[Settings]):
    """Failed attempts do not count; a sample of which all failed is left out."""

    def compute(self, scores: Scores) -> Estimate:
        """The share, with an interval over the samples."""
        kept = ~scores.failed
        values, samples = scores.column("value")[kept], scores.sample[kept]
        solved = [values[samples == sample].max() == 1.0 for sample in np.unique(samples)]
        return stats.proportion(solved)
