"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_models() -> list[Component]:
    """One model, in process."""
    return [
        Component(
            name="transformers",
            summary="A Hugging Face causal language model, in process",
            path="evalcore_transformers.model:Transformers",
            settings="evalcore_transformers.settings:TransformersSettings",
        )
    ]
