"""Traces of Python programs: their blocks, and the values before and after each."""

from __future__ import annotations

import json

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


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (
            "x = 1\nwith suppress():\n    y = 2\nz = 3",
            ["x = 1\nwith suppress():", "y = 2", "z = 3"],
        ),
        (
            "with suppress(ValueError):\n    y = int('x')\n    z = 2\nw = 3",
            ["with suppress(ValueError):", "y = int('x')", "w = 3"],
        ),
        (
            "with suppress(), (\n    suppress()\n):\n    y = 2\nz = 3",
            ["with suppress(), (\n    suppress()", "y = 2", "z = 3"],
        ),
        (
            "with suppress():\n    with suppress():\n        y = 2",
            ["with suppress():", "with suppress():", "y = 2"],
        ),
        (
            "for i in 1, 2:\n    with suppress():\n        y = i",
            [*["for i in 1, 2:", "with suppress():", "y = i"] * 2, "for i in 1, 2:"],
        ),
        (
            "i = 0\nwhile True:\n    with suppress():\n        i += 1\n        if i > 1: break",
            ["i = 0", *["while True:", "with suppress():", "i += 1\nif i > 1: break"] * 2],
        ),
        (
            "def f():\n    with suppress():\n        return 1\nf()",
            ["f()", "with suppress():", "return 1"],
        ),
        (
            "with suppress():\n    def f(): pass\nz = 3",
            ["with suppress():", "z = 3"],
        ),
    ],
)
def test_the_end_of_a_with_is_no_second_beginning(trace, code, shown):
    told = trace(f"from contextlib import suppress\nif suppress:\n    pass\n{code}")
    assert [block.code for block in told.blocks[2:]] == shown


def test_a_generator_goes_on_where_it_was_left(trace):
    code = """\
def g():
    a = yield 1
    b = 2
    yield b
    c = 3
for x in g():
    y = x
"""
    loop = Block("for x in g():", {}, {"x": "1"})
    told = trace(code).blocks
    assert [block.code for block in told] == [
        "for x in g():",
        "a = yield 1",
        "y = x",
        "for x in g():",
        "b = 2\nyield b",
        "y = x",
        "for x in g():",
        "c = 3",
    ]
    assert told[0] == loop
    assert told[1] == Block("a = yield 1", {}, {})
    assert told[4] == Block("b = 2\nyield b", {"a": "None"}, {"a": "None", "b": "2"})


def test_a_generator_that_loops_shows_its_loop_whole(trace):
    code = """\
def g():
    while True:
        a = 1
        b = yield a
        c = 2
h = g()
if next(h):
    x = next(h)
"""
    told = [block.code for block in trace(code).blocks]
    assert told[1:] == [
        "while True:",
        "a = 1\nb = yield a",
        "x = next(h)",
        "c = 2",
        "while True:",
        "a = 1\nb = yield a",
    ]


def test_a_coroutine_goes_on_where_it_was_left(trace):
    code = """\
import asyncio
class Guard:
    async def __aenter__(self): await asyncio.sleep(0)
    async def __aexit__(self, *_): await asyncio.sleep(0)
async def main():
    a = 1
    await asyncio.sleep(0)
    b = 2
    async with Guard():
        c = 3
    d = 4
asyncio.run(main())
"""
    told = [block.code for block in trace(code).blocks]
    inner = "async def __aenter__(self): await asyncio.sleep(0)"
    assert [code for code in told if "__a" not in code] == [
        "import asyncio",
        "asyncio.run(main())",
        "a = 1\nawait asyncio.sleep(0)",
        "b = 2\nasync with Guard():",
        "c = 3",
        "d = 4",
    ]
    assert told.count(inner) == 1


def test_a_definition_in_one_line_is_executed_when_it_is_called(trace):
    code = """\
class A:
    def __init__(s, v): s.v = v
    x = 1
def f(): return 2
class B: y = 3
if f():
    a = A(1)
"""
    assert [block.code for block in trace(code).blocks] == [
        "x = 1",
        "class B: y = 3",
        "if f():",
        "def f(): return 2",
        "a = A(1)",
        "    def __init__(s, v): s.v = v".strip(),
    ]


def test_code_that_the_program_makes_itself_is_not_shown_as_the_program(trace):
    told = trace("x = 1\nexec(compile('y = 2\\nz = 3', 'prog.py', 'exec'))\n")
    assert len(told.blocks) == 1


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
        ("{3, 1, 2}", "{1, 2, 3}"),
        ("frozenset('ba')", "frozenset({'a', 'b'})"),
        ("(set(), frozenset(), (), (1,), [])", "(set(), frozenset(), (), (1,), [])"),
        ("range(10 ** 5000)", "range(0, <int of 16610 bits>)"),
        ("range(9, 0, -2)", "range(9, 0, -2)"),
        ("__import__('collections').Counter('aab')", "{'a': 2, 'b': 1}"),
        ("__import__('collections').deque([1, 2])", "deque([1, 2])"),
        ("[None, True, 1e400, 1j]", "[None, True, inf, 1j]"),
    ],
)
def test_values_are_short_and_call_nothing_of_the_program(trace, expression, shown):
    odd = "class Odd:\n    def __repr__(self):\n        raise KeyboardInterrupt\n"
    told = trace(f"{odd}value = {expression}")
    assert told.blocks[-1].after.get("value") == shown


@pytest.mark.parametrize(
    ("base", "value"),
    [
        ("object", "{Odd(), Odd()}"),
        ("object", "[Odd(), (Odd(), {Odd(): Odd()})]"),
        ("list", "Odd([1, 2])"),
        ("tuple", "Odd([1, 2])"),
        ("set", "Odd([1, 2])"),
        ("dict", "Odd({1: 2})"),
        ("int", "{Odd(1), Odd(2)}"),
        ("float", "{Odd(1), 2.5}"),
        ("str", "{Odd('a'), 'b'}"),
        ("__import__('collections').Counter", "Odd('ab')"),
    ],
)
def test_no_object_of_the_program_is_asked_anything(trace, base, value):
    code = f"""\
calls = []
def method(name):
    return lambda *args: (calls.append(name), getattr({base}, name)(*args))[1]
names = {{*dir({base})}} - {{"__new__", "__init__", "__class__", "__doc__", "__dict__", "update"}}
body = {{name: method(name) for name in names if callable(getattr({base}, name))}}
body["__class__"] = property(lambda self: calls.append("__class__"))
Odd = type("Odd", ({base},), body)
value = {value}
calls.clear()
if True:
    again = value
told = list(calls)
"""
    *_, shown, last = trace(code).blocks
    assert last.after["told"] == "[]"
    assert "<Odd>" in shown.after["again"]


def test_no_class_of_the_program_is_asked_anything(trace):
    code = """\
calls = []
class Meta(type):
    @property
    def __name__(cls):
        calls.append("__name__")
    @property
    def __mro__(cls):
        calls.append("__mro__")
    def __hash__(cls):
        calls.append("__hash__")
        return 1
    def __eq__(cls, other):
        calls.append("__eq__")
        return True
    def __instancecheck__(cls, other):
        calls.append("__instancecheck__")
        return True
class Odd(metaclass=Meta):
    pass
value = [Odd(), Odd()]
calls.clear()
if True:
    again = [value]
told = list(calls)
"""
    *_, shown, last = trace(code).blocks
    assert last.after["told"] == "[]"
    assert shown.after["again"] == "[[<Odd>, <Odd>]]"


def test_no_namespace_of_the_program_is_asked_for_a_value(trace):
    code = """\
calls = []
class Names(dict):
    def get(self, *args):
        calls.append("get")
class Meta(type):
    def __prepare__(name, bases):
        return Names()
class Odd(metaclass=Meta):
    x = 1
    if x:
        y = x
told = list(calls)
"""
    told = trace(code).blocks
    assert told[-1].after["told"] == "[]"
    assert Block("y = x", {"x": "1"}, {"y": "1", "x": "1"}) in told


def test_a_program_that_never_answers_about_its_values_is_traced(trace):
    code = """\
class Odd(list):
    def __iter__(self):
        while True:
            pass
    __lt__ = __len__ = __iter__
value = {1: Odd(), 2: [Odd()]}
x = 5
"""
    assert trace(code).blocks[-1].after == {"value": "{1: <Odd>, 2: [<Odd>]}", "x": "5"}


def test_a_program_may_replace_what_tracing_it_needs(trace):
    code = "import builtins, json\njson.dumps = builtins.repr = builtins.len = None\nx = [1]"
    assert trace(code).blocks[-1].after["x"] == "[1]"


def test_large_sets_are_shown_in_no_time(trace):
    code = "many = set(range(200000))\nfor i in range(500):\n    last = many\n"
    assert trace(code).blocks[-2].after["many"].startswith("{0, 1, 2, ")


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


@pytest.fixture
def forge(trace):
    def forge(blocks, omitted=0, **others):
        code = """\
import os, json
data = json.dumps(json.loads(input())).encode()
while data:
    data = data[os.write(5, data):]
os._exit(0)
"""
        return trace(code, json.dumps({"blocks": blocks, "omitted": omitted, **others}))

    return forge


FORGED = {"code": "x = 1", "before": {}, "after": {"x": "1"}}


def test_a_trace_of_the_right_form_is_not_told_from_a_forged_one(forge):
    told = forge([FORGED] * 10, 2**40)
    assert (len(told.blocks), told.omitted) == (10, 2**40)


@pytest.mark.parametrize(
    ("blocks", "omitted"),
    [
        ([FORGED] * 10, -5),
        ([FORGED] * 10, 10**100),
        ([FORGED] * 10, 1.5),
        ([FORGED], 3),
        ([FORGED] * 11, 0),
        ([{**FORGED, "after": {f"x{i}": "1" for i in range(200_000)}}], 0),
        ([{**FORGED, "after": {f"x{i}": "1" for i in range(101)}}], 0),
        ([{**FORGED, "after": {"x": "1" * 104}}], 0),
        ([{**FORGED, "after": {"x": "1\n2"}}], 0),
        ([{**FORGED, "after": {"x": 1}}], 0),
        ([{**FORGED, "after": {"x" * 101: "1"}}], 0),
        ([{**FORGED, "after": {"x y": "1"}}], 0),
        ([{**FORGED, "after": []}], 0),
        ([{**FORGED, "code": 5}], 0),
        ([{**FORGED, "code": "x" * 104}], 0),
        ([{**FORGED, "code": "x\n" * 32}], 0),
        ([{**FORGED, "code": "\ud800"}], 0),
        ([{**FORGED, "more": ""}], 0),
    ],
)
def test_a_trace_that_the_tracer_cannot_have_written_is_none(forge, blocks, omitted):
    with pytest.raises(UntraceableError, match="tracing it broke off"):
        forge(blocks, omitted)


def test_what_else_a_trace_holds_makes_it_none(forge):
    with pytest.raises(UntraceableError, match="tracing it broke off"):
        forge([FORGED], more="")


def test_of_very_many_variables_the_first_are_shown(trace):
    code = f"{'y' * 101} = 0\n" + "\n".join(f"x{i} = {i}" for i in range(150))
    assert list(trace(code).blocks[0].after) == [f"x{i}" for i in range(100)]


def test_the_longest_of_everything_is_still_a_trace(trace):
    names = [f"x{i}_{'y' * (96 - len(str(i)))}" for i in range(150)]
    lines = [f"{name} = {'x' * 200!r}, 'ä\\ud800\\n'" for name in names]
    told = trace("for i in range(20):\n" + "".join(f"    {line}\n" for line in lines))
    assert len(told.blocks) == 10


def test_the_judge_goes_on_after_a_trace_that_failed(trace, ask):
    with pytest.raises(UntraceableError):
        trace("import os\nos._exit(0)")
    assert ask("print(1)", [("", "1")]).verdict == "accepted"
