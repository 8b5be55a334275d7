"""Programs in the idioms of contests do in the sandbox what `python prog.py < file` does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from judge_helpers import stdio_problem

from evalcore_codecontests.checkers import Checker
from evalcore_codecontests.judge import Program

INPUT = "3 4\r\n5 6\nlast line without end"
ANYTHING = Checker("anything", "", lambda output, expected: True, lambda result, expected: True)

PROGRAMS = {
    "input": "print(input().split(), input())",
    "input past the end": "print(input(), input(), input())\ninput()",
    "open(0)": "print(open(0).read())",
    "/dev/stdin": "print(open('/dev/stdin').read())",
    "/dev/stdin by name": "import sys; sys.stdin = open('/dev/stdin'); print(input(), input())",
    "open(0) lines": "print([*open(0)])",
    "open(0, rb)": "print(open(0, 'rb').readlines())",
    "os.read": "import os; print(os.read(0, 10**6))",
    "os.read by size": "import os; print(os.read(0, os.fstat(0).st_size))",
    "stdin.read": "import sys; print(sys.stdin.read().split())",
    "stdin lines": "import sys\nfor line in sys.stdin: print(repr(line))",
    "stdin.buffer": "import sys; print(sys.stdin.buffer.readline(), sys.stdin.buffer.readline())",
    "stdin.readline": "import sys\ninput = sys.stdin.readline\nprint(repr(input()), repr(input()))",
    "input then stdin": "import sys; print(input()); print(sys.stdin.read())",
    "stdin.readlines": "import sys; print(sys.stdin.readlines())",
    "fileinput": "import fileinput\nfor line in fileinput.input(): print(repr(line))",
    "mmap": "import mmap; print(mmap.mmap(0, 0, prot=mmap.PROT_READ).readline())",
    "seek": "import sys; sys.stdin.seek(2); print(sys.stdin.read(1))",
    "BytesIO": "import io, os; s = io.BytesIO(os.read(0, 10**6)); print(s.readline())",
    "redefined input": "import sys; input = lambda: sys.stdin.readline().rstrip(); print(input())",
    "iter(input, x)": "print(list(iter(input, '5 6')))",
    "replaced stdin": "import io, sys; sys.stdin = io.StringIO('x'); print(input())",
    "stdout.write": "import sys; sys.stdout.write('a'); sys.stdout.write('b\\n')",
    "stdout.buffer": "import sys; sys.stdout.buffer.write(b'raw\\n')",
    "os.write": "import os; print('later'); os.write(1, b'first ')",
    "print to __stdout__": "import sys; print('x', file=sys.__stdout__)",
    "replaced stdout": "import io, sys\nsys.stdout = s = io.StringIO()\nprint('lost')",
    "stdout with a buffer": (
        "import io, os, sys\nout = io.BytesIO()\nprint = lambda *a: out.write(str(a).encode())\n"
        "print(1, 2)\nos.write(1, out.getvalue())"
    ),
    "reopened stdout": "import sys; sys.stdout = open(1, 'w', closefd=False); print('x')",
    "unflushed file on 1": "out = open(1, 'w', closefd=False)\nout.write('kept')",
    "unflushed and hidden": (
        "import builtins, functools\nout = open(1, 'w', closefd=False)\n"
        "builtins.print = functools.partial(print, file=out)\nprint('kept')"
    ),
    "fdopen": "import os\nwith os.fdopen(1, 'wb', closefd=False) as f: f.write(b'x')",
    "write from __del__": (
        "import os\nclass Out:\n    def __del__(self): os.write(1, b'bye')\nout = Out()"
    ),
    "atexit": "import atexit; atexit.register(print, 'bye'); print('hello')",
    "exit": "print(1); exit()",
    "quit": "print(1); quit()",
    "exit(0)": "print(1); exit(0)",
    "exit(2)": "print(1); exit(2)",
    "sys.exit": "import sys; print(1); sys.exit()",
    "sys.exit(-1)": "import sys; print(1); sys.exit(-1)",
    "sys.exit(256)": "import sys; print(1); sys.exit(256)",
    "sys.exit(text)": "import sys; print(1); sys.exit('text')",
    "SystemExit": "print(1)\nraise SystemExit",
    "os._exit": "import os; print('lost'); os._exit(0)",
    "os._exit after flush": "import os; print('kept', flush=True); os._exit(0)",
    "exit in a thread": "import threading as t, sys\nt.Thread(target=sys.exit).start()\nprint(1)",
    "exception": "print('before')\nraise ValueError('x')",
    "exception in atexit": "import atexit; atexit.register(lambda: 1 / 0); print('x')",
    "excepthook": "import sys; sys.excepthook = lambda *a: print('hook'); 1 / 0",
    "closed stdout": "import sys; print('x'); sys.stdout.close()",
    "closed descriptor 1": "import os; print('x'); os.close(1)",
    "no stdout": "import sys; sys.stdout = None; print('x')",
    "global": "n = 0\ndef f():\n    global n\n    n += 1\nf(); print(n)",
    "__main__": "if __name__ == '__main__': print(__name__)",
    "main module": "import __main__; x = 1; print(__main__.x, __main__.__dict__ is globals())",
    "__file__": "import os; print(os.path.basename(__file__))",
    "argv": "import sys; print(len(sys.argv), sys.argv[1:])",
    "annotations": "x: int = 3; print(__annotations__ == {'x': int}, x)",
    "future": "from __future__ import annotations\ndef f(x: Nowhere): return x\nprint(f(1))",
    "dataclass": (
        "from dataclasses import dataclass\n@dataclass(order=True)\nclass A:\n    x: int\n"
        "print(sorted([A(2), A(1)]))"
    ),
    "namedtuple": "from collections import namedtuple as n; P = n('P', 'x y'); print(P(1, 2))",
    "pickle": "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)",
    "CRLF source": "x = 1\r\nif x:\r\n    print(x)\r\n",
    "BOM": "\ufeffprint('bom')",
    "no final newline": "print(1)\n# end",
    "non-ASCII": "print('\u00e9\u4e2d\U0001f600'); \u00e9 = 1; print(\u00e9)",
    "deep recursion": (
        "import sys\nsys.setrecursionlimit(10**6)\n"
        "def f(n): return n and 1 + f(n - 1)\nprint(f(50000))"
    ),
    "recursion in a thread": (
        "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(2**27)\n"
        "def f(n): return n and 1 + f(n - 1)\n"
        "t = threading.Thread(target=lambda: print(f(50000))); t.start(); t.join()"
    ),
    "too deep": "def f(): f()\nf()",
    "resource": (
        "import resource as r\n"
        "r.setrlimit(r.RLIMIT_STACK, (r.getrlimit(r.RLIMIT_STACK)[1],) * 2)\nprint(1)"
    ),
    "thread left running": (
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.05), print('late'))).start()\nprint('x')"
    ),
    "daemon thread": (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint('x')"
    ),
    "pool of threads": (
        "from concurrent.futures import ThreadPoolExecutor as T\n"
        "with T(4) as t: print(list(t.map(abs, [-1, -2])))"
    ),
    "int to str": "print(len(str(10**5000)))",
    "int to str allowed": "import sys; sys.set_int_max_str_digits(0); print(len(str(10**5000)))",
    "MemoryError caught": "try: x = [0] * 10**13\nexcept MemoryError: print('caught')",
    "set of strings": "print({'b', 'a', 'c', 'd'})",
    "seeded random": "import random; random.seed(1); print(random.random())",
    "random differs": "import random; print(len({random.random() for _ in range(9)}))",
    "os.system": "import os; os.system('pause'); print('x')",
    "file in the folder": "open('x.txt', 'w').write('a')\nprint(open('x.txt').read())",
    "warnings": "import warnings; warnings.warn('careful'); print('x' is 'x')",
    "lone surrogates": "import sys; sys.stdout.buffer.write(b'\\xff\\x00')\nprint('\\udcff')",
    "unprintable": "print('\\ud800')",
    "exec and eval": "exec('x = 1'); print(eval('x + 1'), type(compile('1', 'f', 'eval')))",
    "local import": "def f():\n    import heapq as h\n    return h.nlargest(1, [1, 2])\nprint(f())",
    "asserts": "try:\n    assert False\nexcept AssertionError: print('asserted')",
    "help": "print(callable(help), exit)",
    "typing": "from typing import *\nx: List[Optional[int]] = [None]; print(x)",
    "subinterpreter names": "print(sorted(k for k in globals() if not k.startswith('__')))",
}  # fmt: skip


def run_plainly(code: str, folder) -> tuple[bytes, int]:
    script = folder / "prog.py"
    script.write_bytes(code.encode("utf-8"))
    data = folder / "input"
    data.write_bytes(INPUT.encode())
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
    with data.open("rb") as stdin:
        done = subprocess.run(
            [sys.executable, str(script)],
            stdin=stdin, capture_output=True, cwd=folder, env=environment, check=False,
        )  # fmt: skip
    return done.stdout, done.returncode


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_plain_python(judge, tmp_path, name):
    code = PROGRAMS[name]
    expected = run_plainly(code, tmp_path)
    program = Program("python", code)
    judgement = judge.judge(stdio_problem([(INPUT, "")]), program, checker=ANYTHING)
    (result,) = judgement.tests
    status = int(result.message.rpartition(" ")[2]) if result.message else 0
    assert (result.output, status) == expected, result


def test_a_traceback_shows_the_program_and_nothing_of_the_judge(ask):
    judgement = ask("def f():\n    return 1 / 0\nf()")
    assert judgement.tests[0].stderr.startswith(
        'Traceback (most recent call last):\n  File "prog.py", line 3, in <module>\n    f()\n'
    )
    assert "sandbox" not in judgement.tests[0].stderr
