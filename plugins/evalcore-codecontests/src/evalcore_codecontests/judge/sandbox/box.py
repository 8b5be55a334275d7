"""A box: the process that holds one program, prepared once, and forks off each of its runs."""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import kernel, namespaces, protocol, seccomp
from .calls import CallProgram
from .executables import Executable
from .python_program import CompileError, PythonProgram
from .roles import NextRole
from .tracing import TracedProgram

if TYPE_CHECKING:
    from typing import Protocol

    class Runnable(Protocol):
        """A program, ready to run in a forked child."""

        may_execute: bool
        may_fork: bool

        def run(self, extra: list[int]) -> None:
            """Run to the end of this process; `extra` are descriptors beyond the first three."""


# Above the limit itself: thread stacks and whatever else is reserved and never touched.
_SPARE_ADDRESS_SPACE = 512 << 20
_OWN_PROCESSES = 2  # the box and its supervisor
_POLL_SECONDS = 0.001
_LOOK_SECONDS = 0.5
_COMMON_FILTER = seccomp.build(processes=True, execute=True)
_PROGRAM_FILTERS = {
    execute: seccomp.build(processes=False, execute=execute) for execute in (False, True)
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where a box keeps the program (read-only to it) and where the program may write."""

    program: Path
    work: Path
    isolated: bool


class Box:
    """One program in its own process namespace, of which this process is the first.

    `spec` is what the judge asked for: `kind` (`python`, `call`, `trace` or `exec`), `files` (names
    of the program's files, one descriptor each), and what the kind needs. The first descriptor is
    the socket to the judge. The box answers `{"ready": true}` or `{"compile_error": text}`, then
    each request to run with what happened, and ends when the judge closes the socket.
    """

    def __init__(
        self, spec: dict[str, Any], fds: list[int], places: Places, *, baseline: int
    ) -> None:
        self._spec = spec
        self._judge = socket.socket(fileno=fds[0])
        self._files = dict(zip(spec["files"], fds[1:], strict=True))
        self._places = places
        self._baseline = baseline

    def run(self) -> None:
        """Prepare the program and serve its runs."""
        try:
            self._confine()
            program = self._prepare()
        except CompileError as error:
            protocol.send(self._judge, {"compile_error": str(error)})
            os._exit(0)
        except OSError as error:
            protocol.send(self._judge, {"error": str(error)})
            os._exit(0)
        self._program = program
        self._trouble, self._report = os.pipe()
        os.set_blocking(self._trouble, False)
        protocol.send(self._judge, {"ready": True})
        while True:
            try:
                request, fds = protocol.receive(self._judge)
            except OSError:
                request = None
            if request is None:
                os._exit(0)
            protocol.send(self._judge, self._answer(request, fds))
            for fd in fds:
                os.close(fd)

    def _confine(self) -> None:
        if self._places.isolated:
            self._mount()
        else:
            self._places.program.mkdir()
            self._places.work.mkdir()
        for name, fd in self._files.items():
            _copy(fd, self._places.program / name)
        if self._places.isolated:
            self._inputs = os.open("/program", os.O_RDONLY | os.O_DIRECTORY)
            kernel.mount("/program", "/program", flags=kernel.MS_BIND)
            kernel.make_read_only("/program", recursive=False)
            kernel.drop_bounding_capabilities()
            namespaces.become_test_user()
            kernel.drop_capabilities()
        kernel.die_with_parent()
        if self._places.isolated:
            kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
            kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
            _COMMON_FILTER.install()
        os.chdir(self._places.work)

    def _mount(self) -> None:
        user = f"uid={namespaces.TEST_ID},gid={namespaces.TEST_ID},mode=700"
        size, inodes = self._spec["disk_bytes"], self._spec["disk_files"]
        kernel.mount("tmpfs", "/program", "tmpfs", options=f"size=256m,nr_inodes=64,{user}")
        options = f"size={size},nr_inodes={inodes},{user}"
        kernel.mount("tmpfs", "/box", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
        executable = self._spec.get("proc_self_exe")
        if executable:  # the one thing in /proc that the Java launcher cannot do without
            kernel.mount("tmpfs", "/proc", "tmpfs", options="size=16k,nr_inodes=8,mode=755")
            Path("/proc/self").mkdir()
            Path("/proc/self/exe").symlink_to(executable)

    def _prepare(self) -> Runnable:
        kind, folder = self._spec["kind"], self._places.program
        if kind == "exec":
            argv = [word.replace("{program}", str(folder)) for word in self._spec["argv"]]
            return Executable(argv, self._spec["env"], may_fork=self._spec["fork"])
        if kind == "call":
            return CallProgram(folder / self._spec["files"][0], self._spec["function"])
        if kind == "trace":
            return TracedProgram(folder / self._spec["files"][0], self._spec["function"])
        return PythonProgram(folder / self._spec["files"][0])

    def _answer(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        try:
            if "collect" in request:
                return self._collect(request["collect"], fds[0])
            return self._run(request, fds)
        except OSError as error:
            return {"error": str(error)}

    def _collect(self, name: str, target: int) -> dict[str, Any]:
        """Copy one file of the work folder, or all of it as a zip, to the judge's descriptor."""
        if name == ".":
            _zip(self._places.work, target)
            return {"collected": True}
        path = self._places.work / name
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            _copy_fd(fd, target)
        finally:
            os.close(fd)
        return {"collected": True}

    def _run(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        if self._places.isolated and self._spec["names_stdin"]:
            _copy(fds[0], "stdin", self._inputs)
        if request.get("input_file"):
            _copy(fds[0], self._places.work / request["input_file"])
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            raise NextRole(lambda: self._become_program(request, fds))
        killed = self._watch(pid, started, request, fds[1])
        status, usage = self._reap(pid)
        answer: dict[str, Any] = {
            "exit": os.waitstatus_to_exitcode(status),
            "cpu": usage.ru_utime + usage.ru_stime,
            "wall": time.monotonic() - started,
            "bytes": usage.ru_maxrss * 1024,
            "killed": killed,
        }
        if request.get("output_file"):
            answer["missing_output"] = not self._take_output(request["output_file"], fds[1])
        answer["dirty"] = any(os.scandir(self._places.work))
        trouble = self._read_trouble()
        return {"error": trouble} if trouble else answer

    def _become_program(self, request: dict[str, Any], fds: list[int]) -> None:
        """In the child: take on the limits, forget the box, and be the program."""
        try:
            os.setsid()
            if not self._places.isolated:  # else all dies with the box anyway
                kernel.die_with_parent()
            report = _arrange(fds, self._report)
            _set_limits(request, self._baseline)
            if self._places.isolated and not self._program.may_fork:
                _PROGRAM_FILTERS[self._program.may_execute].install()
        except BaseException as error:
            os.write(self._report, repr(error).encode())
            os._exit(1)
        os.set_inheritable(report, False)
        self._program.run([report, *range(report + 1, report + 1 + len(fds) - 3)])

    def _watch(self, pid: int, started: float, request: dict[str, Any], stdout: int) -> str | None:
        """Wait for the program's end, or for the limit that it breaks, which is returned."""
        cores = os.cpu_count() or 1
        pause = min(request["cpu_seconds"] / cores, request["wall_seconds"], _LOOK_SECONDS)
        pidfd = os.pidfd_open(pid)
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        poller.register(self._judge, select.POLLHUP)
        try:
            while True:
                ready = [fd for fd, _ in poller.poll(pause * 1000)]
                if pidfd in ready:
                    return None
                if ready:
                    os._exit(0)  # the judge is gone, and with this process all goes
                used = _cpu_seconds(pid)
                cpu_left = request["cpu_seconds"] - used
                allowed = request["wall_seconds"] + request["wall_per_cpu"] * used
                wall_left = started + allowed - time.monotonic()
                if os.fstat(stdout).st_size >= request["output_bytes"]:
                    return "output"
                if min(cpu_left, wall_left) <= 0:
                    return "cpu" if cpu_left <= 0 else "wall"
                pause = min(wall_left, max(cpu_left / cores, _POLL_SECONDS), _LOOK_SECONDS)
        finally:
            os.close(pidfd)

    def _reap(self, pid: int) -> tuple[int, resource.struct_rusage]:
        """Kill whatever still runs, and collect it all."""
        try:
            if self._places.isolated:
                os.kill(-1, signal.SIGKILL)
            else:
                os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        if not self._places.isolated:
            os.kill(pid, signal.SIGKILL)  # in case it had no time to lead a group of its own
        _, status, usage = os.wait4(pid, 0)
        try:
            while True:
                os.waitpid(-1, 0)
        except ChildProcessError:
            return status, usage

    def _take_output(self, name: str, target: int) -> bool:
        os.truncate(target, 0)
        os.lseek(target, 0, os.SEEK_SET)
        try:
            self._collect(name, target)
        except OSError:
            return False
        return True

    def _read_trouble(self) -> str:
        try:
            return os.read(self._trouble, 4096).decode()
        except BlockingIOError:
            return ""


def _cpu_seconds(pid: int) -> float:
    """CPU time of a process and its threads so far; 0 once it has ended."""
    process_clock = 2
    try:
        return time.clock_gettime((~pid << 3) | process_clock)
    except OSError:
        return 0.0


def _arrange(fds: list[int], report: int) -> int:
    """Put the streams on 0 to 2, the report pipe on 3, the rest behind, and close all else.

    Returns:
        The descriptor of the report pipe.
    """
    wanted = [*fds[:3], report, *fds[3:]]
    floor = max([*wanted, len(wanted)]) + 1
    os.closerange(floor, 1 << 16)
    high = [os.dup2(fd, floor + place) for place, fd in enumerate(wanted)]
    for place, fd in enumerate(high):
        os.dup2(fd, place)
    os.closerange(len(wanted), 1 << 16)
    return 3


def _set_limits(request: dict[str, Any], baseline: int) -> None:
    limits = {
        # A net only, for the box watches the CPU clock: the kernel's count runs ahead of it.
        resource.RLIMIT_CPU: 2 * int(request["cpu_seconds"]) + 5,
        resource.RLIMIT_FSIZE: request["output_bytes"],
        resource.RLIMIT_NOFILE: request["files"],
    }
    if request["processes"]:
        limits[resource.RLIMIT_NPROC] = request["processes"] + _OWN_PROCESSES
    if request["address_space"]:
        spare = baseline + _SPARE_ADDRESS_SPACE
        limits[resource.RLIMIT_AS] = request["address_space"] + spare
    if request["stack_bytes"]:
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        soft = request["stack_bytes"]
        soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    for name, value in limits.items():
        _, hard = resource.getrlimit(name)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (ceiling, ceiling))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def _zip(folder: Path, target: int) -> None:
    import zipfile

    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    with open(target, "wb", closefd=False) as file, zipfile.ZipFile(file, "w") as archive:
        for path in paths:
            archive.write(path, str(path.relative_to(folder)))


def _copy(source: int, path: Path | str, folder: int | None = None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    target = os.open(path, flags, 0o755, dir_fd=folder)
    try:
        _copy_fd(source, target)
    finally:
        os.close(target)


def _copy_fd(source: int, target: int) -> None:
    offset = 0
    while count := os.sendfile(target, source, offset, 1 << 24):
        offset += count
