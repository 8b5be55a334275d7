"""Compiles and runs programs that we wrote ourselves: with limits, but in no sandbox."""

from __future__ import annotations

import math
import os
import resource
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sources import Program

STARTUP = 64 * 2**20
"""Bytes of address space granted for the interpreter and the libraries."""

OUT_OF_MEMORY = ("MemoryError", "bad_alloc", "OutOfMemoryError")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did: `verdict` is `ok` where the program ended in peace."""

    verdict: str
    output: str
    cpu_seconds: float


def compile_program(program: Program, folder: Path) -> list[str]:
    """Write and compile a program; returns the command that runs it, less any memory limit.

    Raises:
        subprocess.CalledProcessError: the compiler refused it.
    """
    if program.language == "python":
        source = folder / program.file
        source.write_text(program.code, "utf-8")
        return [sys.executable, "-I", str(source)]
    if program.language == "cpp":
        source, binary = folder / program.file, folder / f"{program.file}.out"
        source.write_text(program.code, "utf-8")
        flags = ["-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror"]
        subprocess.run(["g++", *flags, "-o", str(binary), str(source)], check=True)
        return [str(binary)]
    classes = folder / f"{program.file}.classes"
    classes.mkdir()
    source = classes / "Main.java"
    source.write_text(program.code, "utf-8")
    subprocess.run(["javac", "-Xlint:all", "-Werror", "-d", str(classes), str(source)], check=True)
    jvm = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss64m"]
    return ["java", *jvm, "-cp", str(classes), "Main"]


def run(command: list[str], text: str, cpu_seconds: float, memory: int) -> Outcome:
    """Run a command on an input under a limit of CPU time and of memory (bytes)."""
    java = command[0] == "java"
    if java:
        command = [command[0], f"-Xmx{memory}", *command[1:]]

    def limit() -> None:
        whole = math.ceil(cpu_seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if not java:  # a virtual machine reserves much more than it uses
            resource.setrlimit(resource.RLIMIT_AS, (memory + STARTUP, memory + STARTUP))

    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        stdin.write(text.encode())
        stdin.seek(0)
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            preexec_fn=limit,  # noqa: PLW1509 - this process has no other thread
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        used = usage.ru_utime + usage.ru_stime
        complaint = stderr.read().decode(errors="replace")
        verdict = _verdict(process.returncode, complaint, used > cpu_seconds)
        return Outcome(verdict, stdout.read().decode(errors="replace"), used)


def _verdict(code: int, complaint: str, overtime: bool) -> str:
    if overtime or code == -signal.SIGXCPU:
        return "time-limit"
    if code == 0:
        return "ok"
    if any(sign in complaint for sign in OUT_OF_MEMORY):
        return "memory-limit"
    return "runtime-error"
