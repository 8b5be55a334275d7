"""Prompts, dialogues with execution feedback, and pass n@k for code generation.

The names below are the public interface; each is imported when it is first used, so that the
plugin's declarations load no template engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalcore_prompting.rehearsal import rehearse
    from evalcore_prompting.templates import Library, Prompt, PromptError, library

_HOMES = {
    "Library": "templates",
    "Prompt": "templates",
    "PromptError": "templates",
    "library": "templates",
    "rehearse": "rehearsal",
}

__all__ = ["Library", "Prompt", "PromptError", "library", "rehearse"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'evalcore_prompting' has no attribute {name!r}")
    return getattr(import_module(f"evalcore_prompting.{_HOMES[name]}"), name)
