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
    "a bare C++ program": ("#include <x>\nint main() {}", Code("#include <x>\nint main() {}")),
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
}

BEGINNINGS = [
    "import sys",
    "import os, sys",
    "import numpy as np",
    "from math import gcd",
    "def main():",
    "async def main():",
    "class Solution:",
    "@lru_cache(None)",
    "print('yes')",
    "n, m = map(int, input().split())",
    "a[0] = 1",
    "total: int = 0",
    "for i in range(3):",
    "for a, (b, c) in pairs:",
    "while True:",
    "if x > 1:",
    "try:",
    "#!/usr/bin/env python3",
    "#include <bits/stdc++.h>",
    "using namespace std;",
    "int main() {",
    "import java.util.*;",
    "public class Main {",
    "package main;",
]
PROSE = [
    "import the module first",
    "from the start we import nothing",
    "class of problems",
    "if you look closely, it is easy",
    "while this works it is slow",
    "for each of the numbers we add one",
    "print the sum",
    "n == m is the case",
    "The answer is x = 3.",
]


@pytest.mark.parametrize("shape", SHAPES)
def test_shape(shape):
    answer, expected = SHAPES[shape]
    assert extract(answer) == expected


@pytest.mark.parametrize("line", BEGINNINGS)
def test_a_bare_program_is_told_by_its_first_line(line):
    assert extract(f"{line}\nrest") == Code(f"{line}\nrest")


@pytest.mark.parametrize("line", PROSE)
def test_prose_is_no_program(line):
    assert extract(f"{line}\nprint(1)") is None


LINES = st.text(alphabet="`~ abc\n\r\t[]<>/#=:\0é\u2028", max_size=200)
PROGRAM = st.one_of(st.text(), LINES).filter(
    lambda text: text.strip() and "\r\n" not in f"{text}\n" and "think>" not in text
)


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


@pytest.mark.parametrize("unit", ["`", "~", "``` ", "```python\n", " in ", "a, ", "a.", "<think>"])
def test_endless_text_is_read_in_linear_time(unit):
    """Text of a megabyte: were the rule quadratic, this test would never end."""
    answer = unit * (1_000_000 // len(unit))
    for text in (answer, f"for {answer}", f"```{answer}", f"{answer}</think>"):
        extract(text)
