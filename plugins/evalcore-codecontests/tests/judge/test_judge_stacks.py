"""What a program writes to standard error shows its own frames, and none of the sandbox's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evalcore_codecontests
from evalcore_codecontests.judge.frames import OWN_FILE, without_own_frames

PACKAGE = str(Path(evalcore_codecontests.__file__).parent)


@pytest.mark.parametrize(
    ("code", "last_frame"),
    [
        ("import traceback\ntraceback.print_stack()", 'File "prog.py", line 2, in <module>'),
        ("import faulthandler\nfaulthandler.dump_traceback()", 'File "prog.py", line 2 in'),
        ("import faulthandler\nfaulthandler.enable()\nimport os; os.abort()", "line 3 in"),
        ("import logging\nlogging.error('x', stack_info=True)", "line 2, in <module>"),
        ("import threading\nthreading.Thread(target=lambda: 1 / 0).start()", "in <lambda>"),
        ("import atexit, traceback\nf = traceback.print_stack\natexit.register(f, limit=9)", ""),
        ("import sys\nsys.excepthook = lambda *_: 1 / 0\nraise ValueError", "line 3, in <module>"),
        ("__name__ = None\nraise ValueError", 'File "prog.py", line 2, in <module>'),
        ("import sys\nprint(sys.orig_argv, file=sys.stderr)", "['python', 'prog.py']"),
        ("class D:\n    def __del__(self): 1 / 0\nd = D()", "in __del__"),
    ],
)
def test_stacks_show_frames_of_the_program_alone(ask, code, last_frame):
    (result,) = ask(f"{code}\nraise SystemExit(3)").tests
    assert result.verdict == "runtime-error"
    assert last_frame in result.stderr
    assert PACKAGE not in result.stderr
    assert OWN_FILE not in result.stderr


def test_a_warning_of_a_frame_below_the_program_is_of_no_file(ask):
    code = "import warnings\nwarnings.warn('mine')\nwarnings.warn('far', stacklevel=4)\nexit(3)"
    (result,) = ask(code).tests
    assert "prog.py:2: UserWarning: mine" in result.stderr
    assert "sys:1: UserWarning: far" in result.stderr
    assert OWN_FILE not in result.stderr


def test_a_called_function_sees_no_frame_below_it(ask_call):
    code = "import traceback\ndef f(x):\n    traceback.print_stack()\n    raise SystemExit(x)"
    (result,) = ask_call(code, [((3,), 0)]).tests
    assert result.stderr == ('  File "prog.py", line 3, in f\n    traceback.print_stack()\n')


def test_frames_are_taken_out_before_the_words_are_cut(ask):
    code = "import sys, traceback\nfor _ in range(500): traceback.print_stack()\nsys.exit(3)"
    (result,) = ask(code).tests
    assert len(result.stderr) == 4096
    assert "valcore>" not in result.stderr


@given(st.lists(st.sampled_from(["  ", "  | ", "File", '"x.py"', f'"{OWN_FILE}"', ", line 3\n"])))
def test_other_lines_are_kept(words):
    text = " ".join(words).encode()
    kept = without_own_frames(text).splitlines()
    assert [line for line in text.splitlines() if OWN_FILE.encode() not in line] == [
        line for line in kept if OWN_FILE.encode() not in line
    ]
