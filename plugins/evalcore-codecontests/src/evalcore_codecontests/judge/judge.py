"""The judge: programs against the tests of a problem, each test in a sandbox."""

from __future__ import annotations

import marshal
import os
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from evalcore_codecontests.checkers.text import to_bytes
from evalcore_codecontests.problem import CallTest, Test

from . import evidence, results, selftest, traces
from .builds import Builds
from .errors import SandboxError, UntraceableError
from .frames import without_own_frames
from .languages import LANGUAGES, MissingToolError, Program, own_packages, site_inside
from .limits import Limits
from .verdict import Judgement, TestResult, Verdict
from .worker import CompileFailed, Worker, memory_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from evalcore_codecontests.checkers import Checker
    from evalcore_codecontests.problem import Problem

    from .languages import Language
    from .traces import Trace
    from .worker import Box, Run

_SHOWN_OUTPUT_BYTES = 16 * 1024
_SHOWN_STDERR_BYTES = 4 * 1024


class Judge:
    """Judges programs, many at a time from as many threads as like to call it.

    Args:
        isolation: `sandbox`, or `none` to run programs with resource limits alone, for
            programs that are trusted on machines that allow no isolation.
        workers: tests that run at a time, the machine's CPUs if `None`.
        time_factor: by language, what a problem's time limit is multiplied with; 1 if absent.
        hidden: files and folders that no program may see although they lie among the system's or
            the interpreter's, such as the problems' data.

    Attributes:
        tier: the isolation in force, in a word; every judgement repeats it.

    Raises:
        IsolationError: this machine allows no isolation.
        SandboxError: a sandbox cannot be started for another reason.
        ValueError: an unknown isolation, or fewer workers than one.
    """

    def __init__(
        self,
        *,
        isolation: Literal["sandbox", "none"] = "sandbox",
        workers: int | None = None,
        time_factor: Mapping[str, float] | None = None,
        hidden: Sequence[str] = (),
    ) -> None:
        if isolation not in ("sandbox", "none"):
            raise ValueError(f"isolation is {isolation!r}, expected 'sandbox' or 'none'")
        count = workers if workers is not None else os.cpu_count() or 1
        if count < 1:
            raise ValueError(f"workers is {count}, expected at least 1")
        self._isolate = isolation == "sandbox"
        self.tier = "namespaces+seccomp" if self._isolate else "none"
        self._time_factor = dict(time_factor or {})
        self._pool = _Pool(count, isolate=self._isolate, hidden=hidden)
        self._builds = Builds()
        self._pressure = evidence.MemoryPressure()
        self._pool.start_first(check=self._isolate)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every sandbox: the idle ones now, the others when their judgement is done."""
        self._pool.close()

    def judge(
        self,
        problem: Problem,
        program: Program,
        *,
        checker: Checker,
        tests: Literal["public", "all"] = "all",
        stop_at_first: bool = True,
        limits: Limits | None = None,
        ignore_exit_status: bool = False,
    ) -> Judgement:
        """Run a program on a problem's tests.

        Args:
            problem: gives the tests, and the limits unless `limits` does.
            program: what to run.
            checker: decides whether an output is right.
            tests: the public ones only, or all, public ones first.
            stop_at_first: whether to stop at the first test that is not accepted.
            limits: of each test, instead of the problem's own.
            ignore_exit_status: whether a program that printed the right answer is accepted
                whatever its exit status, as the official CodeContests judge has it. Limits
                hold all the same.

        Raises:
            RuntimeError: the judge is closed.
        """
        chosen = problem.public_tests
        if tests == "all":
            chosen = (*problem.public_tests, *problem.hidden_tests)
        obstacle = _obstacle(problem, chosen)
        if obstacle:
            return Judgement(Verdict.UNJUDGEABLE, tier=self.tier, message=obstacle)
        foreign = _foreign(problem, program)
        if foreign:
            return Judgement(Verdict.COMPILE_ERROR, tier=self.tier, message=foreign)
        language = LANGUAGES[program.language]
        factor = self._time_factor.get(program.language, 1.0)
        session = _Session(
            problem, program, language, checker, limits or Limits.of(problem, factor),
            ignore_exit_status=ignore_exit_status, isolate=self._isolate,
            builds=self._builds, pressure=self._pressure,
        )  # fmt: skip
        with self._pool.lease() as lease:
            return self._run(session, lease, chosen, stop_at_first=stop_at_first)

    def trace(self, problem: Problem, program: Program, test: Test | CallTest) -> Trace:
        """Run a Python program once more, and see its basic blocks with the values of variables.

        Args:
            problem: what the program is to solve.
            program: one that comes to an end on the test, right or wrong.
            test: gives the input; the expected output is not looked at.

        Raises:
            UntraceableError: it is no Python program, or tracing it failed or took too long.
            RuntimeError: the judge is closed.
        """
        if program.language != "python":
            raise UntraceableError("only Python programs are traced")
        with self._pool.lease() as lease:
            try:
                return traces.trace(
                    lease.worker(), problem, program.code, test, isolate=self._isolate
                )
            except SandboxError as error:
                lease.discard()
                raise UntraceableError(f"the sandbox failed: {error}") from None

    def _run(
        self,
        session: _Session,
        lease: _Lease,
        tests: tuple[Test, ...] | tuple[CallTest, ...],
        *,
        stop_at_first: bool,
    ) -> Judgement:
        done: list[TestResult] = []
        try:
            for test in tests:
                done.append(_twice(session, lease, test))
                if stop_at_first and done[-1].verdict is not Verdict.ACCEPTED:
                    break
        except CompileFailed as error:
            return Judgement(Verdict.COMPILE_ERROR, tier=self.tier, message=str(error))
        except MissingToolError as error:
            return Judgement(Verdict.UNJUDGEABLE, tier=self.tier, message=str(error))
        finally:
            session.close_box(lease)
        failed = [result for result in done if result.verdict is not Verdict.ACCEPTED]
        return Judgement(
            verdict=failed[0].verdict if failed else Verdict.ACCEPTED,
            tests=tuple(done),
            seconds=sum(result.seconds for result in done),
            bytes=max(result.bytes for result in done),
            tier=self.tier,
            message=failed[0].message if failed else "",
        )


def _foreign(problem: Problem, program: Program) -> str:
    """Why a program's language is not one that can solve the problem, empty if it is."""
    call = problem.fn_name is not None
    expected = [name for name, language in LANGUAGES.items() if language.callable or not call]
    if program.language in expected:
        return ""
    *most, last = expected
    listed = f"{', '.join(most)} or {last}" if most else last
    return f"the program is in {program.language}, expected {listed}"


def _obstacle(problem: Problem, tests: tuple[Test, ...] | tuple[CallTest, ...]) -> str:
    """Why this cannot be judged, empty if it can."""
    if not tests:
        kind = "public tests" if problem.hidden_tests else "tests"
        return f"the problem has no {kind}"
    form = Test if problem.fn_name is None else CallTest
    if not all(isinstance(test, form) for test in tests):
        return f"the problem's tests are not all of the form {form.__name__}"
    if problem.files and any("/" in name or name in {"", ".", ".."} for name in problem.files):
        return f"the problem's files {problem.files} are not plain names"
    return ""


def _twice(session: _Session, lease: _Lease, test: Test | CallTest) -> TestResult:
    """Run one test; a failure of the judge's own is tried again in a fresh sandbox."""
    trouble = ""
    for last in (False, True):
        try:
            return session.run(lease.worker(), test, last=last)
        except SandboxError as error:
            trouble = str(error)
            session.forget_box()
            lease.discard()
    return TestResult(Verdict.JUDGE_ERROR, message=trouble)


class _Session:
    """One program under judgement: its box and the way from a test to its result."""

    def __init__(
        self,
        problem: Problem,
        program: Program,
        language: Language,
        checker: Checker,
        limits: Limits,
        *,
        ignore_exit_status: bool,
        isolate: bool,
        builds: Builds,
        pressure: evidence.MemoryPressure,
    ) -> None:
        self._problem = problem
        self._program = program
        self._language = language
        self._checker = checker
        self._limits = limits
        self._ignore_exit_status = ignore_exit_status
        self._processes = limits.processes if isolate else None
        self._builds = builds
        self._pressure = pressure
        self._box: Box | None = None

    def run(self, worker: Worker, test: Test | CallTest, *, last: bool) -> TestResult:
        """One test's result.

        A kill that nobody here has sent may come from a machine short of memory. It is the
        program's own doing if it comes again (`last`) and the kernel reports no such shortage.

        Raises:
            CompileFailed: the program does not compile.
            MissingToolError: there is no compiler.
            SandboxError: the sandbox failed.
        """
        if self._box is None:
            self._box = self._open(worker)
        run = self._execute(self._box, test)
        if run.dirty:
            self._box.close()
            self._box = None
        unexplained = run.exit == -signal.SIGKILL and run.killed is None
        if unexplained and (self._pressure.rose() or not last):
            raise SandboxError("the program was killed from outside")
        return self._result(run, test)

    def close_box(self, lease: _Lease) -> None:
        """Let go of the program, leaving the sandbox ready for the next."""
        if self._box is not None:
            try:
                self._box.close()
            except SandboxError:
                lease.discard()
            self._box = None

    def forget_box(self) -> None:
        """The sandbox is to be thrown away, and the box with it."""
        if self._box is not None:
            self._box.abandon()
            self._box = None

    def _open(self, worker: Worker) -> Box:
        code, language = self._program.code, self._language
        compiled = self._builds.get(language.key(code), lambda: language.compile(code, worker))
        spec = language.box(code, compiled, self._problem.fn_name, self._limits)
        return worker.open(spec, self._limits)

    def _execute(self, box: Box, test: Test | CallTest) -> Run:
        text = test.input if isinstance(test, Test) else ""
        stdin = memory_file(to_bytes(text))
        try:
            return box.run(
                stdin,
                address_space=self._language.address_space(self._limits),
                arguments=marshal.dumps(test.args) if isinstance(test, CallTest) else None,
                files=self._problem.files,
                processes=self._processes,
                stack=self._language.stack(self._limits),
            )
        finally:
            os.close(stdin)

    def _result(self, run: Run, test: Test | CallTest) -> TestResult:
        stderr = without_own_frames(run.stderr)
        result = TestResult(
            Verdict.ACCEPTED,
            seconds=run.cpu,
            bytes=run.peak_bytes,
            output=run.stdout[:_SHOWN_OUTPUT_BYTES],
            stderr=stderr[-_SHOWN_STDERR_BYTES:].decode("utf-8", "replace"),
        )
        failed = evidence.failure(run, self._language, self._limits)
        if failed and not (self._ignore_exit_status and failed[0] is Verdict.RUNTIME_ERROR):
            return replace(result, verdict=failed[0], message=failed[1])
        if isinstance(test, CallTest):
            return self._check_call(result, run, test)
        if run.missing_output:
            message = "the program did not write its output file"
            return replace(result, verdict=Verdict.WRONG_ANSWER, message=message)
        if self._checker.stdio(run.stdout, test.output):
            return result
        return self._not_accepted(result, failed, "the output is not the expected one")

    def _check_call(self, result: TestResult, run: Run, test: CallTest) -> TestResult:
        if not run.result:
            message = "the program ended without returning from the call"
            return replace(result, verdict=Verdict.RUNTIME_ERROR, message=message)
        try:
            value: Any = results.decode(run.result)
        except results.InvalidResultError as error:
            return replace(result, verdict=Verdict.WRONG_ANSWER, message=str(error))
        result = replace(result, result=value)
        if self._checker.call(value, test.output):
            return result
        return self._not_accepted(result, None, "the result is not the expected one")

    @staticmethod
    def _not_accepted(
        result: TestResult, failed: tuple[Verdict, str] | None, message: str
    ) -> TestResult:
        """A wrong answer, unless the program crashed as well, which then says more."""
        verdict, message = failed or (Verdict.WRONG_ANSWER, message)
        return replace(result, verdict=verdict, message=message)


@dataclass(slots=True)
class _Lease:
    """A place in the pool, with the sandbox that happens to hold it."""

    pool: _Pool
    held: Worker | None

    def worker(self) -> Worker:
        """The sandbox, started if need be."""
        if self.held is None:
            self.held = self.pool.start()
        return self.held

    def discard(self) -> None:
        """Throw the sandbox away; the next use starts another."""
        if self.held is not None:
            self.held.close()
            self.held = None


class _Pool:
    """At most `count` sandboxes, started when first needed and used by one thread at a time."""

    def __init__(self, count: int, *, isolate: bool, hidden: Sequence[str]) -> None:
        self._places = threading.Semaphore(count)
        self._isolate = isolate
        self._hidden = [*own_packages(), *hidden]
        self._idle: list[Worker] = []
        self._lock = threading.Lock()
        self._closed = False

    def start(self) -> Worker:
        """A new sandbox.

        Raises:
            IsolationError: the machine refuses the isolation.
            SandboxError: it cannot be started.
        """
        binds: dict[str, str] = {}
        for language in LANGUAGES.values():
            binds |= language.binds
        site = site_inside()
        return Worker(isolate=self._isolate, binds=binds, site=site, hidden=self._hidden)

    def start_first(self, *, check: bool) -> None:
        """Start a sandbox now, so that a machine that refuses is told of at once."""
        worker = self.start()
        try:
            if check:
                selftest.check_once(worker)
        except BaseException:
            worker.close()
            raise
        self._idle.append(worker)

    @contextmanager
    def lease(self) -> Iterator[_Lease]:
        """A place in the pool, waited for."""
        with self._places:
            with self._lock:
                if self._closed:
                    raise RuntimeError("the judge is closed")
                lease = _Lease(self, self._idle.pop() if self._idle else None)
            try:
                yield lease
            except BaseException:
                lease.discard()
                raise
            finally:
                self._take_back(lease)

    def close(self) -> None:
        """End the idle sandboxes now, and the others when their judgement is done."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def _take_back(self, lease: _Lease) -> None:
        with self._lock:
            if lease.held is not None and not self._closed:
                self._idle.append(lease.held)
                return
        lease.discard()
