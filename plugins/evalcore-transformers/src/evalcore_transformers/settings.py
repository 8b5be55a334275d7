"""What a spec says of a model and how it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from evalcore.settings import Settings

__all__ = ["MAX_TOKENS", "TransformersSettings"]

MAX_TOKENS = 512
"""Length limit of an answer in tokens where nothing sets one."""


def _resolved(text: str, info: ValidationInfo) -> str:
    folder = Path((info.context or {}).get("base", "."), Path(text).expanduser())
    return str(folder.resolve()) if folder.is_dir() else text


class TransformersSettings(Settings):
    """A model, how it is run, and how it samples."""

    incidental: ClassVar[frozenset[str]] = frozenset({"batch_size"})

    model: Annotated[str, Field(min_length=1), AfterValidator(_resolved)]
    """Folder with weights and a tokenizer, from the spec's folder on, or a name on the Hugging Face
    hub."""
    revision: str | None = None
    """Branch, tag or commit on the hub; by default the main branch."""
    chat: bool | None = None
    """Whether a dialogue goes through the chat template. By default it does where the model has
    one. With false the contents of its messages are joined by a blank line and continued as they
    stand."""
    temperature: float | None = Field(None, ge=0, allow_inf_nan=False)
    """Sampling temperature where the strategy sets none; else the model's generation config
    decides, and without it the likeliest token is taken, as with 0."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Nucleus mass where the strategy sets none; else the generation config's."""
    max_tokens: int | None = Field(None, ge=1)
    """Length limit of an answer in tokens where the strategy sets none; else 512. No answer is
    longer than the model's context leaves it."""
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Texts that end an answer, besides those of the strategy."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Type of the numbers: `auto` as in the weights."""
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    """Where it computes: `cpu`, `cuda`, `cuda:1`; `auto` takes a GPU where there is one."""
    batch_size: int = Field(32, ge=1)
    """Requests that it works on at a time at most; what fits into memory."""
    threads: int | None = Field(None, ge=1)
    """Threads that it computes with on a CPU, where PyTorch's own choice is too many: a model of a
    few million parameters is fastest with one."""
    trust_remote_code: bool = False
    """Whether Python code that comes with the model may run."""
