"""Distributions made for a test."""

from __future__ import annotations

import pytest
from places import Place


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)
