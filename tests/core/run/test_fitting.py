"""Estimators: fits and predictions in worker processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import closing
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from fits import Least, Ways, doubled, process
from parts import outline, records, run, strategy_of, task_of, write_spec

from evalcore import (
    Attempt,
    Case,
    Estimator,
    Sample,
    Score,
    Settings,
    SpecError,
    Strategy,
)
from evalcore.readiness import check_components
from evalcore.session import run_spec
from evalcore.spec import load_spec
from evalcore.workers import Workers


class Fits(Strategy[Settings]):
    uses = Estimator

    async def attempt(self, sample, context):
        inputs, targets, asked = sample.public
        fitted = await context.model.fit(inputs, targets)
        prediction = await fitted.predict(asked)
        details = {"fit": fitted.details, "prediction": prediction.details}
        return Attempt(prediction.outputs, details=details, keep=False)


def cases():
    for i in range(3):
        generator = np.random.default_rng(i)
        inputs, weights = generator.normal(size=(20, 3)), generator.normal(size=(3, 1))
        asked = 1_000 * generator.normal(size=(5, 3))
        yield Case(Sample(f"s{i}", "", (inputs, inputs @ weights, asked)), asked @ weights)


def score(case, attempt):
    assert isinstance(attempt.answer, np.ndarray)
    return Score(float(np.abs(attempt.answer - case.hidden).max()))


@pytest.fixture(autouse=True)
def fits(offered):
    offered("numbers", task_of(cases, score=score))
    offered("made", Fits)
    offered("least", Least, settings=Ways)


def least(**settings):
    return {"models": {"m": {"use": "least", **settings}}}


def test_a_fit_and_its_prediction_are_made_in_other_processes(tmp_path):
    assert run(tmp_path, **least()).status == "finished"
    for record in records(tmp_path):
        assert record.score.value < 1e-8
        assert record.answer is None, "an answer that is not kept is on record"
        assert record.details["fit"]["threads"] == "1"
        assert os.getpid() not in {part["process"] for part in record.details.values()}
        assert record.usage.calls == 2
        assert record.usage.seconds > 0


def test_the_seed_of_a_fit_is_that_of_its_sample_in_every_cell_and_session(tmp_path):
    def scores(folder, **keys):
        folder.mkdir()
        run(folder, attempts=2, **keys)
        return {(r.cell, r.sample, r.attempt): r.score.value for r in records(folder)}

    noisy = least(noise=1.0)
    first = scores(tmp_path / "a", **noisy, sweep={"models.m.way": ["well", "prints"]})
    again = scores(tmp_path / "b", **noisy, sweep={"models.m.way": ["well", "prints"]})
    assert first == again
    by_cell = {}
    for (cell, *of), value in first.items():
        by_cell.setdefault(cell, {})[tuple(of)] = value
    one, two = by_cell.values()
    assert one == two, "cells do not share the chance of their fits"
    assert len(set(one.values())) == 6, "attempts share the chance of their fits"


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("wrong", "ValueError: the matrix is singular"),
        ("dies", "ended with signal SIGKILL"),
        ("odd", "fit returned ndarray, expected Fitted"),
        ("short", "shape (1, 1), expected (5, outputs)"),
    ],
)
def test_what_a_fit_fails_by_is_the_failure_of_the_model(tmp_path, way, told):
    assert run(tmp_path, **least(way=way)).status == "finished with failed attempts"
    for record in records(tmp_path):
        assert record.failure.kind == "model"
        assert told in record.failure.message


def test_a_fit_beyond_the_seconds_of_its_model_is_ended(tmp_path):
    hangs = {"use": "least", "way": "hangs", "limits": {"seconds": 0.5}}
    outcome = run(tmp_path, models={"m": hangs}, session={"limit": 1})
    assert outcome.status == "finished with failed attempts"
    assert "not done within 0.5 s" in records(tmp_path)[0].failure.message


def test_a_strategy_is_told_of_models_that_it_cannot_use(tmp_path, offered):
    async def asks(sample, context):
        return Attempt((await context.model.generate("?")).text)

    offered("made", strategy_of(asks))
    with pytest.raises(SpecError, match=r"m \(least\) is of the kind Estimator, strategy made"):
        check_components(load_spec(write_spec(tmp_path, **least())))
    replay = {"use": "replay", "path": str(tmp_path / "a.jsonl")}
    (tmp_path / "a.jsonl").write_text('{"id": "s0", "answer": "1"}\n')
    offered("made", Fits)
    with pytest.raises(SpecError, match="of the kind LanguageModel, strategy made uses Estimator"):
        check_components(load_spec(write_spec(tmp_path, models={"m": replay})))


@pytest.mark.parametrize("keep", [True, False])
def test_an_answer_of_any_type_is_scored_where_it_is_not_kept(tmp_path, offered, keep):
    async def answers(sample, context):
        return Attempt(object(), keep=keep)

    offered("numbers", task_of(cases, score=lambda case, attempt: Score(1.0)))
    offered("made", strategy_of(answers))
    run(tmp_path)
    for record in records(tmp_path):
        assert (record.failure.error == "NotStorableError") if keep else record.score


@pytest.fixture
def both(offered):
    """Two strategies that make equal fits."""

    class Applies(Fits):
        async def attempt(self, sample, context):
            inputs, targets, asked = sample.public
            fitted = await context.model.fit(inputs, targets)
            outputs = await fitted.apply(doubled, asked)
            return Attempt(outputs / 2, details={"fit": fitted.details}, keep=False)

    offered("applies", Applies)
    return {"strategy.use": ["made", "applies"]}


def test_an_equal_fit_of_a_run_is_made_once(tmp_path, both):
    run(tmp_path, **least(noise=1.0), sweep=both)
    by_sample = {}
    for record in records(tmp_path):
        by_sample.setdefault(record.sample, []).append(record)
    for one, other in by_sample.values():
        assert one.score.value == pytest.approx(other.score.value)
        assert one.details["fit"] == other.details["fit"]
        assert sorted([one.usage.cached, other.usage.cached]) == [0, 1]


def test_an_equal_fit_that_fails_fails_each_attempt(tmp_path, both):
    run(tmp_path, **least(way="wrong"), sweep=both)
    assert [r for r in records(tmp_path) if "singular" not in r.failure.message] == []


def test_what_a_fit_prints_is_not_among_the_results(tmp_path, capfd):
    run(tmp_path, **least(way="prints"))
    printed = capfd.readouterr()
    assert "a word of the fit" not in printed.out


def test_one_at_a_time_or_many_gives_the_same(tmp_path):
    outlines = []
    for concurrency in (1, 8):
        folder = tmp_path / str(concurrency)
        folder.mkdir()
        run(folder, **least(noise=1.0), attempts=2, limits={"concurrency": concurrency})
        outlines.append([of[:6] for of in outline(folder)])
    assert outlines[0] == outlines[1]


def test_a_run_that_is_given_up_ends_its_workers(tmp_path):
    asyncio.run(_given_up(tmp_path))


async def _given_up(folder):
    from evalcore.rundir import RunDirectory
    from evalcore.runner import Runner

    spec = load_spec(write_spec(folder, **least(way="hangs")))
    directory = RunDirectory(folder / "run", spec)
    runner = Runner(spec, directory.store, identities={})
    running = asyncio.create_task(runner.run())
    while not (children := _children()):  # noqa: ASYNC110 - they tell nobody
        await asyncio.sleep(0.01)
    runner.stop("enough")
    runner.cancel()
    await asyncio.wait([running], timeout=20)
    assert running.done()
    directory.close()
    assert not [pid for pid in children if _exists(pid)]


def test_an_interrupted_run_finishes_the_fits_that_are_begun_and_begins_none(tmp_path):
    assert 1 <= asyncio.run(_interrupted(tmp_path)) < 20
    assert {record.failure for record in records(tmp_path)} == {None}


async def _interrupted(folder):
    """How many attempts are on record after an interrupt in the first fits."""
    from evalcore.rundir import RunDirectory
    from evalcore.runner import Runner

    spec = load_spec(write_spec(folder, attempts=20, **least(way="slow")))
    with closing(RunDirectory(folder / "run", spec)) as directory:
        runner = Runner(spec, directory.store, identities={})
        running = asyncio.create_task(runner.run())
        while not _children() or not runner._gate.working:  # noqa: ASYNC110 - they tell nobody
            await asyncio.sleep(0.01)
        begun = len(runner._gate.working)
        runner.interrupt("enough")
        await asyncio.wait_for(running, 20)
        assert runner.progress.committed >= begun
        return runner.progress.committed


def test_workers_end_when_their_run_is_killed():
    program = """
import asyncio, time
from evalcore.workers import Workers
async def main():
    async with Workers().turn() as worker:
        print(worker._process.pid, flush=True)
        time.sleep(60)
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    until = time.monotonic() + 20
    while _exists(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _exists(pid)


def test_what_is_begun_is_finished_before_more_is_begun():
    async def main():
        workers, order = Workers(1), []

        async def fit_and_predict(name):
            async with workers.turn(begins=True):
                order.append(f"fit {name}")
                await asyncio.sleep(0)
            async with workers.turn():
                order.append(f"predict {name}")

        waiting = [asyncio.create_task(fit_and_predict(name)) for name in "abcd"]
        await asyncio.sleep(0)
        waiting[1].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        async with workers.turn():
            order.append("room again")
        await workers.close()
        return order

    order = asyncio.run(main())
    assert sorted(order[:-1]) == [f"{work} {name}" for work in ("fit", "predict") for name in "acd"]
    assert order[-1] == "room again"
    # One that is done is not yet asked for its prediction when the next takes its place.
    begun = [1 if work.startswith("fit") else -1 for work in order[:-1]]
    assert max(accumulate(begun)) <= 2


def test_a_worker_is_used_again_and_what_cannot_be_sent_is_told():
    async def main():
        workers = Workers(1)
        pids = []
        for _ in range(2):
            async with workers.turn() as worker:
                pids.append(await worker.do(process, tell=print))
        async with workers.turn() as worker:
            with pytest.raises(TypeError, match="cannot be sent to a worker process"):
                await worker.do(lambda tell: 1, tell=print)
        async with workers.turn() as worker:
            pids.append(await worker.do(process, tell=print))
        await workers.close()
        return pids

    assert len(set(asyncio.run(main()))) == 1


def _children():
    files = Path("/proc/self/task").glob("*/children")
    return [pid for file in files for pid in file.read_text().split()]


def _exists(pid):
    return Path(f"/proc/{pid}").exists()


def test_the_session_shows_how_far_fits_are(tmp_path):
    from evalcore.cli.progress import _words
    from evalcore.runner import Progress

    assert "fits at 42%, 7%" in _words(Progress(fits=(0.42, 0.07)))
    assert (
        run_spec(load_spec(write_spec(tmp_path, **least())), tmp_path / "run").progress.fits == ()
    )
