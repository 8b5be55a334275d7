"""Components by the names that `parts.write_spec` writes; a test offers its own in their place."""

from __future__ import annotations

import pytest
from parts import adds, strategy_of, task_of


@pytest.fixture(autouse=True)
def offered(evalcore_offer):
    def offer(name, cls, **rest):
        for kind, known in evalcore_offer._components.items():
            evalcore_offer._components[kind] = tuple(c for c in known if c.name != name)
        evalcore_offer(name, cls, **rest)

    offer("numbers", task_of())
    offer("made", strategy_of(adds))
    return offer
