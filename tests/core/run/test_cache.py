"""Answers that runs share: an equal call is made once."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import asks, outline, records, run, strategy_of, task_of
from pydantic import SecretStr

from evalcore import (
    Attempt,
    Continuation,
    DataPath,
    EvalcoreError,
    Generation,
    LanguageModel,
    Likelihood,
    Message,
    Request,
    Settings,
    Token,
    provenance,
)
from evalcore.cache import Cache, holdings, prune
from evalcore.encoding import decode, encode, from_answer, shared_digest, to_answer
from evalcore.rundir import open_store

texts = st.text(max_size=20)
counts = st.integers(0, 2**40)
tokens = st.builds(Token, texts, st.floats(-50, 0))
alone = st.builds(
    Generation,
    texts,
    st.sampled_from(["stop", "length", "refusal", "empty"]),
    counts,
    counts,
    st.lists(tokens, max_size=3).map(tuple),
)
generations = st.builds(
    lambda first, others: replace(first, others=tuple(others)), alone, st.lists(alone, max_size=2)
)
likelihoods = st.builds(Likelihood, st.floats(-1e6, 0), st.booleans(), counts, counts)


@given(generations | likelihoods)
def test_an_answer_comes_back_as_it_went(answer):
    assert to_answer(decode(encode(from_answer(answer)))) == answer


REQUEST = Request((Message("user", "?"),), 1.0, 0.9, 10, ("\n",), seed=3, sample="s", attempt=1)
CHANGES = {
    "messages": (Message("user", "!"),), "temperature": 0.5, "top_p": None, "max_tokens": 11,
    "stop": (), "n": 2, "logprobs": True, "raw": True,
}  # fmt: skip
ASKER = {"seed": 4, "sample": "t", "attempt": 2, "call": 1}


@pytest.mark.parametrize("name", [*CHANGES, *ASKER])
def test_what_a_sampling_request_is_found_by(name):
    changed = replace(REQUEST, **{name: {**CHANGES, **ASKER}[name]})
    assert shared_digest("m", changed) != shared_digest("m", REQUEST)
    assert shared_digest("n", REQUEST) != shared_digest("m", REQUEST)


@pytest.mark.parametrize("name", [*CHANGES, *ASKER])
def test_who_asks_does_not_matter_where_nothing_is_left_to_chance(name):
    greedy = replace(REQUEST, temperature=0.0)
    changed = replace(greedy, **{name: {**CHANGES, **ASKER}[name]})
    same = shared_digest("m", changed) == shared_digest("m", greedy)
    assert same == (name in ASKER)
    scored = Continuation("a", "b", "s", 0, 1)
    assert shared_digest("m", scored) == shared_digest("m", Continuation("a", "b", "t", 4, 2))
    assert shared_digest("m", scored) != shared_digest("m", Continuation("a b", "", "s", 0, 1))


# Runs that share


class Counted(LanguageModel[Settings]):
    """Answers with its number of calls, which tells a made call from a shared one."""

    asked: tuple[Request, ...] = ()

    async def generate(self, request):
        Counted.asked += (request,)
        await asyncio.sleep(0.001)
        return Generation(f"{len(Counted.asked)}", "stop", 10, 5)

    async def loglikelihood(self, request):
        Counted.asked += (request,)
        return Likelihood(-1.5, True, 7, 2)


PRICED = {"use": "m", "price": {"prompt": 100_000, "completion": 200_000}}
KEYS = {"models": {"m": PRICED}, "cache": True, "attempts": 3}


@pytest.fixture
def counted(offered, monkeypatch, tmp_path):
    monkeypatch.setenv("EVALCORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Counted, "asked", ())
    offered("numbers", task_of(4))
    offered("made", strategy_of(asks))
    offered("m", Counted)
    return Counted


def folder(tmp_path, name):
    path = tmp_path / name
    path.mkdir()
    return path


def change(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def spent(path):
    return sum(r.usage.dollars - r.usage.saved for r in records(path))


def test_another_run_makes_no_call_and_has_the_same_records(tmp_path, counted):
    first, second = folder(tmp_path, "a"), folder(tmp_path, "b")
    assert run(first, **KEYS).code == 0
    assert len(counted.asked) == 12
    outcome = run(second, **KEYS)
    assert outcome.code == 0
    assert len(counted.asked) == 12
    assert outline(first) == outline(second)
    assert [r.usage.dollars for r in records(second)] == [2.0] * 12
    assert (spent(first), spent(second)) == (24.0, 0.0)
    assert outcome.progress.ledger.dollars == 0
    assert outcome.progress.ledger.cached == 12


def test_nothing_is_shared_unless_the_spec_says_so(tmp_path, counted):
    keys = {**KEYS, "cache": False}
    run(folder(tmp_path, "a"), **keys)
    run(folder(tmp_path, "b"), **keys)
    assert len(counted.asked) == 24
    assert not (tmp_path / "cache" / "evalcore" / "answers.db").exists()


def test_limits_and_prices_change_no_answer(tmp_path, counted):
    run(folder(tmp_path, "a"), **KEYS)
    other = {"use": "m", "limits": {"concurrency": 1, "seconds": 9}}
    run(folder(tmp_path, "b"), **{**KEYS, "models": {"m": other}})
    assert len(counted.asked) == 12


def test_another_seed_is_another_call(tmp_path, counted):
    run(folder(tmp_path, "a"), **KEYS)
    run(folder(tmp_path, "b"), **KEYS, seed=1)
    assert len(counted.asked) == 24


async def greedy(sample, context):
    return Attempt((await context.model.generate("?", temperature=0)).text)


def test_equal_calls_in_flight_are_made_once_and_paid_once(tmp_path, counted, offered):
    offered("made", strategy_of(greedy))
    outcome = run(tmp_path, **KEYS)
    assert len(counted.asked) == 1
    assert {r.answer for r in records(tmp_path)} == {"1"}
    assert spent(tmp_path) == outcome.progress.ledger.dollars == 2.0
    assert sum(r.usage.cached for r in records(tmp_path)) == 11


def test_answers_of_the_cache_count_for_no_limit(tmp_path, counted):
    first, second = folder(tmp_path, "a"), folder(tmp_path, "b")
    limits = {"concurrency": 1, "calls": 5}
    assert run(first, **KEYS, limits=limits).code == 3
    outcome = run(second, **KEYS, limits=limits)
    assert (outcome.code, len(records(second)), len(counted.asked)) == (3, 10, 10)
    ledger = outcome.progress.ledger
    assert (ledger.calls, ledger.cached, ledger.tokens) == (10, 5, 75)
    assert [r.usage.saved_tokens for r in records(second)] == [15] * 5 + [0] * 5
    outcome = run(second, **KEYS, limits={"concurrency": 1, "tokens": 90})
    assert outcome.reason == "limits.tokens is reached: 90 of 90 tokens are spent, so raise it"
    assert (len(records(second)), len(counted.asked)) == (11, 11)


def test_whoever_waits_asks_by_itself_when_the_first_gives_up(tmp_path, counted, offered):
    class Slow(Counted):
        async def generate(self, request):
            if not Counted.asked:
                Counted.asked += (request,)
                await asyncio.sleep(60)
            return await super().generate(request)

    async def patient(sample, context):
        wait = 0.05 if sample.id == "s000" else None
        async with asyncio.timeout(wait):
            return await greedy(sample, context)

    offered("m", Slow)
    offered("made", strategy_of(patient))
    keys = {**KEYS, "attempts": 1}
    assert run(tmp_path, **keys).code == 1
    found = records(tmp_path)
    assert [r.failure is None for r in found] == [False, True, True, True]
    assert len(Counted.asked) == 2


def test_a_call_that_fails_for_good_fails_all_that_wait_for_it(tmp_path, counted, offered):
    class Refusing(Counted):
        async def generate(self, request):
            await super().generate(request)
            raise ValueError("no such model")

    offered("m", Refusing)
    offered("made", strategy_of(greedy))
    assert run(tmp_path, **KEYS).code == 1
    found = records(tmp_path)
    assert {r.failure.message for r in found} == {"ValueError: no such model"}
    assert len(Counted.asked) == 1
    assert holdings() == []


def test_likelihoods_are_shared_too(tmp_path, counted, offered):
    async def scores(sample, context):
        found = await context.model.loglikelihood("1 + 1 =", " 2")
        return Attempt([found.logprob, found.greedy])

    offered("made", strategy_of(scores))
    run(tmp_path, **KEYS)
    assert len(counted.asked) == 1
    assert [r.answer for r in records(tmp_path)] == [[-1.5, True]] * 12


def test_a_cache_that_is_no_cache_is_told_before_the_run(tmp_path, counted):
    file = tmp_path / "cache" / "evalcore" / "answers.db"
    file.parent.mkdir(parents=True)
    file.write_text("these are no answers, and no database either")
    with pytest.raises(EvalcoreError, match="the cache cannot be used"):
        run(tmp_path, **KEYS)
    assert records(tmp_path) == []


def test_a_run_whose_cache_breaks_goes_on_and_says_so(tmp_path, counted, offered):
    class Breaking(Counted):
        async def generate(self, request):
            if len(Counted.asked) == 2:
                change(tmp_path / "cache" / "evalcore" / "answers.db", "DROP TABLE answers")
            return await super().generate(request)

    offered("m", Breaking)
    outcome = run(tmp_path, **KEYS)
    assert outcome.code == 1
    assert "the cache cannot be used: no such table: answers" in outcome.problems[0]
    assert [r.failure for r in records(tmp_path)] == [None] * 12


# The file


def filled(path, *bodies, model="m"):
    cache = Cache(path)
    for i, body in enumerate(bodies):
        cache.put(f"{model} {i} {len(body)}".encode(), model, Generation(body))
    cache.close()


def test_what_the_cache_holds_and_what_is_removed_of_it(tmp_path):
    path = tmp_path / "answers.db"
    assert holdings(path) == []
    assert prune(path=path) == 0
    filled(path, "a" * 1_000, "b" * 10)
    filled(path, "c" * 100, model="other")
    assert [(h.model, h.answers) for h in holdings(path)] == [("m", 2), ("other", 1)]
    assert prune(unused_for=3_600, path=path) == 0
    assert prune(model="oth", path=path) == 1
    assert prune(keep=1_100, path=path) == 1
    assert [(h.model, h.answers) for h in holdings(path)] == [("m", 1)]
    assert prune(path=path) == 1
    assert holdings(path) == []


def test_what_was_used_lately_stays(tmp_path):
    path = tmp_path / "answers.db"
    filled(path, "old", "older")
    month = 30 * 86_400
    change(path, "UPDATE answers SET used = ?", time.time() - month)

    async def look():
        cache = Cache(path)
        found = await cache.get(b"m 0 3")
        await asyncio.to_thread(cache.close)
        return found

    assert asyncio.run(look()) == Generation("old")
    assert prune(unused_for=month - 86_400, path=path) == 1
    assert asyncio.run(look()) == Generation("old")


_PROCESS = """
import asyncio, sys, time
from pathlib import Path
from evalcore import Generation
from evalcore.cache import Cache

async def main(path, who, start):
    for i in range(20):  # each made by all of them at once
        while time.time() < start + i / 50:
            pass
        Cache(path.with_name(f"new {i}.db")).close()
    cache = Cache(path)
    for i in range(200):
        digest = f"call {i}".encode()
        found = await cache.get(digest)
        if found is None:
            cache.put(digest, "m", Generation(f"{i} by {who}"))
        else:
            assert found.text.startswith(f"{i} by"), found
    await asyncio.to_thread(cache.close)
    assert not cache.problem, cache.problem

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
"""


def test_many_processes_share_one_file_from_its_making_on(tmp_path):
    path = tmp_path / "answers.db"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    start = str(time.time() + 1)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS, str(path), str(i), start],
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for i in range(6)
    ]
    told = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 6, told
    assert [h.answers for h in holdings(path)] == [200]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@settings(max_examples=10)
@given(st.lists(st.tuples(st.integers(0, 5), generations), max_size=20))
def test_the_first_answer_to_a_call_stays(puts):
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "answers.db"
        cache = Cache(path)
        for number, answer in puts:
            cache.put(bytes([number]), "m", answer)
        cache.close()

        async def look():
            again = Cache(path)
            found = {n: await again.get(bytes([n])) for n in range(6)}
            await asyncio.to_thread(again.close)
            return found

        first = dict(reversed(puts))
        assert asyncio.run(look()) == {n: first.get(n) for n in range(6)}


# What keeps answers apart, and accounts honest


class Routed(Settings):
    route: SecretStr = SecretStr("")
    path: DataPath | None = None
    port: int = 0
    incidental: ClassVar[frozenset[str]] = frozenset({"port"})


@pytest.fixture
def routed(counted, offered):
    offered("m", Counted, settings=Routed)

    def go(where, **settings):
        assert run(where, **{**KEYS, "models": {"m": {"use": "m", **settings}}}).code == 0
        return len(counted.asked)

    return go


def test_models_that_differ_in_a_secret_share_nothing(tmp_path, routed):
    assert routed(folder(tmp_path, "a"), route="alpha") == 12
    assert routed(folder(tmp_path, "b"), route="beta") == 24
    assert routed(folder(tmp_path, "c"), route="alpha", port=80) == 24


def test_models_whose_data_differ_share_nothing(tmp_path, routed):
    data = tmp_path / "data.txt"
    data.write_text("old")
    assert routed(folder(tmp_path, "a"), path=str(data)) == 12
    data.write_text("newer")
    provenance._file_digest.cache_clear()
    assert routed(folder(tmp_path, "b"), path=str(data)) == 24


def test_a_broken_cache_keeps_nobody_waiting(tmp_path, counted):
    run(folder(tmp_path, "a"), **KEYS)
    file = tmp_path / "cache" / "evalcore" / "answers.db"
    change(file, "DROP TABLE answers")
    outcome = run(folder(tmp_path, "b"), **KEYS)
    assert outcome.code == 1
    assert len(counted.asked) == 24
    with pytest.raises(EvalcoreError, match="the cache cannot be used: no such table"):
        holdings()
    with pytest.raises(EvalcoreError, match="the cache cannot be used: no such table"):
        prune()


def test_what_is_put_after_a_prune_is_found_and_removed(tmp_path):
    path = tmp_path / "answers.db"
    cache = Cache(path)
    cache.put(b"1", "m", Generation("a"))
    while not holdings(path):
        time.sleep(0.01)
    assert prune(path=path) == 1
    cache.put(b"2", "m", Generation("b"))
    cache.close()
    filled(path, "c", model="other")
    assert sorted((h.model, h.answers) for h in holdings(path)) == [("m", 1), ("other", 1)]


def test_an_answer_is_shared_once_the_run_that_paid_has_it(tmp_path, counted, monkeypatch):
    known = []
    put = Cache.put

    def noted(self, digest, model, answer):
        store = open_store(tmp_path / "run")
        known.append(store.usage().calls + sum(map(len, store.open_calls().values())))
        store.close()
        put(self, digest, model, answer)

    monkeypatch.setattr(Cache, "put", noted)
    run(tmp_path, **KEYS)
    assert len(known) == 12
    assert all(count >= number for number, count in enumerate(known, 1))
