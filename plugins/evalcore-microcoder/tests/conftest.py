from __future__ import annotations

from hypothesis import settings

settings.register_profile("brief", deadline=None, max_examples=40)  # a busy machine is no failure
settings.load_profile("brief")
