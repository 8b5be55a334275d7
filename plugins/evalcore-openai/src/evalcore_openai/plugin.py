"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_models() -> list[Component]:
    """One model: whatever stands behind the endpoint."""
    return [
        Component(
            name="openai",
            summary="A model behind any OpenAI-compatible endpoint",
            path="evalcore_openai.model:OpenAI",
            settings="evalcore_openai.settings:OpenAISettings",
        )
    ]
