"""The sandbox as a whole: its start and end, its tiers, and what it leaves behind."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from judge_helpers import stdio_problem

from evalcore_codecontests import checkers
from evalcore_codecontests.judge import Judge, Limits, Program, SandboxError, Verdict
from evalcore_codecontests.problem import Problem, Test

ECHO = Program("python", "print(input())")
TOKENS = checkers.get("tokens")
HEAD = """
import os, sys
from pathlib import Path
from evalcore_codecontests import checkers
from evalcore_codecontests.judge import IsolationError, Judge, Program
from evalcore_codecontests.problem import Problem, Test
def ask(judge, code, text, language="python"):
    problem = Problem("p", "p", "", hidden_tests=(Test(text, text),))
    return judge.judge(problem, Program(language, code), checker=checkers.get("tokens"))
def children():
    tasks = Path("/proc/self/task").glob("*/children")
    return sum(len(path.read_text().split()) for path in tasks)
"""


def python(code: str, *before: str, **how) -> subprocess.Popen[str]:
    """Start an interpreter on `code`, with the modules of this one at hand."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    argv = [*before, sys.executable, "-c", HEAD + textwrap.dedent(code)]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True, env=environment, **how)


def descendants(pid: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found: set[int] = set()
    grown = {pid}
    while grown:
        grown = {child for child, parent in parents.items() if parent in grown} - found
        found |= grown
    return found


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def wait_until(condition) -> bool:
    """Whether `condition` comes true; far longer than it ever takes."""
    for _ in range(3000):
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_many_threads_judge_at_once(judge):
    def one(number: int) -> bool:
        problem = stdio_problem([(str(number), str(number))] * 3)
        return judge.judge(problem, ECHO, checker=TOKENS).verdict is Verdict.ACCEPTED

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(one, range(40)))


def test_no_more_sandboxes_than_workers():
    process = python("""
        from concurrent.futures import ThreadPoolExecutor
        with Judge(workers=2) as judge, ThreadPoolExecutor(6) as threads:
            code = "import time; time.sleep(0.05); print(input())"
            verdicts = list(threads.map(lambda n: ask(judge, code, "x").verdict.value, range(12)))
            print({*verdicts}, children())
    """)
    out, err = process.communicate()
    assert out == "{'accepted'} 2\n", err


def test_closing_leaves_nothing_behind():
    process = python("""
        def descriptors(): return sorted(os.listdir("/proc/self/fd"))
        def mounts(): return Path("/proc/self/mountinfo").read_text()
        before = descriptors(), mounts()
        with Judge(workers=2) as judge:
            for code in ("print(input())", "import time; time.sleep(0)", "syntax error", "1 / 0"):
                ask(judge, code, "x")
        print((descriptors(), mounts()) == before, children())
        try:
            ask(judge, "", "x")
        except RuntimeError as error:
            print(error)
    """)
    out, err = process.communicate()
    assert out == "True 0\nthe judge is closed\n", err


@pytest.mark.parametrize("isolation", ["sandbox", "none"])
def test_no_process_outlives_a_judge_that_is_killed(isolation):
    process = python(f"""
        import threading
        judge = Judge(isolation={isolation!r}, workers=2)
        code = "import sys, threading, time\\n" + (
            "threading.Thread(target=time.sleep, args=(60,)).start()\\nwhile True: pass")
        for _ in range(2):
            threading.Thread(target=ask, args=(judge, code, "x")).start()
        ask(judge, "print(input())", "x")
        print("never")
    """)
    # two supervisors, two boxes, two programs
    assert wait_until(lambda: len(descendants(process.pid)) >= 6)
    below = descendants(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert wait_until(lambda: not alive(below)), below


def test_a_sandbox_that_dies_is_replaced(judge):
    with Judge(workers=1) as own:
        problem = stdio_problem([("x", "x")])
        assert own.judge(problem, ECHO, checker=TOKENS).verdict is Verdict.ACCEPTED
        (worker,) = own._pool._idle
        os.kill(worker._process.pid, signal.SIGKILL)
        assert own.judge(problem, ECHO, checker=TOKENS).verdict is Verdict.ACCEPTED


def test_a_judge_that_fails_twice_says_so(monkeypatch):
    with Judge(workers=1) as own:
        monkeypatch.setattr(sys, "executable", "/nonexistent/python")
        (worker,) = own._pool._idle
        os.kill(worker._process.pid, signal.SIGKILL)
        judgement = own.judge(stdio_problem([("x", "x")]), ECHO, checker=TOKENS)
    assert judgement.verdict is Verdict.JUDGE_ERROR
    assert "/nonexistent/python" in judgement.message
    assert judgement.tests[0].verdict is Verdict.JUDGE_ERROR


def test_a_machine_that_cannot_start_a_sandbox_is_told_at_once(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(SandboxError, match="/nonexistent/python"):
        Judge(workers=1)


DENY_USER_NAMESPACES = """
from evalcore_codecontests.judge.sandbox import kernel, seccomp
pr_set_child_subreaper = 36
kernel.prctl(pr_set_child_subreaper, 1)
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
seccomp.build(processes=True, execute=True).install()
"""


def test_where_isolation_is_denied_the_judge_refuses_in_one_line():
    process = python(
        DENY_USER_NAMESPACES
        + textwrap.dedent("""
        try:
            Judge()
        except IsolationError as error:
            print(error)
        with Judge(isolation="none") as judge:
            print(ask(judge, "print(input())", "x").verdict, judge.tier)
        try:
            while True: os.waitpid(-1, 0)  # orphans, adopted; one that stays hangs this test
        except ChildProcessError:
            print("none left")
    """)
    )
    out, err = process.communicate(timeout=120)
    refusal, accepted, left = out.splitlines()
    assert "new user namespace: Operation not permitted" in refusal, err
    assert "sysctl" in refusal
    assert "--security-opt" in refusal
    assert "`isolation: none`" in refusal
    assert accepted == "accepted none"
    assert left == "none left"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
def test_an_ordinary_user_has_the_same_isolation():
    nobody = str(pwd.getpwnam("nobody").pw_uid)
    before = ["setpriv", f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups"]
    interpreter = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    readable = subprocess.run(
        [*before, interpreter or "false", "-c", "import sys; sys.exit(sys.version_info < (3, 11))"],
        check=False, cwd="/",
    )  # fmt: skip
    if readable.returncode != 0:
        pytest.skip("no Python >= 3.11 that an ordinary user may run")
    check_three_programs(before, interpreter)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
def test_root_of_a_user_namespace_has_the_same_isolation():
    if subprocess.run(["unshare", "-Urn", "true"], check=False, capture_output=True).returncode:
        pytest.skip("user namespaces are not allowed")
    check_three_programs(["unshare", "-Urn"], sys.executable)


def check_three_programs(before, interpreter):
    root = Path(__file__).resolve().parents[4]
    sources = [root, root / "plugins/evalcore-codecontests/src"]
    code = HEAD + textwrap.dedent("""
        with Judge(workers=1) as judge:
            print(judge.tier)
            print(ask(judge, "print(input())", "x").verdict)
            print(ask(judge, "import os; os.fork()", "x").verdict)
            print(ask(judge, "int main() { return 3; }", "x", "cpp").verdict)
    """)
    done = subprocess.run(
        [*before, interpreter, "-B", "-c", code], capture_output=True, text=True, check=False,
        cwd="/", env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, sources))},
    )  # fmt: skip
    expected = ["namespaces+seccomp", "accepted", "runtime-error"]
    assert done.stdout.splitlines()[:3] == expected, done.stderr
    assert done.stdout.splitlines()[3] in {"runtime-error", "unjudgeable"}


@pytest.fixture(scope="module")
def bare():
    with Judge(isolation="none", workers=1) as judge:
        yield judge


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("print(input())", Verdict.ACCEPTED),
        ("print(1)", Verdict.WRONG_ANSWER),
        ("1 / 0", Verdict.RUNTIME_ERROR),
        ("while True: pass", Verdict.TIME_LIMIT),
        ("import time; time.sleep(60)", Verdict.TIME_LIMIT),
        ("[0] * 10**11", Verdict.MEMORY_LIMIT),
        ("while True: print('x' * 999)", Verdict.OUTPUT_LIMIT),
        ("(", Verdict.COMPILE_ERROR),
        ("import os; print(input(), *os.listdir('.')); open('x', 'w')", Verdict.ACCEPTED),
    ],
)
def test_without_isolation_the_verdicts_are_the_same(bare, code, verdict):
    limits = Limits(cpu_seconds=0.3, wall_seconds=0.6, output_bytes=1 << 20)
    problem = stdio_problem([("x", "x")] * 2)
    judgement = bare.judge(problem, Program("python", code), checker=TOKENS, limits=limits)
    assert judgement.verdict is verdict, judgement
    assert judgement.tier == "none"


@pytest.mark.parametrize(
    ("arguments", "words"), [({"isolation": "some"}, "'some'"), ({"workers": 0}, "workers is 0")]
)
def test_wrong_settings_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        Judge(**arguments)


def test_the_data_are_hidden_where_they_lie_among_the_systems_files():
    folder = Path("/usr/local/share/evalcore-test")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("only root may write to /usr/local")
    try:
        data, other = folder / "problems.jsonl", folder / "other.txt"
        data.write_text("the answer")
        other.write_text("no secret")
        code = f"print(repr(open({str(data)!r}).read()), open({str(other)!r}).read())"
        problem = Problem("p", "p", "", (Test("", "'' no secret\n"),))
        with Judge(workers=1, hidden=[str(data)]) as judge:
            judgement = judge.judge(
                problem, Program("python", code), checker=checkers.get("tokens")
            )
        assert judgement.verdict is Verdict.ACCEPTED, judgement
    finally:
        shutil.rmtree(folder)


def test_this_projects_packages_are_hidden_wherever_they_are_installed(tmp_path):
    code = (
        "import glob, sys\n"
        "found = [p for s in sys.path for p in glob.glob(s + '/evalcore*/*', recursive=True)]\n"
        "print(len(found))\n"
    )
    problem = Problem("p", "p", "", (Test("", "0\n"),))
    with Judge(workers=1) as judge:
        judgement = judge.judge(problem, Program("python", code), checker=checkers.get("tokens"))
    assert judgement.verdict is Verdict.ACCEPTED, judgement
