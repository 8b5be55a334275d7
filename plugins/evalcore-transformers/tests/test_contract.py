from __future__ import annotations

import pytest

from evalcore.testing import ModelContract


class TestTransformers(ModelContract):
    component = "transformers"

    @pytest.fixture
    def component_settings(self, tiny):
        return {"model": str(tiny), "temperature": 1.0}
