from __future__ import annotations

from pathlib import Path

import pytest
from labelled_programs import folder


@pytest.fixture(scope="session")
def sets() -> Path:
    """Return the folder of the labelled sets; tests that need it are skipped without."""
    found = folder()
    if found is None:
        pytest.skip("no labelled programs: EVALCORE_SHARED names no folder that holds them")
    return found
