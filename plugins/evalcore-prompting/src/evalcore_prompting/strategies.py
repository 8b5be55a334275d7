"""Strategies: plans of one dialogue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, TypeVar

from evalcore.strategy import Strategy
from evalcore_prompting.dialogue import Dialogue, Turn
from evalcore_prompting.feedback import FeedbackText
from evalcore_prompting.rehearsal import STAND_INS
from evalcore_prompting.settings import (
    CotRetrySettings,
    DialogueSettings,
    FeedbackSettings,
    MultiTurnSettings,
    ReflexionSettings,
    SelfRepairSettings,
    SingleTurnSettings,
    listed,
)
from evalcore_prompting.templates import library

if TYPE_CHECKING:
    from evalcore.data import Attempt, Sample
    from evalcore.strategy import Context

__all__ = ["CotRetry", "MultiTurn", "Reflexion", "SelfRepair", "SingleTurn"]

S = TypeVar("S", bound=DialogueSettings)


class DialogueStrategy(Strategy[S]):
    """Holds the same dialogue about every sample."""

    stand_ins: ClassVar = STAND_INS

    def __init__(self, settings: S, *turns: Turn) -> None:
        super().__init__(settings)
        prompts = library(settings.prompts)
        self._dialogue = Dialogue(prompts, turns, settings.system, settings.sampling)
        if isinstance(settings, FeedbackSettings):
            limits = settings.test_tokens, settings.feedback_tokens
            self._dialogue = replace(
                self._dialogue,
                max_turns=settings.max_turns,
                feedback=FeedbackText(prompts, settings.feedback, *limits),
            )

    async def attempt(self, sample: Sample, context: Context) -> Attempt:
        """The program that the dialogue ends with, in a fenced block."""
        return await self._dialogue.hold(sample, context)


class SingleTurn(DialogueStrategy[SingleTurnSettings]):
    """Asks for words by each reasoning prompt, then for a program; no feedback is given."""

    def __init__(self, settings: SingleTurnSettings) -> None:
        super().__init__(settings, _turn(settings.reasoning, settings.instruction))


class MultiTurn(DialogueStrategy[MultiTurnSettings]):
    """Asks again, with feedback, until the public tests pass."""

    def __init__(self, settings: MultiTurnSettings) -> None:
        first = _turn(settings.reasoning, settings.instruction)
        others = _turn(settings.retry_reasoning, settings.retry_instruction)
        super().__init__(settings, first, others)


class CotRetry(DialogueStrategy[CotRetrySettings]):
    """Asks plainly, then with guidelines, then for a simple solution in words before the program.

    The adaptive strategy of arXiv 2410.08105: it reasons only where the public tests still fail.
    """

    def __init__(self, settings: CotRetrySettings) -> None:
        super().__init__(
            settings,
            Turn(),
            Turn(instruction="guidelines"),
            Turn(reasoning=("natural-language-solution",)),
        )


class SelfRepair(DialogueStrategy[SelfRepairSettings]):
    """Asks what is wrong with a program that fails, in words, and then for the program again.

    After Olausson et al., "Is Self-Repair a Silver Bullet for Code Generation?" (ICLR 2024,
    arXiv 2306.09896), with one explanation of each program and one repair of it, in a chain.
    """

    def __init__(self, settings: SelfRepairSettings) -> None:
        repair = Turn(reasoning=("explain-mistake",), retry=None)
        super().__init__(settings, Turn(), repair)


class Reflexion(DialogueStrategy[ReflexionSettings]):
    """Asks for a note on a program that fails, and begins anew with the notes so far.

    After Shinn et al., "Reflexion: Language Agents with Verbal Reinforcement Learning" (NeurIPS
    2023, arXiv 2303.11366), with the public tests instead of tests that the model writes.
    """

    def __init__(self, settings: ReflexionSettings) -> None:
        reflect = Turn(reasoning=("reflect",), retry=None, anew=True)
        super().__init__(settings, Turn(), reflect)


def _turn(reasoning: str | tuple[str, ...], instruction: str) -> Turn:
    return Turn(listed(reasoning), next(iter(listed(instruction)), None))
