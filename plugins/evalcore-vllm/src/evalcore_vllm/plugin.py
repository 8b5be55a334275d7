"""What this plugin declares."""

from __future__ import annotations

from evalcore.component import Component
from evalcore.hookspecs import hookimpl


@hookimpl
def evalcore_models() -> list[Component]:
    """One model, in process or served beside the run."""
    return [
        Component(
            name="vllm",
            summary="A model that vLLM runs, in process or as a server beside the run",
            path="evalcore_vllm.model:Vllm",
            settings="evalcore_vllm.settings:VllmSettings",
        )
    ]
