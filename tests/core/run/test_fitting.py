"""Estimators: fits and predictions in worker processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from parts import outline, records, run, strategy_of, task_of, write_spec

from evalcore import (
    Attempt,
    Case,
    Estimator,
    Fitted,
    Prediction,
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


class Ways(Settings):
    way: str = "well"
    """What the fit does."""
    noise: float = 0.0
    """How much of chance is added to the weights."""


class Least(Estimator[Ways]):
    """Least squares."""

    def fit(self, inputs, targets, *, seed, tell):
        if self.settings.way == "wrong":
            raise ValueError("the matrix is singular")
        if self.settings.way == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.settings.way == "hangs":
            time.sleep(600)
        if self.settings.way == "odd":
            return targets
        if self.settings.way == "prints":
            print("a word of the fit")
        tell(0.5)
        weights = np.linalg.lstsq(inputs, targets, rcond=None)[0]
        weights += self.settings.noise * np.random.default_rng(seed).normal(size=weights.shape)
        return Fitted(weights, {"process": os.getpid(), "threads": os.environ["OMP_NUM_THREADS"]})

    def predict(self, state, inputs):
        if self.settings.way == "short":
            return Prediction((inputs @ state)[:1])
        return Prediction(inputs @ state, {"process": os.getpid()})


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


def test_a_worker_is_used_again_and_what_cannot_be_sent_is_told():
    async def main():
        workers = Workers(1)
        pids = []
        for _ in range(2):
            async with workers.turn() as worker:
                pids.append(await worker.do(_pid, tell=print))
        async with workers.turn() as worker:
            with pytest.raises(TypeError, match="cannot be sent to a worker process"):
                await worker.do(lambda tell: 1, tell=print)
        async with workers.turn() as worker:
            pids.append(await worker.do(_pid, tell=print))
        await workers.close()
        return pids

    assert len(set(asyncio.run(main()))) == 1


def _pid(tell):
    tell(1.0)
    return os.getpid()


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
