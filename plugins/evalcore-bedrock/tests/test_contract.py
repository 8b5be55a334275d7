"""What every model must hold to."""

from __future__ import annotations

from typing import ClassVar

import pytest
from endpoint import REGION, Endpoint

from evalcore.testing import ModelContract
from evalcore_bedrock.settings import BedrockSettings


class TestBedrock(ModelContract):
    component = "bedrock"
    settings: ClassVar = {"model": "us.anthropic.claude-3-haiku-20240307-v1:0", "region": REGION}

    @pytest.fixture
    def component_settings(self, endpoint: Endpoint):
        return {**self.settings, "endpoint_url": endpoint.url}


def test_what_is_incidental_are_settings():
    assert BedrockSettings.model_fields.keys() >= BedrockSettings.incidental
