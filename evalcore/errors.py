"""The errors that users meet; the command line prints their text and no traceback.

EvalcoreError
├── SpecError           the spec is wrong: every problem found, with its place
├── PluginError         a plugin that the spec names cannot be used
│   └── UnknownComponent    no installed plugin offers that name, or several do
├── RunError            a run directory cannot be used as asked
└── TaskError           a task cannot give its samples or score an answer
"""

from __future__ import annotations

__all__ = ["EvalcoreError", "PluginError", "RunError", "SpecError", "TaskError", "UnknownComponent"]


class EvalcoreError(Exception):
    """Something that the user can mend; its text says how."""


class SpecError(EvalcoreError):
    """A spec that cannot run.

    Attributes:
        problems: one text for each problem, each with its place in the file.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class PluginError(EvalcoreError):
    """A plugin that is needed cannot be used."""


class UnknownComponent(PluginError):  # noqa: N818 - it says what it is
    """No component has that name, or more than one has."""


class RunError(EvalcoreError):
    """A run directory cannot be used as asked."""


class TaskError(EvalcoreError):
    """A task cannot give its samples, or cannot score an answer."""
