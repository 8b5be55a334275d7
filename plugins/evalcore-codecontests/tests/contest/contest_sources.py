"""The contest's source form and its builder, which stand beside the package and not in it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "contest"))

import build
import sources

__all__ = ["build", "sources"]
