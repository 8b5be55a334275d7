"""Which program an answer holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore_codecontests.answer import LANGUAGE_OF_NAME, program_of
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
    "another block than the program, in a language that is not judged": (
        "```python\nprint(1)\n```\nor in C:\n```c\nint x;\n```",
        Program("python", "print(1)\n"),
    ),
    "a language that is not judged, before an untagged block": (
        "```rust\nfn main() {}\n```\nOutput:\n```\n1\n```",
        Program("rust", "fn main() {}\n"),
    ),
    "C++ without a tag": (
        "```\n// a sum\n#include <iostream>\nint x;\n```",
        Program("cpp", "// a sum\n#include <iostream>\nint x;\n"),
    ),
    "C++ without a fence": (
        "# include <vector>\nint x;",
        Program("cpp", "# include <vector>\nint x;"),
    ),
    "C++ tagged as text": ('```text\n#include "x.h"\n```', Program("cpp", '#include "x.h"\n')),
    "C++ tagged as Python": (
        "```python\n#include <vector>\n```",
        Program("python", "#include <vector>\n"),
    ),
    "Java without a tag": (
        "```\nimport java.util.*;\nclass A {}\n```",
        Program("java", "import java.util.*;\nclass A {}\n"),
    ),
    "Java that imports nothing": (
        "```\npublic class A {}\n```",
        Program("java", "public class A {}\n"),
    ),
    "Python that only speaks of them": (
        "print('#include <x>')  # import java.util.*;",
        Program("python", "print('#include <x>')  # import java.util.*;"),
    ),
    "backticks inside a line": ("use ```x``` here", Program("python", "use ```x``` here")),
    "nothing": ("", Program("python", "")),
}


@pytest.mark.parametrize("case", CASES)
def test_program_of(case):
    answer, expected = CASES[case]
    assert program_of(answer, "python") == expected


@given(st.text())
def test_any_answer_gives_a_program(answer):
    assert program_of(answer, "python").language in LANGUAGE_OF_NAME.values()


def test_an_answer_of_marks_alone_is_read_at_once():
    assert program_of("`" * 10**6, "python") == Program("python", "`" * 10**6)


TAGS = {
    "python": "python Python3 python3.11 python-3 python2 py py3 pypy pypy3 {.python} py:main.py",
    "cpp": "cpp cpp17 cxx cxx20 cc c++ C++17 c++2a g++ g++-13 gnu++17 clang++",
    "java": "java java8 Java17 java-21",
    "rust": "rust rs",
    "go": "go golang",
    "javascript": "javascript js node",
    "c": "c C c99 c11",
    "c#": "c# cs",
}


@pytest.mark.parametrize(
    ("tag", "language"), [(tag, name) for name, tags in TAGS.items() for tag in tags.split()]
)
def test_a_tag_names_a_language_and_perhaps_a_version(tag, language):
    assert program_of(f"```{tag}\nx\n```\n```\ny\n```", "perl") == Program(language, "x\n")


@pytest.mark.parametrize("tag", ["text", "output", "bash", "json", "python-output", "c-like", "3"])
def test_other_tags_name_none(tag):
    assert program_of(f"```{tag}\nx\n```", "perl") == Program("perl", "x\n")


@given(
    st.text(alphabet=st.characters(exclude_characters="`~\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
)
def test_what_stands_in_a_block_is_kept(code):
    assert program_of(f"Here:\n```cpp\n{code}\n```\n", "python") == Program("cpp", f"{code}\n")
