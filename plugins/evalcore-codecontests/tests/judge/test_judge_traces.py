"""Traces of Python programs: their blocks, and the values before and after each."""

from __future__ import annotations

import pytest
from judge_helpers import stdio_problem

from evalcore_codecontests.judge import Program, UntraceableError
from evalcore_codecontests.judge.traces import Block
from evalcore_codecontests.problem import CallTest, Problem, Test


@pytest.fixture
def trace(judge):
    def trace(code, given="", language="python"):
        problem = stdio_problem([(given, "")])
        return judge.trace(problem, Program(language, code), Test(given, ""))

    return trace


def test_a_block_ends_where_the_program_branches(trace):
    code = """\
n = int(input())
total = 0
for i in range(n):
    if i == 1:
        total += 10
    total += i
print(total)
"""
    told = trace(code, "2\n")
    assert told.omitted == 0
    loop, branch = "for i in range(n):", "if i == 1:"
    assert [block.code for block in told.blocks] == [
        "n = int(input())\ntotal = 0",
        loop,
        branch,
        "total += i",
        loop,
        branch,
        "total += 10",
        "total += i",
        loop,
        "print(total)",
    ]
    assert told.blocks[0] == Block("n = int(input())\ntotal = 0", {}, {"n": "2", "total": "0"})
    assert told.blocks[6] == Block("total += 10", {"total": "0"}, {"total": "10"})
    assert told.blocks[9].before == {"total": "11"}


def test_the_first_and_the_last_blocks_are_kept(trace):
    told = trace("for i in range(1000):\n    x = i")
    assert [block.after.get("x") for block in told.blocks if block.code == "x = i"] == [
        "0",
        "1",
        "998",
        "999",
    ]
    assert (len(told.blocks), told.omitted) == (10, 2001 - 10)


def test_functions_threads_and_their_variables_are_seen(trace):
    code = """\
import threading

def scaled(x):
    y = factor * x
    return y

def main():
    global answer
    answer = scaled(4)

factor = 3
thread = threading.Thread(target=main)
thread.start()
thread.join()
"""
    told = {block.code: block for block in trace(code).blocks}
    assert told["y = factor * x\nreturn y"].before == {"factor": "3", "x": "4"}
    assert told["y = factor * x\nreturn y"].after == {"y": "12", "factor": "3", "x": "4"}
    assert told["global answer\nanswer = scaled(4)"].after == {"answer": "12"}
    assert not any(code.startswith("def ") for code in told)


def test_statements_of_several_lines_are_one(trace):
    code = "x = max(\n    1,\n    2,\n)\nwhile x < 4: x += 1\n"
    told = trace(code)
    assert told.blocks[0].code == "x = max(\n    1,\n    2,\n)"
    assert {block.after["x"] for block in told.blocks[1:]} == {"3", "4"}


def test_a_program_that_fails_is_traced_up_to_there(trace):
    told = trace("x = 5\nif x:\n    y = x // 0\n    z = 1")
    assert told.blocks[-1] == Block("y = x // 0", {"x": "5"}, {"x": "5"})


def test_what_comes_after_an_exception_in_its_block_was_not_run(trace):
    told = trace("a = 1\nb = int(\n    'x'\n)\nc = 3\n")
    assert [block.code for block in told.blocks] == ["a = 1\nb = int(\n    'x'\n)"]
    caught = trace("try:\n    a = 1\n    b = [][a]\n    c = 3\nexcept IndexError:\n    d = 4\n")
    assert [block.code for block in caught.blocks] == ["try:", "a = 1\nb = [][a]", "d = 4"]


def test_a_block_that_goes_on_after_an_exception_is_shown_whole(trace):
    code = """\
class Ends:
    def __iter__(self):
        return self
    def __next__(self):
        raise StopIteration
for x in Ends():
    y = x
a, b = list(Ends()), 2
c = 3
"""
    assert "a, b = list(Ends()), 2\nc = 3" in [block.code for block in trace(code).blocks]


def test_a_program_that_exits_is_traced_up_to_there(trace):
    assert trace("x = 5\nraise SystemExit(3)").blocks[-1].after["x"] == "5"


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("10 ** 5000", "<int of 16610 bits>"),
        ("'a' * 60 + 'b' * 60", "'" + "a" * 47 + "..." + "b" * 48 + "'"),
        ("list(range(10 ** 6))", f"[{', '.join(map(str, range(20)))}, ...]"),
        ("[[[[[]]]]]", "[[[[...]]]]"),
        ("{'b': {2}, 'a': (None, 0.5)}", "{'b': {2}, 'a': (None, 0.5)}"),
        ("{i: i for i in range(12)}", "{" + "".join(f"{i}: {i}, " for i in range(10)) + "...}"),
        ("__import__('collections').defaultdict(list, {1: [2]})", "{1: [2]}"),
        ("Odd()", "<Odd>"),
        ("print", None),
        ("b'\\xff'", "b'\\xff'"),
    ],
)
def test_values_are_short_and_call_nothing_of_the_program(trace, expression, shown):
    odd = "class Odd:\n    def __repr__(self):\n        raise KeyboardInterrupt\n"
    told = trace(f"{odd}value = {expression}")
    assert told.blocks[-1].after.get("value") == shown


def test_long_blocks_are_cut_in_the_middle(trace):
    told = trace("\n".join(f"x{i} = {i}" for i in range(100)))
    lines = told.blocks[0].code.split("\n")
    assert (len(lines), lines[0], lines[15], lines[-1]) == (31, "x0 = 0", "...", "x99 = 99")


def test_a_function_that_is_called_is_traced(judge):
    test = CallTest((3, 4), 7)
    problem = Problem("p", "p", "", public_tests=(test,), fn_name="add")
    code = "class Solution:\n    def add(self, a, b):\n        c = a * b\n        return c"
    told = judge.trace(problem, Program("python", code), test)
    assert told.blocks[-1].after == {"c": "12", "a": "3", "b": "4"}


def test_what_the_program_prints_is_not_in_the_way(trace):
    told = trace("import sys\nsys.stdout.write('x' * 100000)\nsys.stderr.write('y')\nz = 1")
    assert told.blocks[-1].after == {"z": "1"}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os\nos._exit(0)", "tracing it broke off"),
        ("import sys\nsys.settrace(None)\nx = 1", "tracing it broke off"),
        ("def f(n):\n    return f(n + 1)\nf(0)", "tracing it broke off"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "tracing it broke off"),
        ("import time\nwhile True:\n    x = 1", "it took too long"),
        ("print(", "it does not compile"),
    ],
)
def test_what_cannot_be_traced_says_why(trace, code, reason):
    with pytest.raises(UntraceableError, match=reason):
        trace(code)


def test_other_languages_are_not_traced(trace):
    with pytest.raises(UntraceableError, match="only Python programs are traced"):
        trace("int main() {}", language="cpp")


@pytest.mark.parametrize(
    "written",
    ["b''", "b'[]'", "b'{\"blocks\": 5}'", "b'{\"blocks\": [{}]}'", "b'\\xff'", "b'[' * 100_000"],
)
def test_a_forged_trace_is_none(trace, written):
    with pytest.raises(UntraceableError, match="tracing it broke off"):
        trace(f"import os\nos.write(5, {written})\nos._exit(0)")


def test_the_judge_goes_on_after_a_trace_that_failed(trace, ask):
    with pytest.raises(UntraceableError):
        trace("import os\nos._exit(0)")
    assert ask("print(1)", [("", "1")]).verdict == "accepted"
