"""Proof that the isolation isolates: a program that tries to escape, run before any other."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import IsolationError, SandboxError
from .limits import Limits
from .worker import BoxSpec, memory_file

if TYPE_CHECKING:
    from .worker import Worker

# Each attempt must fail; the program prints the names of those that did not.
_ESCAPES = """
import ctypes, json, os, socket, sys
def network(): socket.create_connection(("127.0.0.1", 9), 1)
def sockets(): socket.socket()
def passwords(): open("/etc/passwd")
def processes(): os.listdir("/proc/1")
def machine(): os.listdir(HOME)
def system(): open("/usr/escaped", "w")
def program(): open(__file__, "a")
def root(): open("/escaped", "w")
def fork():
    if os.fork() == 0: os._exit(0)
def execute(): os.execv("/bin/true", ["true"])
def unshare():
    if ctypes.CDLL(None).unshare(0x10000000) != 0: raise OSError
escaped = []
for attempt in (network, sockets, passwords, processes, machine, system, program, root, fork,
                unshare, execute):
    try:
        attempt()
    except OSError:
        continue
    escaped.append(attempt.__name__)
print(json.dumps(escaped))
"""


_passed = False


def check_once(worker: Worker) -> None:
    """Run the escapes, unless they have failed before in this process.

    Raises:
        IsolationError: one of them succeeded.
        SandboxError: they could not be run.
    """
    global _passed  # noqa: PLW0603 - what holds for the machine holds for every judge
    if not _passed:
        check(worker)
        _passed = True


def check(worker: Worker) -> None:
    """Run the escapes.

    Raises:
        IsolationError: one of them succeeded.
        SandboxError: they could not be run.
    """
    limits = Limits(cpu_seconds=10.0)
    text = f"HOME = {str(Path(__file__).resolve().parent)!r}\n{_ESCAPES}"
    empty = memory_file(b"")
    try:
        with worker.open(BoxSpec("python", {"prog.py": text.encode()}), limits) as box:
            run = box.run(empty, address_space=limits.memory_bytes, processes=limits.processes)
    finally:
        os.close(empty)
    try:
        escaped = json.loads(run.stdout)
    except ValueError:
        words = run.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise SandboxError(f"the sandbox's own check failed with {run.exit}: {words}") from None
    if escaped:
        message = f"a program escapes the sandbox by: {', '.join(escaped)}; this is a bug to report"
        raise IsolationError(message)
