"""Feedback at each grain, and how long feedback is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore.data import Feedback
from evalcore_prompting import library
from evalcore_prompting.feedback import FeedbackText

PASSED = {"verdict": "accepted", "input": "1 1\n", "expected": "2\n", "got": "2\n", "stderr": ""}
WRONG = {"verdict": "wrong-answer", "input": "1 2\n", "expected": "3\n", "got": "4\n", "stderr": ""}
ERROR = {
    "verdict": "runtime-error",
    "input": "a b\n",
    "expected": "?\n",
    "got": "",
    "stderr": 'Traceback:\n  File "prog.py", line 1\nValueError: a is no number\n',
}


def told(grain, *tests, text="", test_chars=600, chars=3_000, **details):
    feedback = Feedback(passed=False, text=text, details={"tests": list(tests), **details})
    return FeedbackText(library(), grain, test_chars, chars)(feedback)


def test_binary_says_nothing_of_tests():
    assert told("binary", WRONG) == told("binary", ERROR, PASSED) == told("binary", text="No.")


def test_failed_tests_are_told_without_those_passed():
    assert told("failed-tests", PASSED, WRONG, ERROR) == (
        "Your program fails these tests:\n"
        "\n"
        "Input:\n"
        "1 2\n"
        "Expected output:\n"
        "3\n"
        "Your output:\n"
        "4\n"
        "\n"
        "Input:\n"
        "a b\n"
        "Your program stopped with an error.\n"
        "Traceback:\n"
        '  File "prog.py", line 1\n'
        "ValueError: a is no number"
    )


def test_all_tests_are_told_with_those_passed():
    assert told("all-tests", PASSED, WRONG) == (
        "Your program passes this test:\n"
        "\n"
        "Input:\n"
        "1 1\n"
        "Output:\n"
        "2\n"
        "\n"
        "Your program fails this test:\n"
        "\n"
        "Input:\n"
        "1 2\n"
        "Expected output:\n"
        "3\n"
        "Your output:\n"
        "4"
    )


def test_all_tests_without_one_passed_are_the_failed_ones():
    assert told("all-tests", WRONG, ERROR) == told("failed-tests", WRONG, ERROR)


def test_a_program_that_prints_nothing_is_told_so():
    assert told("failed-tests", {**WRONG, "got": "\n"}).endswith("Your program printed nothing.")


@pytest.mark.parametrize("grain", ["failed-tests", "all-tests"])
def test_a_task_without_single_tests_is_quoted(grain):
    assert told(grain, text="SyntaxError\n") == "Your program is wrong.\nSyntaxError"
    assert told(grain, "no mapping", text="No.") == "Your program is wrong.\nNo."


def test_a_test_that_lacks_a_text_is_told_without():
    assert "Expected output:\n\nYour program printed nothing." in told("failed-tests", {"input": 5})


def test_a_long_text_keeps_its_beginning_and_leaves_the_short_ones_whole():
    text = told("failed-tests", {**WRONG, "input": "9" * 500}, test_chars=100)
    assert "Input:\n" + "9" * 95 + "...\nExpected output:\n3\nYour output:\n4" in text


def test_a_long_traceback_keeps_its_end():
    text = told("failed-tests", {**ERROR, "stderr": "x" * 500 + "\nKeyError: 7"}, test_chars=60)
    assert "...xxx" in text
    assert text.endswith("x\nKeyError: 7")


def test_tests_that_do_not_fit_are_counted():
    tests = [{**WRONG, "input": f"test {n}"} for n in range(9)]
    text = told("failed-tests", *tests, chars=200)
    assert "test 1" in text
    assert text.endswith("\n\nIt also fails 7 more.")
    assert len(text) <= 200


def test_failed_tests_are_shown_before_passed_ones():
    text = told("all-tests", PASSED, PASSED, WRONG, chars=130)
    assert text.startswith("It passes 2 tests.\n\nYour program fails this test:")
    assert "Input:\n1 2" in text


def test_one_test_that_does_not_fit_is_cut():
    text = told("failed-tests", {**WRONG, "input": "9" * 500}, chars=100)
    assert len(text) == 100
    assert text.endswith("999...")


def blocks(count, omitted=0):
    steps = range(count)
    blocks = [{"code": f"i = {i}", "before": {"n": "5"}, "after": {"i": str(i)}} for i in steps]
    return {"blocks": blocks, "omitted": omitted}


def test_a_trace_follows_the_failed_tests():
    assert told("traced", WRONG, trace=blocks(2)) == (
        told("failed-tests", WRONG) + "\n\n"
        "On the test it runs through these blocks, with the values of variables before and after "
        "each:\n"
        "\n"
        "# before: n = 5\n"
        "i = 0\n"
        "# after: i = 0\n"
        "\n"
        "# before: n = 5\n"
        "i = 1\n"
        "# after: i = 1"
    )


def test_a_trace_of_several_failed_tests_is_that_of_the_first():
    assert "On the first of these tests it runs" in told("traced", WRONG, ERROR, trace=blocks(1))


def test_a_trace_says_how_many_blocks_were_left_out():
    text = told("traced", WRONG, trace=blocks(10, omitted=7))
    assert "# after: i = 4\n\n(7 blocks are left out here.)\n\n# before: n = 5\ni = 5" in text


@pytest.mark.parametrize(("chars", "shown"), [(320, [0, 9]), (400, [0, 1, 8, 9])])
def test_a_long_trace_keeps_its_beginning_and_its_end(chars, shown):
    text = told("traced", WRONG, ERROR, trace=blocks(10, omitted=7), chars=chars)
    assert [i for i in range(10) if f"after: i = {i}" in text] == shown
    assert f"({17 - len(shown)} blocks are left out here.)" in text
    assert "It also fails 1 more." in text
    assert len(text) <= chars


@pytest.mark.parametrize(
    ("details", "reason"),
    [({}, "the task gives none"), ({"untraced": "it took too long"}, "it took too long")],
)
def test_without_a_trace_the_failed_tests_are_told_and_why(details, reason):
    without = f"\n\nThere is no trace of its run: {reason}."
    assert told("traced", WRONG, ERROR, **details) == told("failed-tests", WRONG, ERROR) + without
    assert told("traced", text="SyntaxError", **details) == (
        told("failed-tests", text="SyntaxError") + without
    )


TEXTS = st.text(max_size=300)
VERDICTS = st.sampled_from(["accepted", "wrong-answer", "runtime-error", "time-limit", "", "odd"])
TESTS = st.fixed_dictionaries(
    {"verdict": VERDICTS, "input": TEXTS, "expected": TEXTS, "got": TEXTS, "stderr": TEXTS}
)


VALUES = st.dictionaries(TEXTS, TEXTS, max_size=3)
BLOCKS = st.fixed_dictionaries({"code": TEXTS, "before": VALUES, "after": VALUES})


@given(
    st.lists(TESTS, max_size=6),
    st.lists(BLOCKS, max_size=10),
    TEXTS,
    st.sampled_from(library().ids("feedback")),
    st.integers(40, 400),
    st.integers(100, 1000),
)
def test_no_text_is_longer_than_allowed(tests, blocks, text, grain, test_chars, chars):
    details = {"tests": tests, "trace": {"blocks": blocks, "omitted": 3}}
    feedback = Feedback(passed=False, text=text, details=details)
    told = FeedbackText(library(), grain, test_chars, chars)
    assert 0 < len(told(feedback)) <= chars
    for test in tests:
        shown = told._shown(test)
        assert (
            sum(len(shown[name]) for name in ("input", "expected", "got", "stderr")) <= test_chars
        )
        if sum(map(len, test.values())) <= test_chars:
            assert shown["stderr"] == test["stderr"].rstrip()


@given(st.lists(TESTS, max_size=6), st.sampled_from(["failed-tests", "all-tests"]))
def test_what_fits_is_told_whole(tests, grain):
    text = told(grain, *tests, test_chars=10_000, chars=100_000)
    assert "more." not in text or any("more." in str(test) for test in tests)
    for test in tests:
        if test["verdict"] == "wrong-answer":
            assert test["input"].rstrip() in text
            assert test["got"].rstrip() in text
