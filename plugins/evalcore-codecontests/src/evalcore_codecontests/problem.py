"""What a problem is, whatever file it came from: what readers make and the judge takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a program that reads standard input and writes standard output."""

    __test__ = False  # not for pytest to collect

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class CallTest:
    """One test of a function: it is called with `args` and must return `output`."""

    args: tuple[Any, ...]
    output: Any


@dataclass(frozen=True, slots=True)
class Problem:
    """A contest problem.

    Attributes:
        id: unique within its data set; `name` need not be.
        public_tests: what a contestant sees.
        hidden_tests: what only the judge sees; a correct program passes both kinds.
        time_limit: seconds of CPU time for one test, `None` where the data set states none.
        memory_limit: bytes, `None` where the data set states none.
        fn_name: the function (or method of `class Solution`) to call; `None` for programs
            that read standard input. Decides whether the tests are `Test` or `CallTest`.
        starter_code: text the program is to start from, empty where there is none.
        tags: labels of the problem such as its algorithms, in the data set's own words.
        files: `(input_file, output_file)` where the problem wants files instead of
            standard input and output, else `None`.
    """

    id: str
    name: str
    statement: str
    public_tests: tuple[Test, ...] | tuple[CallTest, ...] = ()
    hidden_tests: tuple[Test, ...] | tuple[CallTest, ...] = ()
    time_limit: float | None = None
    memory_limit: int | None = None
    fn_name: str | None = None
    starter_code: str = ""
    source: str = ""
    difficulty: str = ""
    tags: tuple[str, ...] = ()
    files: tuple[str, str] | None = None
