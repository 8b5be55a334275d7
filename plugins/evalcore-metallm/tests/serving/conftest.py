from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from served import Served, save_router
from upstreams import FakeUpstream

from evalcore_metallm.serving.settings import ServeSettings


@pytest.fixture
def upstreams() -> Iterator[dict[str, FakeUpstream]]:
    with FakeUpstream("small answer here") as small, FakeUpstream("a large answer") as large:
        yield {"small": small, "large": large}


@pytest.fixture
def make_settings(
    tmp_path: Path, upstreams: dict[str, FakeUpstream]
) -> Callable[..., ServeSettings]:
    """Settings of a server in front of the upstreams."""

    def make(**settings: object) -> ServeSettings:
        named = {
            name: {"base_url": upstream.url, "model": f"{name}-1"}
            for name, upstream in upstreams.items()
        }
        chosen = {"upstreams": named, "state": tmp_path / "state.db", **settings}
        return ServeSettings.model_validate(chosen)

    return make


@pytest.fixture
def serve(
    tmp_path: Path, make_settings: Callable[..., ServeSettings]
) -> Iterator[Callable[..., Served]]:
    """Starts servers in front of the upstreams, and stops them at the end."""
    with ExitStack() as stack:

        def start(router: Path | None = None, **settings: object) -> Served:
            served = Served(router or save_router(tmp_path), make_settings(**settings))
            return stack.enter_context(served)

        yield start
