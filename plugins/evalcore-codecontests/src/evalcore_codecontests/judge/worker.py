"""The judge's end of a sandbox process: opening boxes in it and running tests in them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .errors import IsolationError, SandboxError
from .frames import OWN_FILE
from .limits import WALL_PER_CPU_USED
from .sandbox import protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .limits import Limits

_ENTRY = Path(__file__).parent / "sandbox" / "__main__.py"
_START_SECONDS = 60.0
_OPEN_SECONDS = 120.0  # compiling a Python program included; its CPU time is bounded inside
_GRACE_SECONDS = 30.0
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
_ENVIRONMENT = {
    "HOME": "/box",
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
}
_REMEDIES = (
    "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
    "user.max_user_namespaces=10000, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0), "
    "in Docker run with --security-opt seccomp=unconfined --security-opt apparmor=unconfined, "
    "or accept running programs unprotected with `isolation: none`"
)


@dataclass(frozen=True, slots=True)
class BoxSpec:
    """What to hold in a box.

    Attributes:
        kind: `python` (a script), `call` (a script with a function to call), `trace` (either of
            these, traced), `exec` (a command).
        files: the program's files by name; for the first three kinds the script is the only one.
        function: the function to call, where there is one.
        argv: the command; `{program}` in it stands for the folder of the files.
        fork: whether the command may start processes, as compilers do.
        proc_self_exe: path of the executable, where the command asks the system for it.
    """

    kind: str
    files: Mapping[str, bytes]
    function: str = ""
    argv: Sequence[str] = ()
    fork: bool = False
    proc_self_exe: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """What happened in one run.

    Attributes:
        exit: exit status, or minus the signal that ended it.
        killed: the limit for which it was killed, `cpu` or `wall`.
        cpu: CPU time in seconds, of all threads and of processes that were waited for.
        wall: seconds on the clock.
        peak_bytes: the most resident memory.
        dirty: whether it left files, so that the box must not be used again.
    """

    exit: int
    killed: str | None
    cpu: float
    wall: float
    peak_bytes: int
    dirty: bool
    stdout: bytes
    stderr: bytes
    result: bytes
    missing_output: bool = False


class CompileFailed(Exception):  # noqa: N818 - a finding about the program, no error of ours
    """The program's text does not compile; the message is the compiler's."""


class Worker:
    """One sandbox process; used by one thread at a time.

    Raises:
        IsolationError: the machine refuses the isolation.
        SandboxError: the process cannot be started.
    """

    def __init__(
        self,
        *,
        isolate: bool,
        binds: Mapping[str, str],
        site: Sequence[str],
        hidden: Sequence[str] = (),
    ) -> None:
        self._control, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._log = os.memfd_create("sandbox-log")
        flags = ["-s", "-S", "-P", "-B"]
        try:
            self._process = subprocess.Popen(
                [sys.executable, *flags, str(_ENTRY), str(child.fileno()), OWN_FILE],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                pass_fds=[child.fileno()],
                env=_ENVIRONMENT,
                cwd="/",
            )
        except OSError as error:
            self._control.close()
            os.close(self._log)
            raise SandboxError(f"cannot start a sandbox: {error}") from error
        finally:
            child.close()
        config = {"isolate": isolate, "binds": dict(binds), "site": list(site)}
        self._configure({**config, "hidden": list(hidden)})

    def _configure(self, config: dict[str, Any]) -> None:
        self._control.settimeout(_START_SECONDS)
        try:
            protocol.send(self._control, config)
            answer, _ = protocol.receive(self._control)
        except OSError:
            answer = None
        if answer is None:
            log = self._read_log()
            self.close()
            raise SandboxError(f"a sandbox did not start: {log}")
        if "error" in answer:
            self.close()
            message = f"this machine refuses isolation ({answer['error']}): {_REMEDIES}"
            raise IsolationError(message)

    def open(self, spec: BoxSpec, limits: Limits) -> Box:
        """Open a box; the one before must be closed.

        Raises:
            CompileFailed: the program is no Python.
            SandboxError: the sandbox failed.
        """
        return Box(self, spec, limits)

    def start_box(self, message: dict[str, Any], fds: Sequence[int]) -> None:
        """Ask for a box, whose socket is the first of `fds`."""
        try:
            protocol.send(self._control, message, fds)
        except OSError as error:
            raise SandboxError(f"a sandbox has ended: {self._read_log()}") from error

    def await_box_end(self) -> int:
        """The exit status of the box that has ended, or minus the signal that killed it."""
        self._control.settimeout(_GRACE_SECONDS)
        try:
            answer, _ = protocol.receive(self._control)
        except OSError:
            answer = None
        if answer is None:
            raise SandboxError(f"a sandbox has ended: {self._read_log()}")
        return os.waitstatus_to_exitcode(answer["ended"])

    def close(self) -> None:
        """End the sandbox and everything in it."""
        self._control.close()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):
            os.close(self._log)

    def _read_log(self) -> str:
        tail = os.pread(self._log, 1 << 16, 0).decode("utf-8", "replace").strip()
        return tail.splitlines()[-1] if tail else "no message"


class Box:
    """A program in a sandbox, ready to be run any number of times; close it before the next."""

    def __init__(self, worker: Worker, spec: BoxSpec, limits: Limits) -> None:
        self._worker = worker
        self._limits = limits
        self._channel, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sources = [memory_file(content) for content in spec.files.values()]
        message = {
            "kind": spec.kind,
            "files": list(spec.files),
            "function": spec.function,
            "argv": list(spec.argv),
            "env": _ENVIRONMENT,
            "fork": spec.fork,
            "proc_self_exe": spec.proc_self_exe,
            "names_stdin": any(b"/dev/stdin" in content for content in spec.files.values()),
            "disk_bytes": limits.disk_bytes,
            "disk_files": limits.disk_files,
        }
        try:
            worker.start_box(message, [child.fileno(), *sources])
        except SandboxError:
            self._channel.close()
            raise
        finally:
            child.close()
            for fd in sources:
                os.close(fd)
        self._await_ready()

    def _await_ready(self) -> None:
        answer = self._receive(_OPEN_SECONDS)
        if answer is None:
            status = self.close()
            if status < 0:
                raise CompileFailed(f"the compiler was killed by signal {-status}")
            raise SandboxError(f"a box ended with status {status} before its program")
        if "ready" not in answer:
            self.close()
            if "compile_error" in answer:
                raise CompileFailed(answer["compile_error"])
            raise SandboxError(f"a box was not ready: {answer['error']}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(SandboxError):
            self.close()

    def run(
        self,
        stdin: int,
        *,
        address_space: int | None,
        arguments: bytes | None = None,
        files: tuple[str, str] | None = None,
        processes: int | None = None,
        stack: int | None = None,
    ) -> Run:
        """Run the program once.

        Args:
            stdin: a descriptor of its input, positioned at the start.
            address_space: bytes of address space above what any run has, `None` for no limit.
            arguments: for a `call` or `trace` box, the marshalled arguments.
            files: names of the files to read and write instead of the standard streams.
            processes: threads and processes at a time, `None` for no limit.
            stack: bytes of the first thread's stack, `None` for a gigabyte.

        Raises:
            SandboxError: the sandbox failed.
        """
        limits = self._limits
        request: dict[str, Any] = {
            "cpu_seconds": limits.cpu_seconds,
            "wall_seconds": limits.wall,
            "wall_per_cpu": WALL_PER_CPU_USED,
            "address_space": address_space,
            "output_bytes": limits.output_bytes,
            "processes": processes,
            "files": limits.files,
            "stack_bytes": stack,
        }
        if files is not None:
            request |= {"input_file": files[0], "output_file": files[1]}
        with _Outputs(3 if arguments is not None else 2) as outputs:
            fds = [stdin, *outputs.fds[:2]]
            if arguments is not None:
                fds += [outputs.add(memory_file(arguments)), outputs.fds[2]]
            answer = self._ask(request, fds, limits.longest_wall + _GRACE_SECONDS)
            contents = [outputs.read(place, limits.output_bytes) for place in range(3)]
        return Run(
            exit=answer["exit"],
            killed=answer["killed"],
            cpu=answer["cpu"],
            wall=answer["wall"],
            peak_bytes=answer["bytes"],
            dirty=answer["dirty"],
            stdout=contents[0],
            stderr=contents[1],
            result=contents[2],
            missing_output=answer.get("missing_output", False),
        )

    def collect(self, name: str, limit: int) -> bytes:
        """The first `limit` bytes of a file that the last run left.

        Raises:
            SandboxError: there is no such file.
        """
        with _Outputs(1) as outputs:
            self._ask({"collect": name}, outputs.fds, _GRACE_SECONDS)
            return outputs.read(0, limit)

    def abandon(self) -> None:
        """Let go of a box whose sandbox is about to be closed."""
        self._channel.close()

    def close(self) -> int:
        """End the program and wait for it: the box's exit status, or minus its signal."""
        if self._channel.fileno() < 0:
            return 0
        self._channel.close()
        return self._worker.await_box_end()

    def _ask(self, message: dict[str, Any], fds: Sequence[int], seconds: float) -> dict[str, Any]:
        try:
            protocol.send(self._channel, message, fds)
        except OSError as error:
            raise SandboxError(f"a box has ended: {error}") from error
        answer = self._receive(seconds)
        if answer is None:
            raise SandboxError("a box ended or hung in the middle of a test")
        if "error" in answer:
            raise SandboxError(answer["error"])
        return answer

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        self._channel.settimeout(seconds)
        try:
            return protocol.receive(self._channel)[0]
        except OSError:
            return None


@dataclass(slots=True)
class _Outputs:
    """Files in memory for a program to write to, closed together."""

    count: int
    fds: list[int] = field(default_factory=list)

    def __enter__(self) -> Self:
        for _ in range(self.count):
            self.fds.append(os.memfd_create("output"))
        return self

    def __exit__(self, *_: object) -> None:
        for fd in self.fds:
            os.close(fd)

    def add(self, fd: int) -> int:
        self.fds.append(fd)
        return fd

    def read(self, place: int, limit: int) -> bytes:
        return os.pread(self.fds[place], limit, 0) if place < self.count else b""


def memory_file(content: bytes) -> int:
    """A descriptor, at the start, of a read-only file in memory with `content`."""
    fd = os.memfd_create("input", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
        return os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(fd)
