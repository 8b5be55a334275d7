"""The dialogue that every strategy holds: turns of reasoning and code, with feedback between them.

A turn asks for words by its reasoning prompts, one exchange each, and then for a program. The
program is tried on the public tests; where it fails, the next turn begins with the feedback. An
answer without a program is a turn too, and the next begins by saying so. The dialogue ends when the
public tests pass or the turns are spent, and the last program is the answer. A turn may also begin
the dialogue anew, and carry into it nothing but what its reasoning prompts were answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalcore.data import Attempt, Message
from evalcore_prompting.extraction import extract, spoken
from evalcore_prompting.lengths import tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from evalcore.data import Feedback, Sample
    from evalcore.strategy import Context
    from evalcore_prompting.extraction import Code
    from evalcore_prompting.lengths import Count
    from evalcore_prompting.templates import Library

__all__ = ["Dialogue", "Turn"]

_FORM = "code block"
"""A statement that speaks of it says by itself how the program is to be given."""
_NO_ANSWER = "(no answer)"
"""Stands for a blank answer in the dialogue: several endpoints refuse messages without a text."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn asks for.

    Attributes:
        reasoning: ids of the prompts that ask for words, an exchange each.
        instruction: id of the prompt that says how the program is to be written, if any.
        retry: id of the prompt that follows the feedback, if any.
        anew: whether the program is asked for in a new dialogue, which begins with the statement
            and the answers of all turns so far to their reasoning prompts, the reflections.
    """

    reasoning: tuple[str, ...] = ()
    instruction: str | None = None
    retry: str | None = "retry"
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A dialogue about any sample.

    Attributes:
        prompts: where the ids are found.
        turns: what each turn asks for; the last also for all turns after it.
        system: message of the system before all others, if not empty.
        sampling: what the model is asked with, as keyword arguments of its `generate`.
        max_turns: turns at most.
        feedback: puts a task's feedback into words, no more than may be by a count of tokens;
            without it none is asked for.
    """

    prompts: Library
    turns: Sequence[Turn]
    system: str
    sampling: Mapping[str, Any]
    max_turns: int = 1
    feedback: Callable[[Feedback, Count], str] | None = None

    async def hold(self, sample: Sample, context: Context) -> Attempt:
        """Make one attempt, whose answer is the last program in a fenced block, or empty.

        Its details are `turns`, their number, `max_turns`, how many there might have been, and
        `code_samples`, how many gave a program. Where feedback is asked for, also `public`, whether
        the answer passes the public tests, and `by_turn`, for each turn which message was
        to hold the program (`message`, from 0), whether it does (`code`) and whether that passed
        (`public`).
        """
        talk = _Talk(self, sample, context)
        tries: list[_Try] = []
        while len(tries) < self.max_turns and not (tries and tries[-1].passed):
            code = extract(await talk.turn(len(tries) + 1, after=tries[-1] if tries else None))
            known = await context.feedback(code.block()) if code and self.feedback else None
            tries.append(_Try(code, known, len(talk.messages) - 1))
        return self._attempt(tries, talk.messages)

    def _attempt(self, tries: Sequence[_Try], messages: Sequence[Message]) -> Attempt:
        programs = [(done.code, done.passed) for done in tries if done.code]
        last, passed = programs[-1] if programs else (None, False)
        details: dict[str, Any] = {
            "turns": len(tries),
            "max_turns": self.max_turns,
            "code_samples": len(programs),
        }
        if self.feedback:
            details |= {"public": passed, "by_turn": [done.told() for done in tries]}
        return Attempt(last.block() if last else "", tuple(messages), details)


@dataclass(frozen=True, slots=True)
class _Try:
    """What came of a turn: its program, what the task lets be known of it, where it was said."""

    code: Code | None
    feedback: Feedback | None
    message: int

    @property
    def passed(self) -> bool:
        return self.feedback is not None and self.feedback.passed

    def told(self) -> dict[str, Any]:
        return {"message": self.message, "code": self.code is not None, "public": self.passed}


class _Talk:
    """The messages of one attempt, and what is about to be said in the next."""

    def __init__(self, dialogue: Dialogue, sample: Sample, context: Context) -> None:
        self.messages: list[Message] = []
        self._dialogue, self._model = dialogue, context.model
        asked = sample.input
        self._opening = [Message("system", dialogue.system)] if dialogue.system else []
        self._opening += [Message("user", asked)] if isinstance(asked, str) else asked
        self._statement = "\n\n".join(m.content for m in self._opening if m.role == "user")
        self._reflections: list[str] = []
        self._begin()

    def _begin(self) -> None:
        """Begin the dialogue, or begin it anew."""
        self._start = len(self.messages)
        self.messages += self._opening
        self._begun = False
        self._parts: list[str] = []
        if self._opening and self._opening[-1].role == "user":
            self._parts.append(self.messages.pop().content)

    async def turn(self, number: int, after: _Try | None) -> str:
        """Hold one turn.

        Args:
            number: of the turn, from 1.
            after: what came of the turn before.

        Returns:
            The answer that is to hold the program.
        """
        turns = self._dialogue.turns
        asked = turns[min(number, len(turns)) - 1]
        if after:
            self._say_what_is_wrong(after, number)
            if asked.retry:
                self._say(asked.retry, number)
        said = [await self._reason(prompt, number) for prompt in asked.reasoning]
        if asked.anew:
            self._reflections += filter(None, (spoken(answer).strip() for answer in said))
            self._begin()
            self._say("lessons", number)
        elif said and not asked.instruction:
            self._say("write-code", number)
        if asked.instruction:
            self._say(asked.instruction, number)
        if not self._statement_says_form():
            self._say("code-block", number)
        return await self._answer()

    def _say_what_is_wrong(self, done: _Try, number: int) -> None:
        if done.feedback and self._dialogue.feedback:
            count = tokens_of(self._model)
            self._parts.append(self._dialogue.feedback(done.feedback, count))
        else:
            self._say("no-code", number)

    async def _reason(self, prompt: str, number: int) -> str:
        self._say(prompt, number)
        return await self._answer()

    def _statement_says_form(self) -> bool:
        """Whether the next message holds the statement, and this says how to give a program."""
        return not self._begun and _FORM in self._statement.lower()

    def _say(self, prompt: str, number: int) -> None:
        dialogue = self._dialogue
        text = dialogue.prompts.render(
            prompt,
            statement=self._statement,
            turn=number,
            max_turns=dialogue.max_turns,
            reflections=self._reflections,
        )
        self._parts.append(text)

    async def _answer(self) -> str:
        self.messages.append(Message("user", "\n\n".join(filter(None, self._parts))))
        self._begun, self._parts = True, []
        asked = self.messages[self._start :]
        generation = await self._model.generate(asked, **self._dialogue.sampling)
        shown = generation.text if generation.text.strip() else _NO_ANSWER
        self.messages.append(Message("assistant", shown))
        return generation.text
