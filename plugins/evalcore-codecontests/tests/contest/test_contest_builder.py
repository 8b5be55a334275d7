"""The builder refuses problems that do not keep their promises."""

from __future__ import annotations

from dataclasses import replace

import pytest
from contest_sources import build, sources
from sources import Program

RIGHT = "a, b = map(int, input().split())\nprint(a + b)\n"
PROBLEM = sources.Source(
    name="sum",
    statement="# Sum",
    difficulty="easy",
    tags=["math"],
    time_limit=1.0,
    memory_limit=256 * 2**20,
    public=[("1 2\n", "3\n")],
    hidden={"edge": ["0 0\n"], "small": ["5 6\n"], "large": ["1000000 1\n"]},
    programs=[Program("accepted.py", RIGHT)],
)


def with_wrong(file, code):
    return replace(PROBLEM, programs=[*PROBLEM.programs, Program(file, code)])


def test_outputs_come_from_the_accepted_program():
    outputs = build.verified_outputs(PROBLEM)

    assert outputs == {"1 2\n": "3\n", "0 0\n": "0\n", "5 6\n": "11\n", "1000000 1\n": "1000001\n"}


def test_wrong_programs_that_are_wrong_in_their_own_way_are_taken():
    cut = RIGHT.replace("a + b", "(a + b) % 100")
    crash = RIGHT.replace("a + b", "a + b if a < 100 else 1 // 0")
    hungry = RIGHT + "if a > 100: bytearray(8_000_000_000)\n"

    build.verified_outputs(with_wrong("wrong-edge.py", cut))
    build.verified_outputs(with_wrong("crashing.py", crash))
    build.verified_outputs(with_wrong("too-much-memory.py", hungry))


@pytest.mark.parametrize(
    ("file", "code", "complaint"),
    [
        ("wrong-edge.py", RIGHT, "passes every test"),
        ("wrong-edge.py", "print(4)", "fails a public test"),
        ("crashing.py", RIGHT.replace("a + b", "(a + b) % 100"), "wrong-answer, not runtime-error"),
        (
            "too-much-memory.py",
            RIGHT + "if a > 4: bytearray(8_000_000_000)\n",
            "fails a small test",
        ),
        (
            "too-much-memory.py",
            RIGHT + "if a > 100: bytearray(500_000_000)\n",
            "keeps 4 times the limit",
        ),
    ],
)
def test_a_wrong_program_that_is_wrong_otherwise_is_refused(file, code, complaint):
    with pytest.raises(ValueError, match=complaint):
        build.verified_outputs(with_wrong(file, code))


def test_accepted_programs_that_disagree_with_an_example_are_refused():
    broken = replace(PROBLEM, programs=[Program("accepted.py", RIGHT.replace("+", "-"))])

    with pytest.raises(ValueError, match=r"sum/solutions/accepted.py on '1 2\\n': ok '-1\\n'"):
        build.verified_outputs(broken)


@pytest.mark.parametrize(
    ("output", "expected", "right"),
    [
        ("1 2", "1\n2\n", True),
        ("1", "1 2", False),
        ("1.0", "1", False),
        ("0.3333333", "0.333333333", True),
        ("0.33333", "0.333333333", False),
        ("400000000.1", "400000000.2", True),
        ("nan", "1.5", False),
        ("one", "1.5", False),
    ],
)
def test_outputs_are_compared_word_by_word(output, expected, right):
    assert build.same(output, expected) is right


@pytest.mark.parametrize("name", sources.names())
def test_a_validator_takes_the_examples_and_nothing_that_follows_them(name):
    generator = sources.load_generator(name)

    for text, _ in sources.load(name).public:
        assert generator.valid(text)
        assert not is_valid(generator, text + text)


def is_valid(generator, text):
    """Whether the text counts as valid; a validator may also stumble over what is not."""
    try:
        return generator.valid(text)
    except ValueError:
        return False
