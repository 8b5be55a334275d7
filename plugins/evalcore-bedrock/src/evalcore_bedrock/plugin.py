"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_models() -> list[Component]:
    """One model component for all that Bedrock serves."""
    return [
        Component(
            name="bedrock",
            summary="A model on Amazon Bedrock, through the Converse API",
            path="evalcore_bedrock.model:Bedrock",
            settings="evalcore_bedrock.settings:BedrockSettings",
        )
    ]
