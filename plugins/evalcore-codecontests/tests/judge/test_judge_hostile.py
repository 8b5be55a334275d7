"""Programs that attack the judge, the machine or each other, and what becomes of them."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from evalcore_codecontests.judge import Limits, Verdict

RE, WA, AC = Verdict.RUNTIME_ERROR, Verdict.WRONG_ANSWER, Verdict.ACCEPTED
CE = Verdict.COMPILE_ERROR
TLE, MLE, OLE = Verdict.TIME_LIMIT, Verdict.MEMORY_LIMIT, Verdict.OUTPUT_LIMIT
SHORT = Limits(cpu_seconds=0.4, wall_seconds=1.0, memory_bytes=64 << 20, output_bytes=1 << 20)
TRY = "import ctypes, os, signal, socket, sys, resource\nprint('in', flush=True)\n"

REFUSED = {
    "network": "socket.create_connection(('127.0.0.1', 80))",
    "name lookup": "socket.getaddrinfo('localhost', 80)",
    "datagrams": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "abstract socket": "socket.socket(socket.AF_UNIX).bind('\\0x')",
    "fork": "os.fork()",
    "vfork": "import subprocess; subprocess.run(['true'])",
    "multiprocessing": (
        "import multiprocessing as m; p = m.get_context('fork').Process(target=print); p.start()"
    ),
    "exec": "os.execv('/bin/sh', ['sh', '-c', 'echo escaped'])",
    "passwords": "open('/etc/passwd')",
    "process memory": "open('/proc/self/mem')",
    "first process": "open('/proc/1/environ')",
    "devices": "open('/dev/mem')",
    "the system": "open('/usr/bin/x', 'w')",
    "the root": "os.mkdir('/x')",
    "itself": "open(__file__, 'w')",
    "beside itself": "open(os.path.dirname(__file__) + '/x.py', 'w')",
    "link": "os.link('/usr/bin/env', 'env')",
    "symlink": "os.symlink('/etc/passwd', 'p'); open('p')",
    "parent folder": "open('../../../../etc/shadow')",
    "root user": "os.setuid(0)",
    "chroot": "os.chroot('.')",
    "device node": "os.mknod('sda', 0o660 | 0o060000, os.makedev(8, 0))",
    "higher limit": "resource.setrlimit(resource.RLIMIT_CPU, (99, 99))",
    "the box's limits": "resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))",
    "anonymous file": "os.memfd_create('x')",
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(ask, what):
    judgement = ask(TRY + REFUSED[what], [("", "in")], limits=SHORT)
    assert judgement.verdict is RE, judgement
    assert "rror: " in judgement.tests[0].stderr.splitlines()[-1], judgement


SYSTEM_CALLS = {
    "ptrace": "libc.ptrace(16, 1, 0, 0)",
    "process_vm_writev": "libc.process_vm_writev(1, 0, 0, 0, 0, 0)",
    "unshare": "libc.unshare(0x10000000)",
    "mount": "libc.mount(b'x', b'/box', b'tmpfs', 0, 0)",
    "keyctl": "libc.syscall(250, 0, 0)",
    "bpf": "libc.syscall(321, 0, 0, 0)",
    "io_uring": "libc.syscall(425, 1, 0)",
    "userfaultfd": "libc.syscall(323, 0)",
    "clock": "libc.clock_settime(0, ctypes.create_string_buffer(16))",
    "personality": "libc.personality(0x0040000)",
    "clone3": "libc.syscall(435, 0, 0)",
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of system calls of x86-64")
def test_system_calls_refused(ask):
    lines = "\n".join(f"print({call!r}, {call})" for call in SYSTEM_CALLS.values())
    expected = "\n".join(f"{call} -1" for call in SYSTEM_CALLS.values())
    code = f"import ctypes\nlibc = ctypes.CDLL(None)\n{lines}"
    judgement = ask(code, [("", expected)])
    assert judgement.verdict is AC, judgement


ENDED = {
    "sleeps": ("import time; time.sleep(99)", TLE),
    "stops itself": ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", TLE),
    "ignores signals and spins": (
        ("import signal\nfor s in (1, 2, 14, 15, 24): signal.signal(s, signal.SIG_IGN)\n"
        "while True: pass"),
        TLE,
    ),
    "spins in C": ("3 ** 3 ** 16", TLE),
    "spins in a thread": (
        "import threading as t\ndef f():\n  while 1: pass\nt.Thread(target=f).start()", TLE,
    ),
    "spins in atexit": ("import atexit\ndef f():\n  while 1: pass\natexit.register(f)", TLE),
    "daemon thread spins": (
        ("import threading as t\ndef f():\n  while 1: pass\n"
        "t.Thread(target=f, daemon=True).start(); print('in')"),
        AC,
    ),
    "one huge list": ("[0] * 10**11", MLE),
    "touched memory": ("x = bytearray(96 << 20)\nprint('in')", MLE),
    "mapped memory": ("import mmap\nm = mmap.mmap(-1, 96 << 20)\nm.write(bytes(96 << 20))", MLE),
    "floods stdout": ("while 1: print('x' * 999)", OLE),
    "floods stderr": ("import sys\nwhile 1: print('x' * 999, file=sys.stderr)", OLE),
    "floods by os.write": ("import os\nwhile 1: os.write(1, bytes(9999))", OLE),
    "floods a file": ("open('x', 'w').write('x' * (2 << 20))", OLE),
    "writes far away": ("import os\nos.lseek(1, 1 << 40, 0); os.write(1, b'x')", OLE),
    "many files": ("for i in range(2000): open(str(i), 'w').close()", RE),
    "many open files": ("x = [open('/dev/null') for i in range(200)]", RE),
    "many threads": (
        ("import threading as t, time\n"
        "for i in range(500): t.Thread(target=time.sleep, args=(9,), daemon=True).start()"),
        RE,
    ),
    "kills all": ("import os\nos.kill(-1, 9); print('in')", RE),
    "kills the parent": ("import os\nos.kill(1, 9); os.kill(1, 19); print('in')", AC),
    "kills itself": ("import os\nos.kill(os.getpid(), 9)", RE),
    "closes stdout": ("import os\nprint('in'); os.close(1)", RE),
    "exits early": ("import os\nprint('in'); os._exit(0)", WA),
    "NUL bytes": ("print('in\\0')", WA),
    "invalid UTF-8": ("import os\nos.write(1, b'in\\xff')", WA),
    "closes every descriptor": ("import os\nprint('in', flush=True); os.closerange(0, 99)", AC),
    "patched builtins": (
        ("import builtins, os, sys, gc\nprint('in', flush=True)\n"
        "builtins.isinstance = builtins.getattr = builtins.map = None\n"
        "os._exit = gc.collect = gc.get_objects = None"),
        AC,
    ),
    "patched finish": (
        "import threading, atexit\nprint('in')\nthreading._shutdown = atexit._run_exitfuncs = None",
        AC,
    ),
    "finds a socket": (
        ("import gc, socket\n"
        "print('out' if any(isinstance(o, socket.socket) for o in gc.get_objects()) else 'in')"),
        AC,
    ),
    "aborts": ("import os\nos.abort()", RE),
    "breaks the interpreter": ("import ctypes\nctypes.string_at(0)", RE),
}  # fmt: skip


@pytest.mark.parametrize("what", ENDED)
def test_ended(ask, what):
    code, verdict = ENDED[what]
    judgement = ask(code, [("", "in")], limits=SHORT)
    assert judgement.verdict is verdict, judgement


COMPILED = {
    "cpp forks": ("cpp", "#include <unistd.h>\nint main() { return fork() == -1 ? 7 : 0; }", RE),
    "cpp connects": (
        "cpp",
        "#include <sys/socket.h>\nint main() { return socket(AF_INET, 1, 0) < 0 ? 7 : 0; }",
        RE,
    ),
    "cpp reads passwords": (
        "cpp",
        "#include <stdio.h>\nint main() { return fopen(\"/etc/passwd\", \"r\") ? 0 : 7; }",
        RE,
    ),
    "cpp foreign system call": (
        "cpp",
        "int main() { int r; __asm__ volatile(\"int $0x80\" : \"=a\"(r) : \"a\"(20)); return 0; }",
        RE,
    ),
    "cpp static loop": (
        "cpp", "struct A { A() { for (volatile int i = 0;; i++); } } a;\nint main() {}", TLE,
    ),
    "cpp includes passwords": ("cpp", "#include \"/etc/passwd\"\nint main() {}", CE),
    "cpp includes a device": ("cpp", "#include \"/dev/zero\"\nint main() {}", CE),
    "python nested": ("python", "(" * 1000 + ")" * 1000, CE),
    "python NUL": ("python", "print(1)\0", CE),
    "python minus": ("python", "print(" + "-" * 100000 + "1)", CE),
    "python 2": ("python", "print 1", CE),
    "java exits in a hook": (
        "java",
        ("class Main { public static void main(String[] a) { Runtime.getRuntime().addShutdownHook("
        "new Thread(() -> Runtime.getRuntime().halt(3))); } }"),
        RE,
    ),
    "java starts a process": (
        "java",
        ("class Main { public static void main(String[] a) throws Exception {"
        "Runtime.getRuntime().exec(\"true\").waitFor(); } }"),
        RE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", COMPILED)
def test_compiled_languages(ask, what):
    language, code, verdict = COMPILED[what]
    if "foreign" in what and os.uname().machine != "x86_64":
        pytest.skip("a system call of 32-bit x86")
    limits = dataclasses.replace(SHORT, cpu_seconds=2.0, wall_seconds=8.0)
    judgement = ask(code, [("", "")], language, limits=limits)
    assert judgement.verdict is verdict, judgement


def test_nothing_is_left_for_the_next_test(ask):
    code = "import os\nprint(os.listdir('.'), os.listdir('/tmp'))\nopen('/tmp/x', 'w').close()"
    judgement = ask(code, [("", "[] []")] * 3)
    assert judgement.verdict is AC, judgement


def test_nothing_of_the_judge_or_the_expected_output_is_in_sight(ask):
    secret = "unguessable-expected-output"
    code = (
        "import gc, os, sys\n"
        "texts = [*sys.argv, *sys.modules, *os.environ.values()]\n"
        "for thing in gc.get_objects() + gc.get_referents(*gc.get_objects()):\n"
        "    if isinstance(thing, (list, tuple, set)): texts += thing\n"
        "    if isinstance(thing, dict): texts += thing.values()\n"
        "f = sys._getframe()\n"
        "while f: texts += [*f.f_locals.values(), *f.f_globals.values()]; f = f.f_back\n"
        f"print(any('{secret[:5]}' + '{secret[5:]}' in t for t in texts if isinstance(t, str)))\n"
    )
    judgement = ask(code, [("", f"False {secret}")])
    assert judgement.tests[0].output == b"False\n", judgement


def test_no_descriptor_but_the_streams(ask):
    code = (
        "import os\n"
        "def is_open(fd):\n"
        "    try: os.fstat(fd)\n"
        "    except OSError: return False\n"
        "    return True\n"
        "print([fd for fd in range(1000) if is_open(fd)])"
    )
    judgement = ask(code, [("", "[0, 1, 2]")])
    assert judgement.verdict is AC, judgement


def test_the_input_cannot_be_changed(ask):
    code = "import os\nos.ftruncate(0, 0)"
    assert ask(code, [("x", "")]).verdict is RE
    code = "import os\nprint(os.read(0, 9).decode())"
    assert ask(code, [("x", "x")] * 2).verdict is AC


def test_the_machine_s_files_are_untouched(ask):
    marker = Path(__file__).resolve().parent
    judgement = ask(f"import os; print(os.path.exists({str(marker)!r}))", [("", "False")])
    assert judgement.verdict is AC, judgement
