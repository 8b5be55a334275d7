"""What the core asks of every model, of both ways."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import SMALL, Elsewhere, needs_vllm

from evalcore.testing import ModelContract


class Contract(ModelContract):
    component = "vllm"

    @pytest.fixture
    def component_settings(self, tiny: Path) -> Mapping[str, Any]:
        return {"model": str(tiny), "max_tokens": 16, **SMALL}


@needs_vllm
class TestInProcess(Contract):
    @pytest.fixture(autouse=True)
    def shared(self, engine: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("evalcore_vllm.model._backend", lambda _: engine)


@needs_vllm
class TestServed(Contract):
    @pytest.fixture(autouse=True)
    def shared(self, server: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("evalcore_vllm.model._backend", lambda _: server)
