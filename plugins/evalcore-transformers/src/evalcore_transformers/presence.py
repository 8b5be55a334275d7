"""Whether a model can be there and be computed with, as far as its weights need not be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from evalcore_transformers.settings import TransformersSettings

__all__ = ["check_presence"]

_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)
_EXPECTED = (
    "Expected a folder with config, tokenizer and weights (*.safetensors or *.bin), or a name on "
    "the Hugging Face hub"
)
_PARTS = {
    "config": ("config.json",),
    "tokenizer": ("*token*", "*vocab*", "*.model", "*.tiktoken", "tekken.json"),
    "weights": ("*.safetensors", "*.bin"),
}
"""What a folder must hold, with patterns of the names that files of it have."""


def check_presence(settings: TransformersSettings) -> None:
    """Refuse at once what would be found out with the first request, or as a name on the hub.

    Torch is imported only where a GPU is asked for; the hub is not asked.

    Raises:
        EvalcoreError: if there is no such folder, it lacks a part of a model, or there is no such
            GPU.
    """
    _check_name(settings.model)
    if settings.device.startswith("cuda"):
        _check_gpu(settings.device)


def _check_name(name: str) -> None:
    folder = Path(name)
    if folder.is_dir():
        absent = [part for part, names in _PARTS.items() if not _holds(folder, names)]
        if absent:
            raise EvalcoreError(f"{name} holds no {' and no '.join(absent)}. {_EXPECTED}")
    elif name.startswith(("/", ".", "~")):
        raise EvalcoreError(f"there is no folder {name}. {_EXPECTED}")
    elif not _HUB_NAME.fullmatch(name):
        raise EvalcoreError(
            f"there is no folder {name}, and no name on the hub is of that form. {_EXPECTED}"
        )


def _holds(folder: Path, names: tuple[str, ...]) -> bool:
    return any(next(folder.glob(name), None) for name in names)


def _check_gpu(device: str) -> None:
    import torch

    count = torch.cuda.device_count()
    if (torch.device(device).index or 0) >= count:
        raise EvalcoreError(
            f"no GPU for `device: {device}`: torch {torch.__version__} sees {count} here; write "
            "`device: auto` to take what there is"
        )
