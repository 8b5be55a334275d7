"""Features: queries as rows of numbers."""

from __future__ import annotations

from evalcore_metallm.features.catalogue import FeatureSettings, make
from evalcore_metallm.features.featuriser import Featuriser

__all__ = ["FeatureSettings", "Featuriser", "make"]
