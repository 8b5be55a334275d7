from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from labelled_programs import folder

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def sets() -> Path:
    """Return the folder of the labelled sets; tests that need it are skipped without."""
    found = folder()
    if found is None:
        pytest.skip("no labelled programs: EVALCORE_SHARED names no folder that holds them")
    return found
