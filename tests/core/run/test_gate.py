"""What the gate does with the answers and failures of a model."""

from __future__ import annotations

import asyncio
import time

import pytest
from parts import asks, records, run, strategy_of, task_of

from evalcore import (
    Attempt,
    Continuation,
    EvalcoreError,
    Generation,
    LanguageModel,
    Likelihood,
    Message,
    ModelCallError,
    RunError,
    Settings,
    SpecError,
    Token,
    TransientError,
    open_model,
)
from evalcore.testing import scripted

KEY = "sk-0123456789-very-secret"


@pytest.fixture
def served(offered):
    """Offers a model whose answers a function gives; asked once for each of five samples."""

    def serve(answer, **members):
        class Served(LanguageModel[Settings]):
            async def generate(self, request):
                found = answer(request)
                return await found if asyncio.iscoroutine(found) else found

            def secrets(self):
                return (KEY,)

        for name, member in members.items():
            setattr(Served, name, member)
        offered("made", strategy_of(asks))
        offered("m", Served)

    return serve


def go(tmp_path, limits=None, beside=None, **session):
    models = {"m": {"use": "m", **({"limits": beside} if beside else {})}}
    return run(tmp_path, models=models, limits=limits or {}, session=session)


def test_how_answers_ended_is_on_record(tmp_path, served):
    by_sample = {
        "s000": Generation("1"),
        "s001": Generation("an unfinished", "length"),
        "s002": Generation("I cannot help with that.", "refusal"),
        "s003": Generation(" \n"),
        "s004": Generation("", "length"),
    }
    served(lambda request: by_sample[request.sample])
    outcome = go(tmp_path)
    expected = ["stop", "length", "refusal", "empty", "length"]
    assert [r.endings for r in records(tmp_path)] == [(ending,) for ending in expected]
    assert outcome.endings == {"stop": 1, "length": 2, "refusal": 1, "empty": 1}


def test_several_answers_and_their_tokens_reach_the_strategy(tmp_path, served, offered):
    async def asks_for_three(sample, context):
        found = await context.model.generate("?", n=3, logprobs=True)
        texts = [found.text, *(other.text for other in found.others)]
        return Attempt([texts, [token.logprob for token in found.tokens]])

    def three(request):
        assert (request.n, request.logprobs, request.raw) == (3, True, False)
        others = (Generation("", "stop"), Generation("c", "length"))
        return Generation("a", "stop", 3, 9, (Token("a", -0.5),), others)

    served(three)
    offered("made", strategy_of(asks_for_three))
    assert go(tmp_path).code == 0
    first = records(tmp_path)[0]
    assert first.answer == [["a", "", "c"], [-0.5]]
    assert first.endings == ("stop", "empty", "length")
    assert (first.usage.prompt_tokens, first.usage.completion_tokens) == (3, 9)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "TypeError: the model answered None, expected Generation with a text"),
        (Generation(7), "expected Generation with a text"),
        (Generation("a", "stop", -1), "the model counted -1 tokens"),
        (Generation("a", others=(Generation("b"),)), "the model gave 2 answers, expected 1 (`n`)"),
        (Likelihood(-1.0, True), "expected Generation with a text"),
    ],
)
def test_what_is_no_answer_is_a_failure_of_the_model(tmp_path, served, answer, told):
    served(lambda request: answer)
    assert go(tmp_path).code == 1
    failure = records(tmp_path)[0].failure
    assert failure.kind == "model"
    assert told in failure.message


def test_a_model_that_cannot_score_says_so(tmp_path, served, offered):
    async def scores(sample, context):
        return Attempt((await context.model.loglikelihood("a", "b")).logprob)

    served(lambda request: Generation("1"))
    offered("made", strategy_of(scores))
    assert go(tmp_path).code == 1
    assert "Served cannot tell how likely a given text is" in records(tmp_path)[0].failure.message


def test_a_call_that_takes_too_long_is_tried_again(tmp_path, served):
    late = {"s001", "s003"}

    async def answer(request):
        if request.sample in late:
            late.discard(request.sample)
            await asyncio.sleep(60)
        return Generation("1")

    served(answer, seconds=0.05)
    assert go(tmp_path, {"retry_wait": 0}).code == 0
    assert late == set()


def test_the_deadline_of_the_spec_comes_before_the_models(tmp_path, served, offered):
    async def answer(request):
        await asyncio.sleep(60)

    served(answer, seconds=600)
    offered("numbers", task_of(1))
    outcome = go(tmp_path, {"retry_wait": 0, "retries": 1}, {"seconds": 0.02})
    assert outcome.code == 1
    told = {r.failure.message for r in records(tmp_path)}
    assert told == {"no answer within 0.02 s (given up after 2 tries)"}


def test_no_call_is_lost_to_a_model_that_is_merely_busy(tmp_path, served):
    asked = []

    def answer(request):
        asked.append(request)
        if len(asked) < 40:
            raise TransientError("429 too many requests", retry_after=0.0)
        return Generation("1")

    served(answer)
    assert go(tmp_path, {"retry_wait": 0, "retries": 2}).code == 0
    assert len(asked) == 39 + 5


def test_a_call_whose_model_is_always_busy_is_given_up(tmp_path, served, offered):
    asked = []

    def answer(request):
        asked.append(request.sample)
        if request.sample == "s002":
            raise TransientError("503 come back", retry_after=0.0)
        return Generation("1")

    async def keeps_asking(sample, context):
        while sample.id != "s002" and asked.count("s002") < 11:
            await context.model.generate("?")
            await asyncio.sleep(0)
        return await asks(sample, context)

    served(answer)
    offered("made", strategy_of(keeps_asking))
    assert go(tmp_path, {"retry_wait": 0, "retries": 1}).code == 1
    assert asked.count("s002") == 11
    assert records(tmp_path)[2].failure.message == "503 come back (given up after 11 tries)"


def test_a_model_that_is_down_at_the_end_of_a_run_fails_what_is_left(tmp_path, served):
    def answer(request):
        if request.sample != "s000":
            raise TransientError(f"wrong shape at {time.monotonic()}")
        return Generation("1")

    served(answer)
    outcome = go(tmp_path, {"retry_wait": 0.01, "outage_seconds": 1, "retries": 9})
    assert outcome.code == 1
    told = [r.failure.message for r in records(tmp_path)[1:]]
    assert len(told) == 4
    assert all(text.startswith("model m does not answer: no answer for 1 s") for text in told)


def test_a_model_that_is_down_stops_the_run_and_fails_no_attempt(tmp_path, served, offered):
    down = True
    offered("numbers", task_of(500))

    def answer(request):
        if down:
            raise TransientError("connection refused")
        return Generation("1")

    served(answer)
    limits = {"retry_wait": 0, "outage_seconds": 0.05, "retries": 9}
    outcome = go(tmp_path, limits)
    assert outcome.code == 3
    assert outcome.reason.startswith("model m does not answer: no answer for 0 s: connection")
    assert records(tmp_path) == []
    down = False
    assert go(tmp_path, limits).code == 0
    assert len(records(tmp_path)) == 500


def test_secrets_that_come_back_are_taken_out(tmp_path, served):
    def answer(request):
        if request.sample == "s000":
            return Generation(f"you sent me {KEY}", tokens=(Token(KEY[:9], -1), Token(KEY[9:], -1)))
        if request.sample == "s001":
            raise TransientError(f"busy, {KEY}")
        raise ValueError(f"bad key {KEY}")

    served(answer)
    go(tmp_path, {"retries": 0})
    first, second, third, *_ = records(tmp_path)
    assert first.answer == "you sent me [secret]"
    assert second.failure.message == "busy, [secret] (given up after 1 try)"
    assert third.failure.message == "ValueError: bad key [secret]"
    for file in (tmp_path / "run").iterdir():
        assert KEY.encode() not in file.read_bytes(), file


def test_a_secret_in_what_a_model_cannot_open_with(tmp_path, served):
    async def refuse(self):
        raise OSError(f"no endpoint takes {KEY}")

    served(lambda request: None, open=refuse)
    with pytest.raises(EvalcoreError, match=r"no endpoint takes \[secret\]"):
        go(tmp_path)


def test_the_limits_of_a_model_hold_across_the_cells_of_a_sweep(tmp_path, served, offered):
    running, most = set(), []

    async def answer(request):
        running.add(request)
        most.append(len(running))
        await asyncio.sleep(0.001)
        running.discard(request)
        return Generation("1")

    served(answer)
    models = {"m": {"use": "m", "limits": {"concurrency": 2}}}
    outcome = run(tmp_path, models=models, sweep={"attempts": [1, 2, 3]}, limits={})
    assert outcome.code == 0
    assert max(most) == 2


def test_what_came_from_the_environment_is_in_no_file(tmp_path, offered, monkeypatch):
    monkeypatch.setenv("ADDRESS", "http://somewhere/token-0123")

    class Named(Settings):
        url: str
        """Where it is."""

    class Endpoint(LanguageModel[Named]):
        async def generate(self, request):
            return Generation(f"no such path: {self.settings.url}")

        def identity(self):
            return self.settings.url

    offered("made", strategy_of(asks))
    offered("m", Endpoint, settings=Named)
    assert run(tmp_path, models={"m": {"use": "m", "url": "${ADDRESS}"}}).code == 0
    assert records(tmp_path)[0].answer == "no such path: ${ADDRESS}"
    for file in (tmp_path / "run").iterdir():
        assert b"token-0123" not in file.read_bytes(), file


def test_dollars_cannot_be_limited_where_nothing_has_a_price(tmp_path, served):
    served(lambda request: Generation("1"))
    with pytest.raises(
        SpecError, match=r"limits\.dollars: no model of cell base has a price: write"
    ):
        go(tmp_path, {"dollars": 1})


# Without a run


def test_a_model_is_asked_without_a_run(tmp_path, offered):
    class Echo(LanguageModel[Settings]):
        failures = 1

        async def generate(self, request):
            if Echo.failures:
                Echo.failures -= 1
                raise TransientError("busy", retry_after=0.0)
            return Generation(f"{request.messages[0].content} {request.seed}", "stop", 2, 3)

        async def loglikelihood(self, request: Continuation):
            return Likelihood(-1.0, request.context == (Message("user", "a"),))

    async def main():
        written = {"use": "echo", "price": {"prompt": 1e6, "completion": 0}}
        async with open_model(written) as model:
            first = await model.generate("hello", seed=7)
            scored = await model.loglikelihood([Message("user", "a")], "b")
            return first.text, scored.greedy, model.usage.dollars, model.usage.calls

    offered("echo", Echo)
    assert asyncio.run(main()) == ("hello 7", True, 2.0, 2)


def test_a_model_that_cannot_be_asked_is_told(tmp_path, offered):
    class Broken(LanguageModel[Settings]):
        async def generate(self, request):
            raise ValueError("no weights")

    async def main(written, **where):
        async with open_model(written, **where) as model:
            await model.generate("hello")

    offered("broken", Broken)
    offered("numbers", task_of(1))
    with pytest.raises(ModelCallError, match="ValueError: no weights"):
        asyncio.run(main("broken"))
    with pytest.raises(SpecError, match="did you mean 'broken'"):
        asyncio.run(main("brokn"))
    spec = tmp_path / "spec.yaml"
    spec.write_text("{evalcore: 1, name: x, task: numbers, models: {a: broken}}")
    with pytest.raises(ModelCallError, match="no weights"):
        asyncio.run(main("a", spec=spec))
    with pytest.raises(SpecError, match="found no model 'b', expected one of: a"):
        asyncio.run(main("b", spec=spec))


def test_a_model_that_came_back_answers_and_spent_dollars_are_told(tmp_path, offered, monkeypatch):
    class Away(LanguageModel[Settings]):
        away = True

        async def generate(self, request):
            if Away.away:
                raise TransientError("connection refused", retry_after=0.0)
            return Generation("back", "stop", 1, 0)

    async def main():
        async with open_model("a", spec=spec) as model:
            with pytest.raises(ModelCallError, match="model a does not answer"):
                await asyncio.gather(*(model.generate("?") for _ in range(20)))
            Away.away = False
            await asyncio.sleep(0.01)
            assert (await model.generate("?")).text == "back"
            with pytest.raises(RunError, match=r"limits\.dollars is reached"):
                await model.generate("?")

    offered("a", Away)
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "{evalcore: 1, name: x, task: numbers,"
        " limits: {retry_wait: 0, outage_seconds: 0.05, dollars: 1},"
        " models: {a: {use: a, price: {prompt: 1000000, completion: 0}}}}"
    )
    asyncio.run(main())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"temperature": -1}, "temperature: found -1, expected 0 or more"),
        ({"top_p": 0}, "top_p: found 0, expected more than 0"),
        ({"max_tokens": 0}, "max_tokens: found 0, expected 1 or more"),
        ({"n": 0}, "n: found 0, expected 1 or more"),
        ({"stop": ("a", "")}, "stop: found .*, expected texts, none empty"),
    ],
)
def test_options_out_of_their_range_reach_no_model(offered, options, told):
    async def main():
        async with open_model("m") as model:
            await model.generate("?", **options)

    offered("m", scripted(lambda request: "never"))
    with pytest.raises(ValueError, match=told):
        asyncio.run(main())
