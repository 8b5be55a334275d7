"""The arguments of vLLM's engine that a spec's settings come to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalcore_vllm.settings import VllmSettings

__all__ = ["command_line", "engine_arguments"]

_FLAGS = {
    "aggregate_engine_logging",
    "data_parallel_multi_port_external_lb",
    "disable_log_stats",
}
"""What `vllm serve` can only be told to do: it has no `--no-` for it."""


def engine_arguments(settings: VllmSettings) -> dict[str, Any]:
    """By their Python names; how answers are sampled is in each request, never in a default."""
    named = {
        "model": settings.model,
        "revision": settings.revision,
        "dtype": settings.dtype,
        "max_model_len": settings.max_model_len,
        "tensor_parallel_size": settings.tensor_parallel_size,
        "gpu_memory_utilization": settings.gpu_memory_utilization,
        "generation_config": "vllm",
        "disable_log_stats": True,
        **settings.engine,
    }
    return {name: value for name, value in named.items() if value is not None}


def command_line(arguments: dict[str, Any]) -> list[str]:
    """The same as `vllm serve` takes them."""
    words = [arguments["model"]]
    for name, value in arguments.items():
        if name != "model" and not (value is False and name in _FLAGS):
            words += _option(name.replace("_", "-"), value)
    return words


def _option(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if isinstance(value, list):
        return [f"--{name}", *map(str, value)]
    return [f"--{name}={json.dumps(value) if isinstance(value, dict) else value}"]
