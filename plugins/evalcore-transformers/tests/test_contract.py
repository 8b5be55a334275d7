from __future__ import annotations

import pytest

from evalcore.testing import ModelContract


class TestTransformers(ModelContract):
    component = "transformers"

    @pytest.fixture
    def component_settings(self, tiny):
        return {"model": str(tiny), "temperature": 1.0}

    def test_settings_refuse_what_they_do_not_know(self, found, component_settings):
        type(self).settings = component_settings
        super().test_settings_refuse_what_they_do_not_know(found)
