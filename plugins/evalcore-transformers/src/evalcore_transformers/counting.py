"""How many tokens a text has, told by the tokenizer's file: neither torch nor weights are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalcore_transformers.settings import TransformersSettings

__all__ = ["counter"]

_FILE = "tokenizer.json"


def counter(settings: TransformersSettings) -> Callable[[str], int] | None:
    """What counts the tokens of texts; `None` where the file is not there, or not yet.

    It is looked for in the model's folder, or among what the hub's client keeps on this machine.
    The tokens that a tokenizer puts around a prompt, such as a BOS, are not counted.
    """
    file = _found(settings)
    if file is None:
        return None
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(text: str) -> int:
        whole = text.encode("utf-8", "replace").decode()  # half a surrogate pair has no tokens
        return len(tokenizer.encode(whole, add_special_tokens=False))

    return count


def _found(settings: TransformersSettings) -> Path | None:
    folder = Path(settings.model)
    if folder.is_dir():
        return folder / _FILE if (folder / _FILE).is_file() else None
    from huggingface_hub import try_to_load_from_cache

    kept = try_to_load_from_cache(settings.model, _FILE, revision=settings.revision or "main")
    return Path(kept) if isinstance(kept, str) else None
