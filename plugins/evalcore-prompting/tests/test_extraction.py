"""Which program an answer holds: a case for each shape that models write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore_prompting.extraction import Code, extract

ONE = "print(1)\n"
SHAPES = {
    # blocks
    "one block": ("So:\n```python\nprint(1)\n```\nDone.", Code(ONE, "python")),
    "nothing but a block": ("```python\nprint(1)\n```", Code(ONE, "python")),
    "no tag": ("```\nprint(1)\n```", Code(ONE)),
    "tag in capitals": ("```Python\nprint(1)\n```", Code(ONE, "python")),
    "space before the tag": ("``` python\nprint(1)\n```", Code(ONE, "python")),
    "words after the tag": ("```python title=x\nprint(1)\n```", Code(ONE, "python")),
    "a file name after the tag": ("```python:main.py\nprint(1)\n```", Code(ONE, "python")),
    "a tag in braces": ("```{.python}\nprint(1)\n```", Code(ONE, "python")),
    "another language": ("```c++\nint x;\n```", Code("int x;\n", "c++")),
    "tildes": ("~~~python\nprint(1)\n~~~", Code(ONE, "python")),
    "a longer end than beginning": ("```python\nprint(1)\n`````", Code(ONE, "python")),
    "a longer fence around a shorter": (
        "````python\ns = '''\n```\n'''\n````",
        Code("s = '''\n```\n'''\n", "python"),
    ),
    "indented, as in a list": (
        "1. So:\n   ```python\n   if x:\n       print(1)\n   ```",
        Code("if x:\n    print(1)\n", "python"),
    ),
    "less indented than its fence": ("  ```py\nprint(1)\n  ```", Code(ONE, "py")),
    "Windows line ends": ("```python\r\nprint(1)\r\n```\r\n", Code(ONE, "python")),
    "begun at the end of prose": ("The code: ```python\nprint(1)\n```", Code(ONE, "python")),
    "square brackets": ("[PYTHON]\nprint(1)\n[/PYTHON]", Code(ONE, "python")),
    "square brackets of no language": ("[CODE]\nprint(1)\n[/CODE]\nDone.", Code(ONE)),
    "angle brackets": ("<code>\nprint(1)\n</code>\nDone.", Code(ONE)),
    "NUL bytes": ("```python\nprint('\0')\n```", Code("print('\0')\n", "python")),
    "its end behind the last line of code": (
        "```python\nx = 1\nprint(1)```\nDone.\n```\n1\n```",
        Code("x = 1\nprint(1)\n", "python"),
    ),
    "prose behind its end": ("```python\nprint(1)\n``` That's it.", Code(ONE, "python")),
    "markup behind its end": ("```python\nprint(1)\n```</answer>", Code(ONE, "python")),
    "code in a line of code": (
        "```python\nprint(1)  # not ```print(2)```\n```",
        Code("print(1)  # not ```print(2)```\n", "python"),
    ),
    "quoted": (
        "> So:\n> ```python\n> if x:\n>\n>     print(1)\n> ```\n> Done.",
        Code("if x:\n\n    print(1)\n", "python"),
    ),
    "a quotation in a string of it": (
        '```python\ns = """\n> 1\n"""\n```',
        Code('s = """\n> 1\n"""\n', "python"),
    ),
    "backticks after tildes": ("~~~python `x`\nprint(1)\n~~~", Code(ONE, "python")),
    "begun at the end of a list's item": (
        "1. ```python\n   if x:\n       print(1)\n   ```",
        Code("if x:\n    print(1)\n", "python"),
    ),
    "Markdown": (
        "````markdown\nSo:\n```python\nprint(1)\n```\n````\nDone.",
        Code(ONE, "python"),
    ),
    "Markdown with the same fence": (
        "```md\n```python\nprint(1)\n```\n```",
        Code(ONE, "python"),
    ),
    "Markdown before a program": (
        "```markdown\nA plan.\n```\nThe code:\n```\nprint(1)\n```",
        Code(ONE),
    ),
    # several blocks
    "the last of several": ("```py\na\n```\nbetter:\n```py\nb\n```", Code("b\n", "py")),
    "ten of them": ("".join(f"```py\n{n}\n```\n" for n in range(10)), Code("9\n", "py")),
    "a tagged one before an example": (
        "```python\nprint(1)\n```\nOutput:\n```\n1\n```",
        Code(ONE, "python"),
    ),
    "a tagged one before how to run it": (
        "```python\nprint(1)\n```\nRun:\n```bash\npython main.py\n```",
        Code(ONE, "python"),
    ),
    "an untagged one before text": ("```\nprint(1)\n```\n```text\n1\n```", Code(ONE)),
    "only text": ("```text\nprint(1)\n```", Code(ONE, "text")),
    "an unfinished one after text": ("```text\n1 2\n```\n```\nprint(1)", Code(ONE)),
    "a line of it that looks like a fence": (
        "```python\ns = '''\n```text\n'''\n```",
        Code("s = '''\n```text\n'''\n", "python"),
    ),
    "a blank one last": ("```python\nprint(1)\n```\n```python\n\n```", Code(ONE, "python")),
    # unfinished
    "not closed": ("```java\nclass A {}", Code("class A {}\n", "java")),
    "a whole one before an unfinished one": (
        "```python\nprint(1)\n```\n```python\nprint(",
        Code(ONE, "python"),
    ),
    "an unfinished one after an example": (
        "```\n1 2\n```\n```python\nprint(1)",
        Code(ONE, "python"),
    ),
    "the end forgotten between two": (
        "```python\na\n```python\nb\n```",
        Code("b\n", "python"),
    ),
    "nothing after its fence": ("```python", None),
    # no block
    "a bare program": ("n = int(input())\nprint(n)", Code("n = int(input())\nprint(n)")),
    "a bare program after comments": ("# Read.\n\nimport sys\n", Code("# Read.\n\nimport sys\n")),
    "a bare program after the name of its language": ("python\nprint(1)\n", Code("print(1)")),
    "a bare program longer than programs are": ("x = 1\n" * 20_000, None),
    "prose with a line of code": (
        "It stops:\n\n    print(*c)\n\nThe number is none.\nSo the error.\nBetter:\n    print(c)",
        None,
    ),
    "a quoted traceback": (
        "It says:\n    a = b - c\n        ~~^~~\n    ~~~~^~~~\nTypeError\n```\nprint(1)\n```",
        Code(ONE),
    ),
    "a text in quotes": ('"yes"', None),
    "prose": ("I would sort the numbers and take the first.", None),
    "prose with code in a line": ("Use `print(1)` or ```print(1)```.", None),
    "prose under a heading": ("# Solution\nWe sort the numbers.", None),
    "prose that begins with a word of a program": ("for example, 1 2 gives 3", None),
    "nothing": ("", None),
    "blank": (" \n\t\n", None),
    # thoughts
    "a thought before": (
        "<think>\n```python\nno\n```\n</think>\n```python\nprint(1)\n```",
        Code(ONE, "python"),
    ),
    "a thought that the template began": ("print(2)?\n</think>\nprint(1)\n", Code("\nprint(1)\n")),
    "a thought without an end": ("<think>\n```python\nno\n```", None),
    "a thought in capitals": ("<THINK>```python\nno\n```</THINK> None.", None),
    "a thought by its other name": ("<thinking>```python\nno\n```</thinking> None.", None),
    "a thought after the program": (
        "```python\nprint(1)\n```\n<think>\nIs it?\n</think>\nYes.",
        Code(ONE, "python"),
    ),
    "two thoughts": ("<think>1</think>\n<think>\n2\n</think>\nprint(1)", Code("\n\nprint(1)")),
    "a thought about thoughts": (
        "<think>\nprint('</think>')\n```python\nno\n```\n</think>\n```python\nprint(1)\n```",
        Code(ONE, "python"),
    ),
    "an end of thought in a program": (
        "```python\nprint('</think>')\n```",
        Code("print('</think>')\n", "python"),
    ),
    "a beginning of thought in a program": (
        "```python\nprint('<think>')\n```",
        Code("print('<think>')\n", "python"),
    ),
}

UNFENCED = [
    "import os, sys",
    "from math import gcd",
    "def main():\n    pass",
    "async def main():\n    pass",
    "class Solution:\n    pass",
    "@lru_cache(None)\ndef f(n): return n",
    "print('yes')",
    "n, m = map(int, input().split())\nprint(n)",
    "a, *b = map(int, input().split())",
    "(a, b) = map(int, input().split())",
    "[a, b] = map(int, input().split())",
    "a[0] = 1",
    "x += 1",
    "total: int = 0",
    "for a, (b, c) in pairs: print(a)",
    "while True:\n    break",
    "if (n := int(input())) > 1: print(n)",
    "try:\n    pass\nfinally:\n    pass",
    "input()",
    "sys.setrecursionlimit(10**6)\nimport sys",
    '"""Add them up."""\nprint(1)',
    "#!/usr/bin/env python3\nprint(1)",
    "pattern = '\\d'\nprint(pattern)",
    "#include <bits/stdc++.h>\nint main() {}",
    "using namespace std;\nint main()\n{\n}",
    "int main() {\n}",
    "import java.util.*;\nclass Main {\n}",
    "public class Main\n{\n}",
    "class Main {\n}",
    "package main;\nclass Main {}",
]
PROSE = [
    "import the module first",
    "import os is needed",
    "from the start we import nothing",
    "from collections import Counter is used here",
    "class of problems",
    "class A: the students",
    "if you look closely, it is easy",
    "while this works it is slow",
    "with this in mind:",
    "for each of the numbers we add one",
    "for every i in the list we add it",
    "print the sum",
    "n == m is the case",
    "n = number of items is what we read.",
    "The answer is x = 3.",
    "If n is even:",
    "Yes",
    "Output: 3",
    "Time: O(n)",
    "Sort (see above) and print(x), then stop.",
    "That's it :)",
    "1) Read n",
    "# Solution",
]


@pytest.mark.parametrize("shape", SHAPES)
def test_shape(shape):
    answer, expected = SHAPES[shape]
    assert extract(answer) == expected


@pytest.mark.parametrize("program", UNFENCED)
def test_a_program_without_a_fence_is_told_by_its_language(program):
    assert extract(program) == Code(program)


@pytest.mark.parametrize("line", PROSE)
def test_prose_is_no_program(line):
    assert extract(line) is None
    assert extract(f"{line}\n\n{line}") is None
    assert extract(f"{line}\nn = 1\n{line}") is None or line.startswith("#")  # a formula in it


@pytest.mark.parametrize("line", PROSE)
@pytest.mark.parametrize(
    "program",
    [
        "import sys\n\nprint(sum(map(int,\n    sys.stdin)))",
        "n = int(input())\nif n:\n    print(n\n    )",
        "def f(\n    a,\n):\n    return a",
        "n = int(input()\nprint(n)",  # with a mistake
        "#include <cstdio>\nint main() {\n}",
    ],
)
def test_prose_around_a_program_is_left_off(line, program):
    found = extract(f"{line}\n\n{program}\n\n{line}\n")
    assert found == Code(program) or (line.startswith("#") and program in found.text)


@pytest.mark.parametrize(
    "program", ["import sys\nprint(1", "if x:\n    print(1)\nelse:", "print(1)\nx y\nprint(2)"]
)
def test_a_program_without_a_fence_may_be_wrong(program):
    assert extract(program) == Code(program)


LINES = st.text(alphabet="`~ abc\n\r\t[]<>/#=:\0é\u2028", max_size=200)
PROGRAM = st.one_of(st.text(), LINES).filter(
    lambda text: text.strip() and "\r\n" not in f"{text}\n" and "think>" not in text
)


@pytest.mark.parametrize(
    "tag",
    [
        "python3.11",
        "python-3",
        "py3",
        "pypy3",
        "cxx",
        "cpp17",
        "c++2a",
        "gnu++17",
        "g++",
        "c11",
        "java17",
    ],
)
def test_a_language_is_known_by_its_names_and_versions(tag):
    assert extract(f"```{tag}\nx\n```\n```\ny\n```") == Code("x\n", tag)


@pytest.mark.parametrize("tag", ["text", "output", "pseudocode", "python-output", "json", "diff"])
def test_what_is_no_language_comes_last(tag):
    assert extract(f"```\nx\n```\n```{tag}\ny\n```") == Code("x\n")


@given(st.one_of(st.text(), LINES))
def test_any_answer_is_read(answer):
    code = extract(answer)
    assert code is None or code.text.strip()


@given(PROGRAM, st.sampled_from(["", "python", "c++"]))
def test_a_program_comes_back_from_its_block(text, tag):
    code = Code(text.removesuffix("\n") + "\n", tag)
    assert extract(code.block()) == code
    assert extract(f"Before:\n\n{code.block()}\n\nAfter.") == code


@given(PROGRAM, st.sampled_from(["", "python", "cpp"]))
def test_the_judge_of_contests_finds_the_same_program(text, tag):
    answer = pytest.importorskip("evalcore_codecontests.answer")
    code = Code(text.removesuffix("\n") + "\n", tag)
    judged = answer.program_of(code.block(), "python")
    assert (judged.code, judged.language) == (code.text, tag or "python")


@pytest.mark.parametrize(
    "unit",
    [
        "`",
        "~",
        "> ",
        "``` ",
        "```python\n",
        " in ",
        "a, ",
        "a.",
        "<think>",
        "</think>",
        "(",
        "-",
        "\n",
        "a b\n",
    ],
)
def test_endless_text_is_read_in_linear_time(unit):
    """Text of a megabyte: were the rule quadratic, this test would never end."""
    answer = unit * (1_000_000 // len(unit))
    for text in (answer, f"for {answer}", f"```{answer}", f"{answer}</think>"):
        extract(text)
        extract(text[:60_000])  # as long as a program without a fence may be
