"""Runs that are killed, interrupted and starved lose nothing and repeat no committed call."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing

import pytest

SWEEP = {"strategy.mark": ["a", "b"]}


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def committed_calls(workplace):
    """The calls whose answers are safe: of committed attempts and of attempts under way."""
    with closing(sqlite3.connect(workplace.folder / "run/run.db")) as base:
        (of_records,) = base.execute("SELECT total(calls) FROM records").fetchone()
        (open_calls,) = base.execute("SELECT count(*) FROM calls").fetchone()
    return int(of_records) + open_calls


def test_killed_at_twenty_moments_a_run_ends_as_if_undisturbed(workplace, tmp_path_factory):
    workplace.write(attempts=2, sweep=SWEEP)
    code, undisturbed, _ = workplace.run("--json")
    assert code == 0
    expected = workplace.records()
    calls_needed = sorted(workplace.log.read_text().splitlines())
    assert len(expected) == 1_200
    assert len(calls_needed) == 3_600
    (workplace.folder / "run").rename(workplace.folder / "undisturbed")
    workplace.log.unlink()

    draw = random.Random(7)
    kills, safe, lost = 0, 0, 0
    while kills < 20:
        process = workplace.start("--quiet")
        time.sleep(0.4 + draw.random() * 0.5)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        made = len(workplace.log.read_text().splitlines()) if workplace.log.exists() else 0
        if (workplace.folder / "run/run.db").exists():
            now = committed_calls(workplace)
            assert now >= safe
            lost += made - lost - now
            safe = now
    code, output, _ = workplace.run("--json")
    assert code == 0
    assert workplace.records() == expected
    assert json.loads(output) == json.loads(undisturbed)
    made = Counter(workplace.log.read_text().splitlines())
    assert set(made) == set(calls_needed)
    # What was asked again is what had no answer in the store when the process was killed.
    assert sum(made.values()) == len(calls_needed) + lost


def test_no_attempt_under_way_is_repeated_from_its_first_call(workplace):
    """A long attempt goes on after its last answered call."""
    workplace.write(count=4, seconds=0.05, strategy={"use": "steps", "calls": 30})
    process = workplace.start()
    wait_for(lambda: workplace.log.exists() and len(workplace.log.read_text()) > 2_000, process)
    process.kill()
    process.communicate()
    safe = committed_calls(workplace)
    before = len(workplace.log.read_text().splitlines())
    assert safe > 0
    assert workplace.run()[0] == 0
    made = len(workplace.log.read_text().splitlines())
    assert made == 120 + before - safe


def test_a_budget_counts_what_a_killed_session_spent(workplace):
    """What was lost with the process is spent again, and is the only difference."""
    workplace.write(count=100, seconds=0.01, limits={"concurrency": 8, "calls": 200})
    process = workplace.start("--quiet")
    wait_for(lambda: workplace.committed() > 10, process)
    process.kill()
    process.communicate()
    safe = committed_calls(workplace)
    before = len(workplace.log.read_text().splitlines())
    assert 30 < safe < 200
    for _ in range(2):
        code, _, words = workplace.run()
        assert code == 3
        assert "limits.calls is reached: 200 of 200 calls are spent, so raise it; `ev" in words
        assert committed_calls(workplace) == 200
        assert len(workplace.log.read_text().splitlines()) == 200 + before - safe
    assert workplace.run("--quiet", "--set", "limits.calls=301")[0] == 0
    assert len(workplace.log.read_text().splitlines()) == 300 + before - safe


def test_one_interrupt_finishes_what_is_in_flight(workplace):
    workplace.write(count=2_000, limits={"concurrency": 8})
    process = workplace.start()
    wait_for(lambda: workplace.committed() > 50, process)
    process.send_signal(signal.SIGINT)
    output, words = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopping: " in words
    assert "goes on" in words
    assert "mean" in output
    done = workplace.committed()
    assert 50 < done < 2_000
    # What waited for its score is kept as calls.
    assert len(workplace.log.read_text().splitlines()) >= 3 * done
    assert workplace.run("--quiet")[0] == 0
    assert workplace.committed() == 2_000
    assert len(workplace.log.read_text().splitlines()) == 6_000


@pytest.mark.parametrize("limits", [{"requests_per_minute": 30}, {"concurrency": 1}])
def test_one_interrupt_waits_for_no_call_that_waits_for_its_turn(workplace, limits):
    workplace.write(count=20, limits={"concurrency": 20}, seconds=0.2)
    spec = json.loads((workplace.folder / "spec.json").read_text())
    spec["models"]["m"]["limits"] = limits
    (workplace.folder / "spec.json").write_text(json.dumps(spec))
    process = workplace.start()
    wait_for(lambda: workplace.log.exists() and workplace.log.read_text(), process)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=60)
    assert process.returncode == 130, words
    asked = workplace.log.read_text().splitlines()
    assert len(asked) < 20
    if "concurrency" in limits:
        assert workplace.run("--quiet")[0] == 0
        asked = workplace.log.read_text().splitlines()
        assert len(asked) == len(set(asked)) == 60


def test_a_second_interrupt_stops_at_once(workplace):
    workplace.write(count=50, seconds=30)
    process = workplace.start()
    wait_for(lambda: workplace.log.exists() and workplace.log.read_text(), process)
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline().startswith("stopping: ")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130


def test_two_processes_cannot_be_at_one_run(workplace):
    workplace.write(count=2_000, seconds=0.1)
    process = workplace.start()
    wait_for(lambda: workplace.committed() > 0, process)
    code, _, words = workplace.run()
    assert code == 2
    assert "another evalcore is at this run" in words
    assert workplace.run("--fresh")[0] == 2
    process.kill()
    process.communicate()


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))


def test_a_full_disk_ends_the_run_with_a_clear_error_and_keeps_what_is_safe(workplace):
    workplace.write(count=3_000)
    code, _, words = workplace.run(preexec_fn=limit_files)
    assert code == 2
    assert "Traceback" not in words
    assert "run.db: cannot be written" in words
    done = workplace.committed()
    assert done > 0
    assert workplace.run("--quiet")[0] == 0
    assert workplace.committed() == 3_000


def test_a_task_that_breaks_off_keeps_what_came_before(workplace):
    task = {"use": "sums", "count": 100, "broken_at": 60}
    workplace.write(task=task)
    code, _, words = workplace.run()
    assert code == 1
    assert "task sums cannot give its samples: OSError: the disk is gone" in words
    assert "Traceback" not in words
    assert workplace.committed() == 60


@pytest.mark.parametrize("key", [{}, {"key": "${WORK_KEY}"}])
def test_secrets_stay_out_of_everything_that_is_written(workplace, key):
    secret = "s3cr3t-0f-the-t3st"
    workplace.variables["WORK_KEY"] = secret
    workplace.variables["WORK_LOG"] = str(workplace.log)
    model = {"use": "counted", "log": "${WORK_LOG}", **key}
    workplace.write(count=5, models={"m": model}, reports=["html"])
    code, output, words = workplace.run()
    assert code == (1 if key else 0)
    assert secret not in output + words
    for file in (workplace.folder / "run").rglob("*"):
        assert secret.encode() not in file.read_bytes(), file
        assert str(workplace.log).encode() not in file.read_bytes(), file
    assert len(workplace.records()) == 5


def test_memory_does_not_grow_with_the_samples(workplace):
    peaks = []
    for count in (2_000, 200_000):
        workplace.write(count=count, strategy={"use": "steps", "calls": 0}, metrics=["mean"])
        process = workplace.start("--quiet", "--fresh")
        process.stdout.read()
        _, process.returncode, usage = os.wait4(process.pid, 0)
        process.stdout.close()
        process.stderr.close()
        peaks.append(usage.ru_maxrss / 1024)
    assert peaks[1] < peaks[0] + 60, peaks
