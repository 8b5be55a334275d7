"""The fixtures that pytest finds wherever evalcore is installed.

Every pytest run on such a machine imports this module, so it imports nothing of the core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from evalcore.testing.offers import Offer
    from evalcore.testing.runs import SpecRunner

pytest.register_assert_rewrite(
    "evalcore.testing.contract",
    "evalcore.testing.metrics",
    "evalcore.testing.models",
    "evalcore.testing.strategies",
    "evalcore.testing.tasks",
)


@pytest.fixture
def evalcore_run(tmp_path: Path) -> SpecRunner:
    """Runs a spec in this process, in the test's own folder; see `evalcore.testing.SpecRunner`."""
    from evalcore.testing.runs import SpecRunner

    return SpecRunner(tmp_path)


@pytest.fixture
def evalcore_offer() -> Iterator[Offer]:
    """Offers components for this test alone; see `evalcore.testing.Offer`."""
    from evalcore.testing.offers import Offer

    with Offer() as offer:
        yield offer
