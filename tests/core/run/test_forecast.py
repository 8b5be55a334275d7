"""What a run takes at most, before it begins; every number is compared with a run."""

from __future__ import annotations

from itertools import count
from typing import ClassVar

import pytest
from parts import run, task_of, write_spec

from evalcore import Attempt, EvalcoreError, Generation, LanguageModel, Message, Settings
from evalcore.data import Case, Feedback, Likelihood, Sample
from evalcore.forecast import Expected, forecast
from evalcore.spec import load_spec
from evalcore.strategy import StandIns, Strategy

PRICE = {"prompt": 1_000_000, "completion": 10_000_000}


class Words(LanguageModel[Settings]):
    """Counts words, and writes as many as it may; it must not be opened by a forecast."""

    async def generate(self, request):
        read = sum(self.count_tokens(message.content) for message in request.messages)
        text = " ".join(["word"] * (request.max_tokens or 1))
        others = (Generation(text),) * (request.n - 1)
        return Generation(text, "stop", read, request.n * (request.max_tokens or 1), others=others)

    async def loglikelihood(self, request):
        read = self.count_tokens(request.context) + self.count_tokens(request.text)
        return Likelihood(0.0, True, read, 1)

    def count_tokens(self, text):
        return len(text.split())


class TalkSettings(Settings):
    turns: int = 2
    opening: str = "Begin."
    max_tokens: int | None = 5
    temperature: float | None = None
    stopping: bool = False
    """Whether the dialogue ends when the task is content."""


class Talk(Strategy[TalkSettings]):
    """Asks on and on, with what the task says of each answer."""

    stand_ins: ClassVar = StandIns("[answer]", Feedback(passed=False, text="Try again."))

    async def attempt(self, sample, context):
        own = self.settings
        messages = [Message("user", f"{own.opening} {sample.input}")]
        for _ in range(own.turns):
            answer = await context.model.generate(
                messages, max_tokens=own.max_tokens, temperature=own.temperature
            )
            messages.append(Message("assistant", answer.text))
            feedback = await context.feedback(answer.text)
            if own.stopping and feedback.passed:
                break
            messages.append(Message("user", feedback.text))
        return Attempt(answer.text, tuple(messages))


def told(folder, **keys):
    return forecast(load_spec(write_spec(folder, **{"models": {"m": "words"}, **keys})))


@pytest.fixture(autouse=True)
def components(offered, monkeypatch, tmp_path):
    monkeypatch.setenv("EVALCORE_CACHE", str(tmp_path / "cache"))
    numbers = task_of(6, feedback=lambda self, case, answer: Feedback(False, "Try again."))
    offered("numbers", numbers)
    offered("talk", Talk, settings=TalkSettings)
    offered("words", Words)


def spent(folder, **keys):
    outcome = run(folder, **{"models": {"m": {"use": "words", "price": PRICE}}, **keys})
    assert outcome.code == 0
    return outcome.progress.ledger


SWEEP = {
    "strategy": {"use": "talk", "turns": 3},
    "attempts": 2,
    "sweep": {"strategy.opening": ["Begin.", "Now begin at once."], "strategy.turns": [1, 2, 3]},
}


def test_where_answers_are_as_long_as_may_be_the_run_takes_what_was_told(tmp_path):
    model = {"use": "words", "price": PRICE}
    expected = told(tmp_path, models={"m": model}, **SWEEP)
    ledger = spent(tmp_path, **SWEEP)
    total = expected.total
    assert total.calls == ledger.calls == 2 * 2 * 6 * (1 + 2 + 3)
    assert total.prompt_tokens + total.completion_tokens == ledger.tokens
    assert total.dollars == pytest.approx(ledger.dollars)
    assert (expected.rehearsed, expected.samples) == (6, 6)
    assert (expected.open_ended, expected.guessed) == (False, False)
    parts = expected.cells.values()
    assert total.calls == sum(cell.calls for cell in parts)
    assert total.prompt_tokens == sum(cell.prompt_tokens for cell in parts)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_first_turns_that_cells_share_are_counted_once(tmp_path, temperature):
    keys = {**SWEEP, "cache": True}
    keys["strategy"] = {**keys["strategy"], "temperature": temperature}
    expected = told(tmp_path, **keys).total
    ledger = spent(tmp_path, **keys)
    made = ledger.calls - ledger.cached
    attempts = 1 if temperature == 0 else 2
    first, later = 2 * 6 * attempts, 2 * 2 * 6 * (0 + 1 + 2)
    assert expected.calls == first + later
    assert expected.calls >= made
    assert made == first + 2 * 6 * attempts * 2  # feedback was equal, which nobody could know
    assert told(tmp_path, **{**keys, "cache": False}).total.calls == 144


def test_what_follows_unlike_answers_is_no_call_to_share(tmp_path, offered, monkeypatch):
    class Summary(Talk):
        """Asks, and then about the answer alone: two calls that look alike in every cell."""

        async def attempt(self, sample, context):
            own = self.settings
            first = await context.model.generate(
                f"{own.opening} {sample.input}", temperature=own.temperature, max_tokens=own.turns
            )
            last = await context.model.generate(f"Sum up: {first.text}", temperature=0)
            return Attempt(last.text)

    class Parrot(Words):
        async def generate(self, request):
            return Generation(request.messages[-1].content + str(request.seed), "stop", 1, 1)

    offered("words", Parrot)
    offered("talk", Summary, settings=TalkSettings)
    for folder, temperature, once in [("greedy", 0, 1), ("by-chance", 1, 3)]:
        keys = {
            "strategy": {"use": "talk", "temperature": temperature},
            "sweep": {"strategy.opening": ["Begin.", "Begin now."], "strategy.max_tokens": [1, 2]},
            "attempts": 3,
            "cache": True,
        }
        (tmp_path / folder).mkdir()
        monkeypatch.setenv("EVALCORE_CACHE", str(tmp_path / folder))
        ledger = spent(tmp_path / folder, **keys)
        expected = told(tmp_path, **keys).total.calls
        assert expected == ledger.calls - ledger.cached == 6 * 2 * once * 2


def test_a_cell_by_itself_shares_with_no_other(tmp_path):
    expected = told(tmp_path, **SWEEP, cache=True)
    assert [cell.calls for cell in expected.cells.values()] == [12, 24, 36] * 2
    assert expected.total.calls == 24 + 72


def test_attempts_that_end_sooner_take_less(tmp_path, offered):
    turns = count()

    def feedback(self, case, answer):
        return Feedback(passed=next(turns) % 2 == 0, text="Try again.")

    offered("numbers", task_of(6, feedback=feedback))
    keys = {"strategy": {"use": "talk", "turns": 5, "stopping": True}}
    expected = told(tmp_path, **keys).total
    ledger = spent(tmp_path, **keys)
    assert expected.calls == 30 > ledger.calls
    assert expected.prompt_tokens + expected.completion_tokens > ledger.tokens


def test_without_a_limit_of_answers_their_tokens_and_dollars_are_not_known(tmp_path):
    strategy = {"use": "talk", "max_tokens": None}
    assert told(tmp_path, strategy=strategy).total == Expected(12, 66, None, 0.0)
    priced = {"m": {"use": "words", "price": PRICE}}
    assert told(tmp_path, strategy=strategy, models=priced).total.dollars is None


def test_a_model_that_does_not_count_is_guessed_and_may_have_a_limit_itself(tmp_path, offered):
    class Limited(Settings):
        max_tokens: int = 7

    class Plain(LanguageModel[Limited]):
        async def generate(self, request):
            raise AssertionError

    offered("plain", Plain, settings=Limited)
    offered("numbers", task_of([Case(Sample("a", "x" * 33))]))
    expected = told(
        tmp_path, models={"m": "plain"}, strategy={"use": "talk", "turns": 1, "max_tokens": None}
    )
    assert expected.guessed
    assert expected.total == Expected(1, 10, 7, 0.0)


def test_of_many_samples_some_are_tried_and_all_are_told(tmp_path, offered):
    def cases():
        yield from (Case(Sample(f"s{i}", "word " * (i % 2 + 1))) for i in range(2_000))

    keys = {"strategy": {"use": "talk", "turns": 1}, "sweep": {"seed": list(range(100))}}
    offered("numbers", task_of(cases, size=lambda self: 2_000))
    expected = told(tmp_path, **keys)
    assert (expected.rehearsed, expected.samples, expected.open_ended) == (20, 2_000, False)
    assert expected.total.calls == 200_000
    assert expected.total.completion_tokens == 1_000_000
    offered("numbers", task_of(cases))
    expected = told(tmp_path, **keys)
    assert (expected.rehearsed, expected.samples, expected.open_ended) == (20, 200, True)
    assert expected.total.calls == 20_000


def test_several_texts_and_likelihoods_count_as_what_they_are(tmp_path, offered):
    class Several(Strategy[Settings]):
        stand_ins: ClassVar = StandIns()

        async def attempt(self, sample, context):
            answer = await context.models["m"].generate("one two", n=3, max_tokens=4)
            scored = await context.models["k"].loglikelihood("one two three", "four")
            assert context.models["m"].count_tokens("a b") in {2, None}
            return Attempt(f"{len(answer.others)} {scored.greedy}")

    offered("several", Several)
    keys = {"strategy": "several", "models": {"m": "words", "k": "words"}}
    expected = told(tmp_path, **keys).total
    ledger = spent(tmp_path, **keys)
    assert expected == Expected(12, 6 * (2 + 4), 6 * 3 * 4, 0.0)
    assert (ledger.calls, ledger.tokens) == (12, 36 + 72)


class Silent(Strategy[Settings]):
    async def attempt(self, sample, context):
        raise AssertionError


class Broken(Strategy[Settings]):
    stand_ins: ClassVar = StandIns()

    async def attempt(self, sample, context):
        raise KeyError("no such word")


def cannot_open(self):
    raise OSError("no disk")


def cannot_read():
    raise OSError("no data")
    yield


@pytest.mark.parametrize(
    ("strategy", "task", "closes", "reason"),
    [
        (Silent, task_of(open=cannot_open), 0, "strategy tried cannot tell what it will ask"),
        (Broken, task_of(), 1, "strategy tried cannot be rehearsed: KeyError: 'no such word'"),
        (Broken, task_of(open=cannot_open), 0, "task numbers cannot be opened: no disk"),
        (Broken, task_of(cannot_read), 1, "task numbers cannot give its samples: OSError: no data"),
    ],
)
def test_what_cannot_be_told_is_said(tmp_path, offered, strategy, task, closes, reason):
    closed = []
    task.close = lambda self: closed.append("closed")
    offered("tried", strategy)
    offered("numbers", task)
    with pytest.raises(EvalcoreError) as caught:
        told(tmp_path, strategy="tried")
    assert str(caught.value) == reason
    assert len(closed) == closes
