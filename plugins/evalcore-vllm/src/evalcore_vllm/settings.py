"""What a spec says of a model that vLLM runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo

from evalcore.settings import Settings

__all__ = ["MAX_TOKENS", "VllmSettings"]

MAX_TOKENS = 512
"""Length limit of an answer in tokens where nothing sets one."""

_OWNED = {
    "api_key": "the plugin",
    "dtype": "the setting `dtype`",
    "generation_config": "the plugin",
    "gpu_memory_utilization": "the setting `gpu_memory_utilization`",
    "hf_token": "the environment variable HF_TOKEN",
    "host": "the plugin",
    "max_model_len": "the setting `max_model_len`",
    "model": "the setting `model`",
    "port": "the plugin",
    "revision": "the setting `revision`",
    "served_model_name": "the plugin",
    "tensor_parallel_size": "the setting `tensor_parallel_size`",
}
"""Arguments that `engine` may not hold, and what decides them."""


def _resolved(text: str, info: ValidationInfo) -> str:
    folder = Path((info.context or {}).get("base", "."), Path(text).expanduser())
    return str(folder.resolve()) if folder.is_dir() else text


def _checked(engine: dict[str, Any]) -> dict[str, Any]:
    for name in engine:
        if name in _OWNED:
            raise ValueError(f"{name!r} is decided by {_OWNED[name]}")
        if not name.isidentifier():
            raise ValueError(f"expected a name such as max_num_seqs, found {name!r}")
    return engine


class VllmSettings(Settings):
    """A model, how vLLM runs it, and how it samples."""

    incidental: ClassVar[frozenset[str]] = frozenset(
        {"gpu_memory_utilization", "serve", "startup_seconds"}
    )

    model: Annotated[str, Field(min_length=1), AfterValidator(_resolved)]
    """Folder with weights and a tokenizer, from the spec's folder on, or a name on the Hugging Face
    hub."""
    revision: str | None = None
    """Branch, tag or commit on the hub; by default the main branch."""
    chat: bool | None = None
    """Whether a dialogue goes through the chat template. By default it does where the model has
    one. With false the contents of its messages are joined by a blank line and continued as they
    stand."""
    temperature: float | None = Field(None, ge=0, le=2)
    """Sampling temperature where the strategy sets none; else the model's generation config
    decides, and without it the likeliest token is taken, as with 0."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Nucleus mass where the strategy sets none; else the generation config's."""
    max_tokens: int | None = Field(None, ge=1)
    """Length limit of an answer in tokens where the strategy sets none; else 512. No answer is
    longer than the model's context leaves it."""
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Texts that end an answer, besides those of the strategy."""
    dtype: str = Field("auto", min_length=1)
    """Type of the numbers: `auto` as in the weights, else `bfloat16`, `float16` or `float32`."""
    max_model_len: int | None = Field(None, ge=2)
    """Tokens of a prompt with its answer at most; by default what the model allows."""
    tensor_parallel_size: int = Field(1, ge=1)
    """GPUs that share the weights."""
    gpu_memory_utilization: float | None = Field(None, gt=0, le=1)
    """Share of each GPU's memory that vLLM may take, on a CPU of the machine's; by default what
    vLLM takes."""
    engine: Annotated[dict[str, Any], AfterValidator(_checked)] = Field(default={})
    """Further arguments of vLLM's engine by their Python names, such as `max_num_seqs`."""
    serve: bool = False
    """Whether `vllm serve` runs beside the run, as a process that the run starts and stops; by
    default the engine is driven from the run's own process."""
    startup_seconds: float = Field(1800, gt=0)
    """How long the server may take until it is ready."""
