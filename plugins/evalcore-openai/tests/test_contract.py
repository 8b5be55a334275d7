"""What every model must hold to, against an endpoint on a real socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from evalcore.testing import ModelContract


class TestChat(ModelContract):
    component = "openai"
    extra: ClassVar[Mapping[str, Any]] = {"api_key": "sk-a-key-of-the-contract"}

    @pytest.fixture
    def component_settings(self, serve):
        return {"model": "m", "base_url": serve().url, **self.extra}


class TestPlainCompletions(TestChat):
    extra: ClassVar[Mapping[str, Any]] = {"chat": False, "headers": {"X-Token": "a gateway's key"}}
