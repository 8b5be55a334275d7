"""Attempts become records, whatever tasks, models and strategies do."""

from __future__ import annotations

import asyncio
import random
import re
import threading
import time
from collections.abc import Mapping
from types import BuiltinMethodType, FunctionType, MethodType

import pytest
from parts import HIDDEN, adds, asks, outline, records, run, samples, strategy_of, task_of

from evalcore import (
    Attempt,
    Case,
    Feedback,
    Generation,
    LanguageModel,
    Message,
    RunError,
    Sample,
    Score,
    Settings,
    Task,
    TaskError,
    TransientError,
)
from evalcore.context import Item
from evalcore.testing import scripted


def failures(folder):
    return [
        (r.failure.kind, r.failure.error, r.failure.message) for r in records(folder) if r.failure
    ]


# Order and seeds


class Jittery(LanguageModel[Settings]):
    """Answers after a wait that differs each time, from the request's seed alone."""

    async def generate(self, request):
        await asyncio.sleep(random.random() / 1_000)
        return Generation(f"{request.seed} {request.call}", "stop", 3, 4)


async def twice(sample, context):
    first = await context.model.generate(sample.input)
    second = await context.models["m"].generate([Message("user", first.text)], temperature=1)
    return Attempt(f"{first.text}, {second.text}, {context.number}, {context.seed}")


def test_one_worker_or_sixty_four_give_the_same_records(tmp_path, offered):
    offered("numbers", task_of(30, workers=3))
    offered("made", strategy_of(twice))
    offered("jittery", Jittery)
    found = []
    for concurrency in (1, 64):
        folder = tmp_path / str(concurrency)
        folder.mkdir()
        limits = {"concurrency": concurrency}
        assert run(folder, models={"m": "jittery"}, attempts=3, limits=limits).code == 0
        found.append(outline(folder))
    assert found[0] == found[1]
    assert len(found[0]) == 90
    assert len({answer for *_, answer, _, _, _, _ in found[0]}) == 90


def test_the_seed_of_the_spec_is_in_every_seed(tmp_path, offered):
    offered("made", strategy_of(twice))
    offered("jittery", Jittery)
    answers = []
    for seed in (0, 1):
        folder = tmp_path / str(seed)
        folder.mkdir()
        run(folder, models={"m": "jittery"}, seed=seed)
        answers += [(record.seed, record.answer) for record in records(folder)]
    assert len({seed for seed, _ in answers}) == 10
    assert len({answer for _, answer in answers}) == 10


def test_cells_that_make_the_same_call_share_its_seed(tmp_path, offered):
    offered("made", strategy_of(asks))
    offered("jittery", Jittery)
    run(tmp_path, models={"m": "jittery"}, sweep={"attempts": {"a": 1, "b": 2}})
    by_cell = {(r.cell, r.sample, r.attempt): r.answer for r in records(tmp_path)}
    assert by_cell["attempts=a", "s000", 0] == by_cell["attempts=b", "s000", 0]


def test_what_a_strategy_draws_from_its_seed_is_the_same_again(tmp_path, offered):
    async def draws(sample, context):
        return Attempt(random.Random(context.seed).random())

    offered("made", strategy_of(draws))
    run(tmp_path)
    before = outline(tmp_path)
    run(tmp_path, session={"fresh": True})
    assert outline(tmp_path) == before
    assert (tmp_path / "run.1" / "run.db").exists()


# Failures are records


def boom(*arguments):
    raise ValueError("boom")


async def raises(sample, context):
    boom()


async def exits(sample, context):
    raise SystemExit(0)


async def cancels_itself(sample, context):
    asyncio.current_task().cancel()
    await asyncio.sleep(0)


async def raises_cancelled(sample, context):
    raise asyncio.CancelledError


async def returns_a_text(sample, context):
    return "2"


async def returns_nothing(sample, context):
    return None


async def returns_an_object(sample, context):
    return Attempt(object())


async def returns_odd_messages(sample, context):
    return Attempt("2", messages=("hello",))


async def needs_a_model(sample, context):
    return Attempt((await context.model.generate("?")).text)


async def raises_a_group(sample, context):
    async with asyncio.TaskGroup() as group:
        group.create_task(raises(sample, context))


@pytest.mark.parametrize(
    ("attempt", "error", "told"),
    [
        (raises, "ValueError", "boom"),
        (exits, "SystemExit", "0"),
        (cancels_itself, "CancelledError", ""),
        (raises_cancelled, "CancelledError", ""),
        (raises_a_group, "ValueError", "boom"),
        (returns_a_text, "NotStorableError", "the strategy returned str, expected Attempt"),
        (returns_nothing, "TypeError", "the strategy returned no Attempt"),
        (returns_an_object, "NotStorableError", "cannot be written as JSON"),
        (returns_odd_messages, "NotStorableError", "found 'hello' among the messages"),
        (needs_a_model, "EvalcoreError", "the strategy uses one model, the spec has: none"),
    ],
)
def test_a_strategy_that_fails(tmp_path, offered, attempt, error, told):
    offered("made", strategy_of(attempt))
    outcome = run(tmp_path, limits={"concurrency": 2})
    assert outcome.code == 1
    assert outcome.status == "finished with failed attempts"
    found = failures(tmp_path)
    assert [(kind, name) for kind, name, _ in found] == [("strategy", error)] * 5
    assert all(told in message for *_, message in found)
    assert outcome.results[0].failed == 5
    assert outcome.results[0].value is None


def no_score(*arguments):
    return None


def endless(*arguments):
    return Score(float("inf"))


def in_words(*arguments):
    return Score("good")


def numbered_label(*arguments):
    return Score(1.0, 3)


def odd_details(*arguments):
    return Score(1.0, details={"x": object()})


def leaves(*arguments):
    raise SystemExit(3)


def refuses(*arguments):
    raise TaskError("no right or wrong")


@pytest.mark.parametrize(
    "score", [boom, no_score, endless, in_words, numbered_label, odd_details, leaves, refuses]
)
def test_a_task_that_cannot_score(tmp_path, offered, score):
    offered("numbers", task_of(score=score))
    assert run(tmp_path).code == 1
    assert [kind for kind, *_ in failures(tmp_path)] == ["task"] * 5
    assert [record.answer for record in records(tmp_path)] == ["1", "2", "3", "4", "5"]


def test_a_model_that_fails(tmp_path, offered):
    offered("made", strategy_of(asks))
    offered("m", scripted(lambda request: boom()))
    assert run(tmp_path, models={"m": "m"}).code == 1
    assert failures(tmp_path) == [("model", "ModelCallError", "ValueError: boom")] * 5


@pytest.mark.parametrize(
    "generation",
    [None, "text", Generation(None), Generation("x", "stop", -1), Generation("x", "stop", 1, 1.5)],
)
def test_a_model_that_answers_what_is_no_answer(tmp_path, offered, generation):
    class Odd(LanguageModel[Settings]):
        async def generate(self, request):
            return generation

    offered("made", strategy_of(asks))
    offered("m", Odd)
    run(tmp_path, models={"m": {"use": "m", "price": {"prompt": 1, "completion": 1}}})
    assert [kind for kind, *_ in failures(tmp_path)] == ["model"] * 5


def test_a_model_that_fails_inside_a_group_of_tasks_is_a_failed_model(tmp_path, offered):
    async def both(sample, context):
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(context.model.generate("?")) for _ in range(2)]
        return Attempt([task.result().text for task in asked])

    offered("made", strategy_of(both))
    offered("m", scripted(lambda request: boom()))
    run(tmp_path, models={"m": "m"})
    assert [kind for kind, *_ in failures(tmp_path)] == ["model"] * 5


def test_an_attempt_that_takes_too_long(tmp_path, offered):
    async def sleeps(sample, context):
        await asyncio.sleep(0 if sample.id == "s000" else 60)
        return Attempt("1")

    offered("made", strategy_of(sleeps))
    assert run(tmp_path, limits={"attempt_seconds": 0.02}).code == 1
    message = "not done after limits.attempt_seconds = 0.02"
    assert failures(tmp_path) == [("time", "_TimeLimitError", message)] * 4
    assert records(tmp_path)[0].score.value == 1.0


def test_a_timeout_of_the_strategy_itself_is_no_time_limit(tmp_path, offered):
    async def gives_up(sample, context):
        raise TimeoutError("too slow for me")

    offered("made", strategy_of(gives_up))
    run(tmp_path, limits={"attempt_seconds": 60})
    assert [kind for kind, *_ in failures(tmp_path)] == ["strategy"] * 5


def test_failures_are_counted_alike_ones_together(tmp_path, offered):
    async def some(sample, context):
        if sample.id == "s000":
            raise KeyError("first")
        return await raises(sample, context)

    offered("made", strategy_of(some))
    outcome = run(tmp_path)
    assert outcome.failures == [
        ("base", "strategy", "boom", 4),
        ("base", "strategy", "'first'", 1),
    ]


def test_retried_failures_are_made_anew_and_kept_aside(tmp_path, offered):
    broken = {"s001", "s003"}

    async def some(sample, context):
        if sample.id in broken:
            raise ValueError("not yet")
        return await adds(sample, context)

    offered("made", strategy_of(some))
    assert run(tmp_path).code == 1
    broken.clear()
    assert run(tmp_path).code == 1
    assert run(tmp_path, session={"retry_failed": True}).code == 0
    assert [record.score.value for record in records(tmp_path)] == [1.0] * 5


# What strategies hold


def reachable(*roots):
    """All objects that attributes, slots, items and closures lead to."""
    waiting, seen = list(roots), {}
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, type | int | float | bytes):
            continue
        seen[id(item)] = item
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset):
            waiting += list(item)
        elif not isinstance(item, str):
            waiting += _parts(item)
    return list(seen.values())


def _parts(item):
    if isinstance(item, MethodType | BuiltinMethodType):
        return [item.__self__, getattr(item, "__func__", None)]
    if isinstance(item, FunctionType):
        cells = [cell.cell_contents for cell in item.__closure__ or ()]
        return [*cells, item.__defaults__, item.__kwdefaults__, item.__dict__]
    found = [getattr(item, name, None) for name in dir(item) if not name.startswith("__")]
    if isinstance(item, Mapping):
        found += [*item.keys(), *item.values()]
    return found


def test_no_chain_of_attributes_leads_to_the_hidden_side(tmp_path, offered):
    held = []

    async def looks(sample, context):
        await context.model.generate("?")
        await context.feedback("?")
        held.append(reachable(sample, context))
        return Attempt("")

    class Guarded(Task[Settings]):
        def cases(self):
            for i in range(3):
                yield Case(Sample(str(i), "?", public=["seen"]), [HIDDEN, {"inner": HIDDEN}])

        def score(self, case, attempt):
            return Score(1.0)

        def feedback(self, case, answer):
            assert case.hidden[0] == HIDDEN
            return Feedback(True, "fine", executions=2)

    offered("numbers", Guarded)
    offered("made", strategy_of(looks))
    offered("m", scripted(lambda request: "!"))
    assert run(tmp_path, models={"m": "m"}).code == 0
    assert len(held) == 3
    for objects in held:
        assert "seen" in [item for item in objects if isinstance(item, str)]
        assert HIDDEN not in [item for item in objects if isinstance(item, str)]
        assert not [item for item in objects if isinstance(item, Case | Task)]
    assert HIDDEN in reachable([{"deep": Case(Sample("x", "y"), HIDDEN)}])


def test_no_error_that_a_strategy_catches_leads_to_the_hidden_side(tmp_path, offered):
    held = []

    async def catches(sample, context):
        for ask in (context.feedback, context.model.generate):
            try:
                await ask("?")
            except Exception as error:
                held.extend([error.args, error.__cause__, error.__context__])
                trace = error.__traceback__
                while trace := trace.tb_next:  # the first frame is the strategy's own
                    held.extend(trace.tb_frame.f_locals.values())
        return Attempt("")

    def feedback(self, case, answer):
        raise RuntimeError("no feedback today")

    offered("numbers", task_of(1, feedback=feedback))
    offered("made", strategy_of(catches))
    offered("m", scripted(lambda request: 1 / 0))
    assert run(tmp_path, models={"m": "m"}).code == 0
    assert len(held) > 6
    assert not [item for item in held if isinstance(item, Case | Task | Item)]


def test_feedback_reaches_the_strategy_and_the_account(tmp_path, offered):
    def feedback(self, case, answer):
        passed = answer == str(case.hidden)
        return Feedback(passed, "right" if passed else "too low", {"off": 1}, executions=3)

    async def corrects(sample, context):
        first = await context.feedback(sample.input.split()[0])
        assert not first.passed
        second = await asyncio.gather(*(context.feedback(str(i)) for i in range(6)))
        right = [i for i, found in enumerate(second) if found.passed]
        return Attempt(str(right[0]), details={"said": first.text, "off": first.details["off"]})

    offered("numbers", task_of(feedback=feedback, workers=2))
    offered("made", strategy_of(corrects))
    assert run(tmp_path).code == 0
    assert [(r.usage.executions, r.details) for r in records(tmp_path)] == [
        (21, {"said": "too low", "off": 1})
    ] * 5


@pytest.mark.parametrize("feedback", [boom, leaves, no_score, None])
def test_feedback_that_fails_is_a_failure_of_the_task(tmp_path, offered, feedback):
    async def wants(sample, context):
        return Attempt((await context.feedback("?")).text)

    offered("numbers", task_of(feedback=feedback))
    offered("made", strategy_of(wants))
    assert run(tmp_path).code == 1
    assert [kind for kind, *_ in failures(tmp_path)] == ["task"] * 5


def test_models_can_be_asked_from_a_thread_of_asyncio_and_not_from_nowhere(tmp_path, offered):
    async def elsewhere(sample, context):
        loop = asyncio.get_running_loop()

        def ask():
            return asyncio.run_coroutine_threadsafe(context.model.generate("?"), loop).result()

        if sample.id == "s000":
            done = loop.create_future()
            thread = threading.Thread(
                target=lambda: loop.call_soon_threadsafe(done.set_result, _error(ask))
            )
            thread.start()
            return Attempt(await done)
        return Attempt((await asyncio.to_thread(ask)).text)

    def _error(ask):
        try:
            return ask().text
        except Exception as error:
            return str(error)

    offered("made", strategy_of(elsewhere))
    offered("m", scripted(lambda request: "!"))
    assert run(tmp_path, models={"m": "m"}).code == 0
    first, *others = [record.answer for record in records(tmp_path)]
    assert first.startswith("no attempt is under way here")
    assert others == ["!"] * 4


# Retries and limits


class Flaky(LanguageModel[Settings]):
    """Fails in passing, as its class attributes say."""

    texts = ()
    retry_after = None
    calls = 0

    async def generate(self, request):
        Flaky.calls += 1
        number = Flaky.calls - 1
        if number < len(self.texts):
            raise TransientError(self.texts[number], retry_after=self.retry_after)
        return Generation("done")


@pytest.fixture
def flaky(offered, monkeypatch):
    monkeypatch.setattr(Flaky, "calls", 0)
    offered("numbers", task_of(1))
    offered("made", strategy_of(asks))
    offered("m", Flaky)
    return Flaky


def test_a_passing_failure_passes(tmp_path, flaky, monkeypatch):
    monkeypatch.setattr(flaky, "texts", ("busy", "late", "busy", "late"))
    assert run(tmp_path, models={"m": "m"}, limits={"retry_wait": 0}).code == 0
    assert flaky.calls == 5
    assert records(tmp_path)[0].usage.calls == 1


def test_the_budget_of_retries_ends(tmp_path, flaky, monkeypatch):
    monkeypatch.setattr(flaky, "texts", tuple(f"busy {i}" for i in range(9)))
    assert run(tmp_path, models={"m": "m"}, limits={"retries": 2, "retry_wait": 0}).code == 1
    assert flaky.calls == 3
    assert failures(tmp_path)[0][2] == "busy 2 (given up after 3 tries)"


def test_three_identical_failures_end_the_retries(tmp_path, flaky, monkeypatch):
    monkeypatch.setattr(flaky, "texts", ("late", *["quota"] * 50))
    assert run(tmp_path, models={"m": "m"}, limits={"retries": 50, "retry_wait": 0}).code == 1
    assert flaky.calls == 4


def test_no_wait_exceeds_its_cap(tmp_path, flaky, monkeypatch):
    slept = []
    monkeypatch.setattr(flaky, "texts", ("a", "b", "c"))
    monkeypatch.setattr(flaky, "retry_after", 3_600.0)
    monkeypatch.setattr("evalcore.calls.asyncio.sleep", _sleeping(asyncio.sleep, slept))
    assert run(tmp_path, models={"m": "m"}, limits={"retry_wait": 0.001}).code == 0
    assert [seconds for seconds in slept if seconds > 0.05] == []
    assert slept.count(0.001) >= 3


def _sleeping(sleep, slept):
    async def sleeping(seconds, *rest):
        slept.append(seconds)
        await sleep(min(seconds, 0.05), *rest)

    return sleeping


PRICED = {"use": "m", "price": {"prompt": 1_000_000, "completion": 0}}


@pytest.mark.parametrize("name", ["dollars", "calls", "tokens"])
def test_a_limit_stops_the_run_and_a_higher_one_goes_on(tmp_path, offered, monkeypatch, name):
    """Each call costs one of each, and an attempt takes two calls."""
    monkeypatch.setattr(_Priced, "calls", 0)
    offered("numbers", task_of(20))
    offered("made", strategy_of(twice))
    offered("m", _Priced)
    keys = {"models": {"m": PRICED}, "attempts": 1}
    for limit, done in [(7, 3), (12, 6)]:
        outcome = run(tmp_path, **keys, limits={"concurrency": 1, name: limit})
        assert outcome.code == 3
        told = f"limits.{name} is reached: {limit} of {limit} {name} are spent, so raise it"
        assert outcome.reason == told
        assert len(records(tmp_path)) == done
        assert _Priced.calls == limit
        again = run(tmp_path, **keys, limits={"concurrency": 4, name: limit})
        assert (again.code, again.reason) == (3, told)
        assert _Priced.calls == limit
    outcome = run(tmp_path, **keys, limits={"concurrency": 4, name: 41})
    assert outcome.code == 0
    assert len(records(tmp_path)) == 20
    assert (outcome.progress.ledger.dollars, outcome.progress.ledger.tokens) == (40, 40)
    assert _Priced.calls == 40


class _Priced(LanguageModel[Settings]):
    calls = 0

    async def generate(self, request):
        _Priced.calls += 1
        await asyncio.sleep(0)
        return Generation("1", "stop", 1, 0)


@pytest.mark.parametrize("concurrency", [1, 3, 64])
def test_no_call_is_made_beyond_their_limit(tmp_path, offered, monkeypatch, concurrency):
    monkeypatch.setattr(_Priced, "calls", 0)
    offered("numbers", task_of(50))
    offered("made", strategy_of(twice))
    offered("m", _Priced)
    keys = {"models": {"m": "m"}}
    outcome = run(tmp_path, **keys, limits={"concurrency": concurrency, "calls": 33})
    assert outcome.reason == "limits.calls is reached: 33 of 33 calls are spent, so raise it"
    assert _Priced.calls == outcome.progress.ledger.calls == 33
    assert run(tmp_path, **keys).code == 0
    assert _Priced.calls == 100


def test_what_is_out_when_a_limit_is_reached_is_finished_and_told(tmp_path, offered, monkeypatch):
    monkeypatch.setattr(_Priced, "calls", 0)
    offered("numbers", task_of(50))
    offered("made", strategy_of(asks))
    offered("m", _Priced)
    outcome = run(tmp_path, models={"m": "m"}, limits={"concurrency": 10, "tokens": 15})
    spent = outcome.progress.ledger.tokens
    assert 15 <= spent <= 24
    told = f"limits.tokens is reached: {spent} of 15 tokens are spent, so raise it"
    assert outcome.reason == told
    assert len(records(tmp_path)) == _Priced.calls == spent


def test_a_try_that_fails_is_no_call_of_its_limit(tmp_path, flaky, monkeypatch):
    monkeypatch.setattr(flaky, "texts", ("busy", "late"))
    assert run(tmp_path, models={"m": "m"}, limits={"retry_wait": 0, "calls": 1}).code == 0
    assert flaky.calls == 3


def test_a_limit_inside_a_group_of_tasks_is_no_failure(tmp_path, offered):
    async def grouped(sample, context):
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(context.model.generate("?"))
        return Attempt("1")

    offered("made", strategy_of(grouped))
    offered("m", _Priced)
    outcome = run(tmp_path, models={"m": PRICED}, limits={"concurrency": 1, "dollars": 3})
    assert outcome.code == 3
    assert failures(tmp_path) == []


def test_a_limit_that_is_reached_by_the_last_call_stops_nothing(tmp_path, offered):
    offered("made", strategy_of(asks))
    offered("m", _Priced)
    assert run(tmp_path, models={"m": PRICED}, limits={"dollars": 5, "concurrency": 1}).code == 0


def test_minutes_stop_the_run(tmp_path, offered):
    async def endless_asking(sample, context):
        while True:
            await context.model.generate("?")
            await asyncio.sleep(0.005)

    offered("made", strategy_of(endless_asking))
    offered("m", scripted(lambda request: "!"))
    outcome = run(tmp_path, models={"m": "m"}, limits={"minutes": 0.001})
    assert outcome.code == 3
    told = r"limits\.minutes is reached: 0\.\d+ of 0\.001 minutes are spent"
    assert re.fullmatch(told, outcome.reason)
    assert records(tmp_path) == []


def test_the_first_samples_then_the_rest(tmp_path, offered):
    assert run(tmp_path, session={"limit": 2}).code == 0
    assert [record.sample for record in records(tmp_path)] == ["s000", "s001"]
    assert run(tmp_path).code == 0
    assert len(records(tmp_path)) == 5


# Tasks and models that fail to begin, to go on, to end


def test_a_task_that_raises_between_its_cases_loses_nothing_before(tmp_path, offered):
    broken = [True]

    def cases():
        yield from samples(7)
        if broken:
            raise OSError("the disk is gone")
        yield Case(Sample("last", "7 + 1"), 8)

    offered("numbers", task_of(cases))
    told = "task numbers cannot give its samples: OSError: the disk is gone"
    outcome = run(tmp_path)
    assert (outcome.code, outcome.status, outcome.problems) == (1, "stopped by an error", [told])
    assert outcome.results[0].n == 7
    broken.clear()
    assert run(tmp_path).code == 0
    assert len(records(tmp_path)) == 8


@pytest.mark.parametrize(
    ("case", "told"),
    [
        (Sample("x", "y"), "found Sample, expected Case"),
        ("x", "found str, expected Case"),
        (Case(Sample(3, "x")), "found the sample id 3, expected a text"),
        (Case(Sample("", "x")), "found the sample id '', expected a text"),
        (Case(Sample("\ud800", "x")), "surrogates not allowed"),
        (Case(Sample("x", "x", metadata={"y": object()})), "cannot give its samples"),
    ],
)
def test_what_is_no_case(tmp_path, offered, case, told):
    offered("numbers", task_of([case]))
    with pytest.raises(TaskError, match=told):
        run(tmp_path)


@pytest.mark.parametrize("apart", [1, 600])
def test_samples_that_share_an_id_are_refused_also_when_the_run_goes_on(tmp_path, offered, apart):
    cases = samples(apart) + samples(1)
    offered("numbers", task_of(cases))
    with pytest.raises(RunError, match=r"the id 's000'|share an id"):
        run(tmp_path)
    with pytest.raises(RunError, match=r"the id 's000'|share an id"):
        run(tmp_path)


def test_a_task_that_cannot_be_opened(tmp_path, offered):
    offered("numbers", task_of(open=boom))
    with pytest.raises(TaskError, match="task numbers cannot be opened: boom"):
        run(tmp_path)


def test_a_size_that_raises(tmp_path, offered):
    offered("numbers", task_of(size=boom))
    with pytest.raises(RunError, match="cell base cannot begin: ValueError: boom"):
        run(tmp_path)


class _Closing(LanguageModel[Settings]):
    async def generate(self, request):
        return Generation("1")

    async def close(self):
        boom()


def test_what_cannot_be_closed_is_a_problem_and_loses_no_result(tmp_path, offered):
    offered("numbers", task_of(close=boom))
    offered("made", strategy_of(asks))
    offered("m", _Closing)
    outcome = run(tmp_path, models={"m": "m"})
    assert outcome.code == 1
    assert outcome.problems == [
        "model offered:m could not be closed: ValueError('boom')",
        "task offered:numbers could not be closed: ValueError('boom')",
    ]
    assert outcome.results[0].n == 5


def test_cells_share_a_task_that_is_opened_once_and_closed_at_the_end(tmp_path, offered):
    events = []
    methods = {
        "open": lambda self: events.append("open"),
        "close": lambda self: events.append("close"),
    }
    offered("numbers", task_of(**methods))
    assert run(tmp_path, sweep={"attempts": [1, 2], "seed": [0, 1]}).code == 0
    assert events == ["open", "close"]
    assert len(records(tmp_path)) == 30


def test_a_model_that_changed_between_sessions(tmp_path, offered):
    class Named(LanguageModel[Settings]):
        name = "revision 1"

        async def generate(self, request):
            return Generation("1")

        def identity(self):
            return self.name

    offered("made", strategy_of(asks))
    offered("m", Named)
    run(tmp_path, models={"m": "m"}, session={"limit": 1})
    Named.name = "revision 2"
    with pytest.raises(
        RunError, match="says that it is 'revision 2', this run was begun with 'rev"
    ):
        run(tmp_path, models={"m": "m"})
    assert run(tmp_path, models={"m": "m"}, session={"accept_change": True}).code == 0


def test_many_in_flight_end(tmp_path, offered):
    """Scoring that is slower than the attempts holds the feeder back, and nothing hangs."""
    offered("numbers", task_of(700, score=lambda case, attempt: time.sleep(0) or Score(1.0)))
    assert run(tmp_path, limits={"concurrency": 500}).code == 0
    assert len(records(tmp_path)) == 700
