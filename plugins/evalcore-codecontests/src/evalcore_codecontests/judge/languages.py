"""The languages that programs come in: how each is compiled, run, and told to be out of memory."""

from __future__ import annotations

import functools
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .errors import SandboxError
from .limits import Limits
from .worker import BoxSpec, CompileFailed

if TYPE_CHECKING:
    from .worker import Run, Worker

_COMPILE_LIMITS = Limits(
    cpu_seconds=30.0,
    wall_seconds=150.0,
    output_bytes=128 << 20,
    processes=128,
    files=256,
    disk_bytes=256 << 20,
    disk_files=8192,
)
_MESSAGE_BYTES = 16 * 1024
_CPP_ADDRESS_SPACE = 1 << 30
_CPP_STACK_BYTES = 256 << 20
_JAVA_ADDRESS_SPACE = 8 << 30  # reserved by the virtual machine, hardly any of it touched
_GCC_ADDRESS_SPACE = 3 << 29
_COMPILER_STACK_BYTES = 64 << 20
_USUAL_STACK_BYTES = 8 << 20
_JAVA_OVERHEAD_BYTES = 128 << 20
_FOLDER_OF_PROGRAM = re.compile(r"/(?:[^\s:]*/)?program/")
_PYTHON_MEMORY_ERROR = re.compile(rb"^[\w.]*MemoryError\b")


@dataclass(frozen=True, slots=True)
class Program:
    """A program to judge; one in another `language` than `python`, `cpp` or `java` is an error."""

    language: str
    code: str


class MissingToolError(Exception):
    """The machine lacks a compiler; the message says which and what to install."""


class Language(Protocol):
    """What the judge must know of a language.

    Attributes:
        callable: whether a single function can be called.
        overhead_bytes: memory that the language's own machinery may take above the limit.
    """

    callable: bool
    overhead_bytes: int

    @property
    def binds(self) -> dict[str, str]:
        """Folders that its programs need, besides the system's, by their path inside."""

    def key(self, code: str) -> str | None:
        """What identifies the compiled program, `None` where nothing is compiled ahead."""

    def compile(self, code: str, worker: Worker) -> bytes:
        """The compiled program.

        Raises:
            CompileFailed: the program is at fault.
            MissingToolError: there is no compiler.
            SandboxError: the sandbox failed.
        """

    def box(self, code: str, compiled: bytes, function: str | None, limits: Limits) -> BoxSpec:
        """What to run."""

    def address_space(self, limits: Limits) -> int:
        """Bytes of address space to allow."""

    def stack(self, limits: Limits) -> int | None:
        """Bytes of stack to allow, `None` for a gigabyte."""

    def out_of_memory(self, run: Run) -> bool:
        """Whether the program's last words say that it ran out of memory."""


class Python:
    """Python, run by the interpreter that runs the judge, with its third-party modules."""

    callable = True
    overhead_bytes = 0

    @property
    def binds(self) -> dict[str, str]:
        """The standard library and the folders of third-party modules."""
        return {sys.base_prefix: sys.base_prefix} | dict(zip(site_inside(), _site(), strict=True))

    def key(self, code: str) -> str | None:
        """Nothing is compiled ahead."""
        return None

    def compile(self, code: str, worker: Worker) -> bytes:
        """Nothing is compiled ahead."""
        return b""

    def box(self, code: str, compiled: bytes, function: str | None, limits: Limits) -> BoxSpec:
        """A script, or a function of one."""
        files = {"prog.py": code.encode("utf-8", "surrogatepass")}
        if function is None:
            return BoxSpec("python", files)
        return BoxSpec("call", files, function=function)

    def address_space(self, limits: Limits) -> int:
        """The limit; what the interpreter has before the program is allowed on top."""
        return limits.memory_bytes

    def stack(self, limits: Limits) -> int | None:
        """A gigabyte, as memory is bounded anyway."""
        return None

    def out_of_memory(self, run: Run) -> bool:
        """An uncaught `MemoryError`."""
        return bool(_PYTHON_MEMORY_ERROR.match(_last_line(run.stderr)))


class Cpp:
    """C++17 by g++, optimised, linked statically where the machine has the libraries."""

    callable = False
    overhead_bytes = 0

    @property
    def binds(self) -> dict[str, str]:
        """The compiler's folder."""
        return _tool_folder("g++")

    def key(self, code: str) -> str | None:
        """The text and the compiler."""
        return f"cpp {_gcc_version()} {code}"

    def compile(self, code: str, worker: Worker) -> bytes:
        """An executable file."""
        compiler = _tool("g++", "install g++ (Debian, Ubuntu: apt install g++)")
        link = ["-static"] if _gcc_links_statically() else []
        options = ["-O2", "-std=c++17", "-pipe", "-s", *link]
        argv = [compiler, *options, "-o", "main", "{program}/main.cpp"]
        spec = BoxSpec("exec", {"main.cpp": _text(code)}, argv=argv, fork=True)
        return _compile(worker, spec, "main", _GCC_ADDRESS_SPACE)

    def box(self, code: str, compiled: bytes, function: str | None, limits: Limits) -> BoxSpec:
        """The executable."""
        return BoxSpec("exec", {"main": compiled}, argv=["{program}/main"])

    def address_space(self, limits: Limits) -> int:
        """The limit, and room to reserve the stacks of a few threads."""
        return limits.memory_bytes + _CPP_ADDRESS_SPACE

    def stack(self, limits: Limits) -> int | None:
        """What contests give; the stacks of further threads are reserved in the same size."""
        return min(limits.memory_bytes, _CPP_STACK_BYTES)

    def out_of_memory(self, run: Run) -> bool:
        """An uncaught `std::bad_alloc`."""
        return b"std::bad_alloc" in run.stderr[-_MESSAGE_BYTES:]


class Java:
    """Java by the installed JDK; the class to start is found, whatever its name."""

    callable = False
    overhead_bytes = _JAVA_OVERHEAD_BYTES

    @property
    def binds(self) -> dict[str, str]:
        """The JDK, and the folders in /etc that Debian's points to."""
        home = _java_home()
        configuration = [str(path) for path in Path("/etc").glob("java*") if path.is_dir()]
        return {path: path for path in ([home] if home else []) + configuration}

    def key(self, code: str) -> str | None:
        """The text and the compiler."""
        return f"java {_java_home()} {code}"

    def compile(self, code: str, worker: Worker) -> bytes:
        """A jar file of the classes."""
        home = self._home()
        flags = [f"-J{flag}" for flag in ("-Xmx1g", *_JVM_FLAGS)]
        name = _java_file_name(code)
        argv = [f"{home}/bin/javac", *flags, "-encoding", "UTF-8", "-nowarn", "-proc:none"]
        argv += ["-d", ".", f"{{program}}/{name}"]
        files = {name: _text(code)}
        spec = BoxSpec("exec", files, argv=argv, proc_self_exe=f"{home}/bin/javac")
        return _compile(worker, spec, ".", _JAVA_ADDRESS_SPACE)

    def box(self, code: str, compiled: bytes, function: str | None, limits: Limits) -> BoxSpec:
        """The virtual machine on the jar."""
        java = f"{self._home()}/bin/java"
        heap = f"-Xmx{max(limits.memory_bytes >> 20, 16)}m"
        argv = [java, heap, "-Xss128m", *_JVM_FLAGS, "-cp", "{program}/main.jar"]
        argv.append(java_main_class(compiled))
        return BoxSpec("exec", {"main.jar": compiled}, argv=argv, proc_self_exe=java)

    def address_space(self, limits: Limits) -> int:
        """The heap, and what the virtual machine reserves."""
        return limits.memory_bytes + _JAVA_ADDRESS_SPACE

    def stack(self, limits: Limits) -> int | None:
        """The usual one; the option -Xss says how much the program's own threads have."""
        return _USUAL_STACK_BYTES

    def out_of_memory(self, run: Run) -> bool:
        """An uncaught `OutOfMemoryError`."""
        return b"java.lang.OutOfMemoryError" in run.stderr[-_MESSAGE_BYTES:]

    def _home(self) -> str:
        home = _java_home()
        if home is None:
            remedy = "install a JDK (Debian, Ubuntu: apt install default-jdk-headless)"
            raise MissingToolError(f"javac not found: {remedy}")
        return home


LANGUAGES: dict[str, Language] = {"python": Python(), "cpp": Cpp(), "java": Java()}

_JVM_FLAGS = (
    "-Xlog:disable",  # else warnings of its own go to standard output
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-Xshare:auto",
    "-XX:CompressedClassSpaceSize=64m",
    "-XX:ReservedCodeCacheSize=64m",
)


def site_inside() -> list[str]:
    """Where the folders of third-party modules are seen in the sandbox."""
    return [f"/site/{place}" for place in range(len(_site()))]


def own_packages() -> list[str]:
    """Where this project's packages are installed: they hold problems with their tests."""
    own = {"base": sys.base_prefix, "platbase": sys.base_prefix}
    folders = {*_site(), *(sysconfig.get_path(name, vars=own) for name in _SITE_PATHS)}
    found = (Path(folder).glob("evalcore*") for folder in sorted(folders))
    return [str(path) for paths in found for path in paths]


_SITE_PATHS = ("purelib", "platlib")


def _site() -> list[str]:
    paths = {sysconfig.get_path(name): None for name in _SITE_PATHS}
    return [path for path in paths if Path(path).is_dir()]


def _text(code: str) -> bytes:
    return code.removeprefix("\ufeff").encode("utf-8", "replace")


def _last_line(text: bytes) -> bytes:
    lines = text[-_MESSAGE_BYTES:].strip().splitlines()
    return lines[-1] if lines else b""


def _compile(worker: Worker, spec: BoxSpec, product: str, address_space: int) -> bytes:
    """Run a compiler in a box and fetch what it made."""
    from .worker import memory_file

    limits = _COMPILE_LIMITS
    empty = memory_file(b"")
    try:
        with worker.open(spec, limits) as box:
            run = box.run(
                empty,
                address_space=address_space,
                processes=limits.processes,
                stack=_COMPILER_STACK_BYTES,
            )
            if run.exit == 0 and run.killed is None:
                return box.collect(product, limits.disk_bytes)
    finally:
        os.close(empty)
    if run.killed == "wall":
        raise SandboxError(f"the compiler was not done after {run.wall:.0f} seconds")
    if run.killed:
        spent = f"{run.cpu:.0f} s of CPU time and {len(run.stderr)} bytes of messages"
        raise CompileFailed(f"the compiler was stopped after {spent}")
    text = (run.stderr + run.stdout).decode("utf-8", "replace")
    text = _FOLDER_OF_PROGRAM.sub("", text)
    raise CompileFailed(text[:_MESSAGE_BYTES] or f"the compiler ended with status {run.exit}")


def _tool(name: str, remedy: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise MissingToolError(f"{name} not found: {remedy}")
    return path


def _tool_folder(name: str) -> dict[str, str]:
    """The installation of a tool that does not live among the system's."""
    path = shutil.which(name)
    if path is None:
        return {}
    folders = {str(Path(place).parent.parent) for place in (path, Path(path).resolve())}
    return {folder: folder for folder in folders if folder not in {"/", "/usr"}}


@functools.cache
def _gcc_version() -> str:
    compiler = _tool("g++", "install g++ (Debian, Ubuntu: apt install g++)")
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False)
    return f"{compiler} {done.stdout.splitlines()[0] if done.stdout else ''}"


@functools.cache
def _gcc_links_statically() -> bool:
    """Whether the static libraries are there: g++ answers a bare name for what it does not find."""
    argv = ["g++", "-print-file-name=libstdc++.a", "-print-file-name=libc.a"]
    answers = [
        subprocess.run([argv[0], question], capture_output=True, text=True, check=False).stdout
        for question in argv[1:]
    ]
    return all(Path(answer.strip()).is_absolute() for answer in answers)


@functools.cache
def _java_home() -> str | None:
    compiler = shutil.which("javac")
    return None if compiler is None else str(Path(compiler).resolve().parent.parent)


_JAVA_COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_JAVA_PUBLIC_CLASS = re.compile(
    r"\bpublic\s+(?:(?:final|abstract|strictfp|sealed|non-sealed)\s+)*"
    r"(?:class|interface|enum|record)\s+([A-Za-z_$][\w$]*)"
)


def _java_file_name(code: str) -> str:
    """The file must be named after its public class, where it has one."""
    bare = _JAVA_COMMENT_OR_STRING.sub(" ", code)
    depths = _depths(bare)
    for match in _JAVA_PUBLIC_CLASS.finditer(bare):
        if depths[match.start()] == 0:
            return f"{match[1]}.java"
    return "Main.java"


def _depths(code: str) -> list[int]:
    depth, depths = 0, []
    for character in code:
        depth += (character == "{") - (character == "}")
        depths.append(depth)
    return depths


def java_main_class(jar: bytes) -> str:
    """The class of a jar to start: one with a `main` method, `Main` or the first one preferred.

    Raises:
        CompileFailed: there is none.
    """
    with zipfile.ZipFile(io.BytesIO(jar)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".class")]
        starts = [name for name in names if _has_main(archive.read(name))]
    if not starts:
        raise CompileFailed("no class has a method `public static void main(String[])`")
    best = min(starts, key=lambda name: (Path(name).name != "Main.class", "$" in name, name))
    return best.removesuffix(".class").replace("/", ".")


def _has_main(class_file: bytes) -> bool:
    return b"\x00\x04main" in class_file and b"([Ljava/lang/String;)V" in class_file
