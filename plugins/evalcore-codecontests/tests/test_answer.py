"""Which program an answer holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore_codecontests.answer import program_of
from evalcore_codecontests.judge import Program

CASES = {
    "no fence at all": ("print(1)", Program("python", "print(1)")),
    "one block": ("So:\n```python\nprint(1)\n```\nDone.", Program("python", "print(1)\n")),
    "tag in capitals": ("```Python\nprint(1)\n```", Program("python", "print(1)\n")),
    "another language": ("```cpp\nint x;\n```", Program("cpp", "int x;\n")),
    "c++ by its sign": ("```c++\nint x;\n```", Program("cpp", "int x;\n")),
    "no tag": ("```\nprint(1)\n```", Program("python", "print(1)\n")),
    "a tag that is no language": ("```text\nprint(1)\n```", Program("python", "print(1)\n")),
    "the last of several": ("```py\na\n```\nbetter:\n```py\nb\n```", Program("python", "b\n")),
    "a tagged one before an untagged one": (
        "```python\nprint(1)\n```\nOutput:\n```\n1\n```",
        Program("python", "print(1)\n"),
    ),
    "not closed": ("```java\nclass A {}", Program("java", "class A {}")),
    "tildes": ("~~~python\nprint(1)\n~~~", Program("python", "print(1)\n")),
    "a longer fence around a shorter": (
        "````python\ns = '''\n```\n'''\n````",
        Program("python", "s = '''\n```\n'''\n"),
    ),
    "words after the tag": ("```python title=x\nprint(1)\n```", Program("python", "print(1)\n")),
    "backticks inside a line": ("use ```x``` here", Program("python", "use ```x``` here")),
    "nothing": ("", Program("python", "")),
}


@pytest.mark.parametrize("case", CASES)
def test_program_of(case):
    answer, expected = CASES[case]
    assert program_of(answer, "python") == expected


@given(st.text())
def test_any_answer_gives_a_program(answer):
    assert program_of(answer, "python").language in {"python", "cpp", "java"}


@given(
    st.text(alphabet=st.characters(exclude_characters="`~\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
)
def test_what_stands_in_a_block_is_kept(code):
    assert program_of(f"Here:\n```cpp\n{code}\n```\n", "python") == Program("cpp", f"{code}\n")
