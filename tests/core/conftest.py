"""How many examples a property is tried on: few while one works, many where the matrix runs."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("few", max_examples=25, deadline=None)
settings.register_profile("many", max_examples=100, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "few"))
