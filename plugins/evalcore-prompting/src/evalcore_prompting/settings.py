"""The settings of the strategies: which prompts, how much feedback, how the model samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from evalcore.settings import DataPath, Settings
from evalcore_prompting.templates import PromptError, library

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import ValidationInfo

    from evalcore_prompting.families import Family

__all__ = [
    "CotRetrySettings",
    "DialogueSettings",
    "FeedbackSettings",
    "MultiTurnSettings",
    "ReflexionSettings",
    "SelfRepairSettings",
    "SingleTurnSettings",
    "listed",
]

_NONE = "none"
_FAMILIES: dict[str, Family] = {
    "reasoning": "reasoning",
    "instruction": "instruction",
    "retry_reasoning": "reasoning",
    "retry_instruction": "instruction",
    "feedback": "feedback",
}
"""Of which family the prompts are that a setting names."""
_TURNS_CHECKED = 30
"""Turns at most for which a user's prompts are rendered before a run."""


class DialogueSettings(Settings):
    """What the model is told besides prompts, and how it samples; what is not set is left to it."""

    system: str = ""
    """System message before all others."""
    temperature: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Sampling temperature."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Nucleus mass."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Length limit of each answer in tokens."""
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Texts that end an answer."""
    prompts: DataPath | None = None
    """A folder of template files `ID.jinja`, which add prompts or replace those of the same id."""

    @property
    def sampling(self) -> Mapping[str, Any]:
        """How the model samples, as keyword arguments of its `generate`."""
        return self.model_dump(include={"temperature", "top_p", "max_tokens", "stop"})

    @field_validator("prompts")
    @classmethod
    def _can_be_read(cls, folder: DataPath | None) -> DataPath | None:
        library(folder)
        return folder

    @field_validator(*_FAMILIES, check_fields=False)
    @classmethod
    def _are_of_their_family(cls, value: Any, info: ValidationInfo) -> Any:
        if "prompts" not in info.data:  # what is wrong with the folder is said already
            return value
        prompts, family = library(info.data["prompts"]), _FAMILIES[str(info.field_name)]
        if family == "feedback" and value == _NONE:
            raise PromptError(
                f"no feedback prompt 'none'; there are: {', '.join(prompts.ids(family))}; "
                "`single-turn` is the strategy without feedback"
            )
        for id_ in (value,) if family == "feedback" else listed(value):
            if id_ == _NONE:
                raise PromptError("`none` stands alone, for no prompt; leave it out of the list")
            prompts.of_family(id_, family)
        return value


class SingleTurnSettings(DialogueSettings):
    """Settings of `single-turn`."""

    reasoning: str | tuple[str, ...] = _NONE
    """Reasoning prompts that are answered in words before the program: an id, a list, or `none`."""
    instruction: str = _NONE
    """The prompt that says how the program is to be written: an id, or `none`."""


class FeedbackSettings(DialogueSettings):
    """Settings of all dialogues with feedback."""

    max_turns: int = Field(default=3, ge=1, le=100)
    """Turns at most, those counted whose answer holds no program."""
    feedback: str = "failed-tests"
    """What is told of a program that fails: `binary`, `failed-tests`, `all-tests`, `traced` (for a
    task that traces programs), or the id of a feedback prompt of your own."""
    test_tokens: int = Field(default=128, ge=10)
    """Tokens of the model that the texts of one test may have in the feedback; where its tokenizer
    is not known, four characters are a token."""
    feedback_tokens: int = Field(default=1_000, ge=25)
    """Tokens that the feedback may have."""

    @model_validator(mode="after")
    def _can_be_said_in_each_turn(self) -> Self:
        if self.prompts:
            library(self.prompts).check_turns(min(self.max_turns, _TURNS_CHECKED))
        return self


class MultiTurnSettings(FeedbackSettings, SingleTurnSettings):
    """Settings of `multi-turn`; `reasoning` and `instruction` are those of the first turn."""

    retry_reasoning: str | tuple[str, ...] = _NONE
    """Reasoning prompts after the feedback, answered before the next program."""
    retry_instruction: str = _NONE
    """The prompt that says how the next program is to be written."""


class CotRetrySettings(FeedbackSettings):
    """Settings of `cot-retry`."""


class SelfRepairSettings(FeedbackSettings):
    """Settings of `self-repair`."""


class ReflexionSettings(FeedbackSettings):
    """Settings of `reflexion`."""


def listed(prompts: str | tuple[str, ...]) -> tuple[str, ...]:
    """The ids that a setting names, `none` being no id."""
    if isinstance(prompts, str):
        return () if prompts == _NONE else (prompts,)
    return prompts
