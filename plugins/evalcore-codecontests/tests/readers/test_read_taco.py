"""TACO and APPS rows: texts that hold JSON and Python literals."""

from __future__ import annotations

import json
import sys

import pytest

from evalcore_codecontests.problem import CallTest, Test
from evalcore_codecontests.readers import ReadError, read_problems

ROW = {
    "question": "Add two numbers.",
    "solutions": '["print(3)"]',
    "starter_code": "",
    "input_output": r'{"inputs": ["1 2\n", "2 2\n", "3 3\n"], "outputs": ["\n3\n", "4\n", "6\n"]}',
    "difficulty": "EASY",
    "raw_tags": "['Math', 'implementation']",
    "name": "Sum",
    "source": "codeforces",
    "tags": "['Mathematics']",
    "skill_types": "[]",
    "url": "https://example.org/1/A",
    "Expected Auxiliary Space": None,
    "time_limit": "2.0 seconds",
    "date": "2020-01-01",
    "picture_num": "0",
    "memory_limit": "256.0 megabytes",
    "Expected Time Complexity": None,
}


def calls(inputs, outputs) -> dict[str, str]:
    return {"input_output": json.dumps({"fn_name": "f", "inputs": inputs, "outputs": outputs})}


@pytest.fixture
def read(tmp_path):
    """Read rows by way of a file of JSON Lines."""

    def read_rows(*rows, **options):
        path = tmp_path / "problems.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return list(read_problems(path, **options))

    return read_rows


def test_a_row_becomes_a_problem(read):
    (problem,) = read(ROW)
    assert (problem.id, problem.statement) == ("Sum", "Add two numbers.")
    assert problem.public_tests == (Test("1 2\n", "\n3\n"),)
    assert problem.hidden_tests == (Test("2 2\n", "4\n"), Test("3 3\n", "6\n"))
    assert (problem.time_limit, problem.memory_limit) == (2.0, 256 * 2**20)
    assert (problem.source, problem.difficulty) == ("codeforces", "EASY")
    assert problem.tags == ("Mathematics",)
    assert problem.fn_name is None


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("1 second", 1.0), ("2.0 seconds", 2.0), ("1.5 sec", 1.5), ("500 ms", 0.5), ("3", 3.0),
     ("0.5 - 2 secs", 2.0), (" 2 Seconds ", 2.0), ("1 minute", 60.0), ("0 seconds", None),
     ("", None), ("None", None), ("unknown", None), (None, None)],
)  # fmt: skip
def test_time_in_words(read, written, seconds):
    (problem,) = read(ROW | {"time_limit": written})
    assert problem.time_limit == seconds


@pytest.mark.parametrize(
    ("written", "size"),
    [("256 megabytes", 2**28), ("64 MB", 2**26), ("1 gigabyte", 2**30), ("512 kilobytes", 2**19),
     ("1024", 1024), ("0.0 megabytes", None), (None, None)],
)  # fmt: skip
def test_memory_in_words(read, written, size):
    (problem,) = read(ROW | {"memory_limit": written})
    assert problem.memory_limit == size


def test_lists_of_lines_and_numbers_become_text(read):
    tests = {"inputs": [["1", "2"], 3], "outputs": [["4", 5], 0.5]}
    (problem,) = read(ROW | {"input_output": tests})
    assert problem.public_tests == (Test("1\n2", "4\n5"),)
    assert problem.hidden_tests == (Test("3", "0.5"),)


def test_a_function_is_called_with_a_list_of_arguments(read):
    (problem,) = read(ROW | calls([[1, [2, 3]], [4, []]], [[5], 6]))
    assert problem.fn_name == "f"
    assert problem.public_tests == (CallTest((1, [2, 3]), [5]),)
    assert problem.hidden_tests == (CallTest((4, []), 6),)


def test_integer_keys_come_back_from_json(read):
    (problem,) = read(
        ROW
        | calls(
            [[{"1": "a", "-2": "b"}, {"x": 1}], [5], [5], [5]],
            [{"3": 4}, [{"5": 6}], {"x": 7}, [[{"8": 9}]]],
        )
    )
    tests = problem.public_tests + problem.hidden_tests
    assert tests[0].args == ({1: "a", -2: "b"}, {"x": 1})
    assert [test.output for test in tests] == [{3: 4}, [{5: 6}], {"x": 7}, [[{"8": 9}]]]


def test_starter_code_alone_does_not_make_a_call(read):
    (problem,) = read(ROW | {"starter_code": "def f():\n"})
    assert problem.starter_code == "def f():\n"
    assert problem.fn_name is None
    assert problem.public_tests == (Test("1 2\n", "\n3\n"),)


def test_integers_of_any_length_are_read(read):
    limit = sys.get_int_max_str_digits()
    digits = "1" + "0" * 6000
    packed = f'{{"fn_name": "f", "inputs": [[{digits}]], "outputs": [-{digits}]}}'
    written = f'{{"inputs": [{digits}], "outputs": ["0"]}}'
    call, text = read(ROW | {"input_output": packed}, ROW | {"input_output": written})
    assert call.public_tests == (CallTest((10**6000,), -(10**6000)),)
    assert text.public_tests == (Test(digits, "0"),)
    assert sys.get_int_max_str_digits() == limit


def test_python_literals_are_read_and_never_run(read):
    packed = "{'inputs': [['1', '2']], 'outputs': ['3'], 'fn_name': None}"
    (problem,) = read(ROW | {"input_output": packed, "tags": None})
    assert problem.public_tests == (Test("1\n2", "3"),)
    assert problem.tags == ("Math", "implementation")
    (problem,) = read(ROW | {"tags": "[__import__('os').getpid()]"})
    assert problem.tags == ("[__import__('os').getpid()]",)


@pytest.mark.parametrize(
    "nothing", [None, "", "{}", '{"inputs": [], "outputs": []}', '{"fn_name": "f"}']
)
def test_a_problem_without_tests_is_read(read, nothing):
    (problem,) = read(ROW | {"input_output": nothing})
    assert problem.public_tests == problem.hidden_tests == ()


def test_apps_rows_are_the_same(read):
    row = {
        "problem_id": 4000,
        "question": "Double it.",
        "input_output": {"fn_name": "f", "inputs": [["a"]], "outputs": [["aa"]]},
        "difficulty": "interview",
        "url": "https://example.org/2",
        "starter_code": "def f(s):\n",
    }
    first, second = read(row, row)
    assert (first.id, second.id, first.name) == ("4000", "4000#2", "")
    assert first.public_tests == (CallTest(("a",), ["aa"]),)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (calls([[1], [2]], [1]), "line 1 .Sum., field input_output: found '2 inputs and 1 out"),
        (calls(["ab"], [1]), "field inputs: found 'ab', expected the list of arguments"),
        ({"input_output": "[1]"}, "field input_output: found .1., expected .inputs, outputs"),
        ({"input_output": '{"inputs": ["1"], "outputs": [null]}'}, "field outputs: found None"),
        ({"time_limit": "a while"}, "field time_limit: found 'a while'"),
        ({"memory_limit": "12 apples"}, "field memory_limit: found '12 apples'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(read, change, says):
    with pytest.raises(ReadError, match=says):
        read(ROW | change)


def test_the_format_can_be_forced(read):
    (problem,) = read({"question": "Q", "public_tests": [], "name": "n"}, format="taco")
    assert problem.statement == "Q"
    (problem,) = read({"question": "Q", "public_tests": [], "name": "n"}, format="codecontests")
    assert problem.statement == ""


def test_rows_of_another_kind_are_refused(read):
    with pytest.raises(ReadError, match=r"line 1.*of the problem: found \['a', 'b'\]"):
        read({"a": 1, "b": 2})
