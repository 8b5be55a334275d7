"""Feedback at each grain, and how long feedback is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore.data import Feedback
from evalcore.errors import TaskError
from evalcore_prompting import library
from evalcore_prompting.feedback import FeedbackText
from evalcore_prompting.lengths import beginning, end

PASSED = {"verdict": "accepted", "input": "1 1\n", "expected": "2\n", "got": "2\n", "stderr": ""}
WRONG = {"verdict": "wrong-answer", "input": "1 2\n", "expected": "3\n", "got": "4\n", "stderr": ""}
ERROR = {
    "verdict": "runtime-error",
    "input": "a b\n",
    "expected": "?\n",
    "got": "",
    "stderr": 'Traceback:\n  File "prog.py", line 1\nValueError: a is no number\n',
}


def told(grain, *tests, text="", each=600, whole=3_000, count=len, **details):
    """What is told of tests, in characters unless something else is counted."""
    feedback = Feedback(passed=False, text=text, details={"tests": list(tests), **details})
    return FeedbackText(library(), grain, each, whole)(feedback, count)


def words(text):
    """How many words a text has: tokens of unequal lengths."""
    return len(text.split())


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
    text = told("failed-tests", {**WRONG, "input": "9" * 500}, each=100)
    assert "Input:\n" + "9" * 95 + "...\nExpected output:\n3\nYour output:\n4" in text


def test_a_long_traceback_keeps_its_end():
    text = told("failed-tests", {**ERROR, "stderr": "x" * 500 + "\nKeyError: 7"}, each=60)
    assert "...xxx" in text
    assert text.endswith("x\nKeyError: 7")


def test_tests_that_do_not_fit_are_counted():
    tests = [{**WRONG, "input": f"test {n}"} for n in range(9)]
    text = told("failed-tests", *tests, whole=200)
    assert "test 1" in text
    assert text.endswith("\n\nIt also fails 7 more.")
    assert len(text) <= 200


def test_failed_tests_are_shown_before_passed_ones():
    text = told("all-tests", PASSED, PASSED, WRONG, whole=130)
    assert text.startswith("It passes 2 tests.\n\nYour program fails this test:")
    assert "Input:\n1 2" in text


def test_one_test_that_does_not_fit_is_cut():
    text = told("failed-tests", {**WRONG, "input": "9" * 500}, whole=100)
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
    text = told("traced", WRONG, ERROR, trace=blocks(10, omitted=7), whole=chars)
    assert [i for i in range(10) if f"after: i = {i}" in text] == shown
    assert f"({17 - len(shown)} blocks are left out here.)" in text
    assert "It also fails 1 more." in text
    assert len(text) <= chars


def test_without_a_trace_the_failed_tests_are_told_and_why():
    without = "\n\nThere is no trace of its run: it took too long."
    details = {"untraced": "it took too long"}
    assert told("traced", WRONG, ERROR, **details) == told("failed-tests", WRONG, ERROR) + without
    assert told("traced", text="SyntaxError", **details) == (
        told("failed-tests", text="SyntaxError") + without
    )


def test_a_task_that_traces_nothing_cannot_be_told_by_traces():
    with pytest.raises(TaskError) as caught:
        told("traced", WRONG)
    assert str(caught.value).startswith("found `feedback: traced`, but the task gives no traces: ")
    assert "task.trace: true" in str(caught.value)


def test_a_trace_that_there_is_no_room_for_is_not_told_to_be_missing():
    text = told("traced", WRONG, trace=blocks(3), whole=160)
    assert text.endswith("There is no trace of its run: it is too long to be shown.")


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
    st.sampled_from([len, words, lambda text: 2 * len(text)]),
)
def test_no_text_is_longer_than_allowed(tests, blocks, text, grain, each, whole, count):
    details = {"tests": tests, "trace": {"blocks": blocks, "omitted": 3}}
    feedback = Feedback(passed=False, text=text, details=details)
    told = FeedbackText(library(), grain, each, whole)
    assert 0 < count(told(feedback, count)) <= whole
    for test in tests:
        shown = told._shown(test, count)
        assert sum(count(shown[name]) for name in ("input", "expected", "got", "stderr")) <= each
        if sum(map(count, test.values())) <= each // 4:
            assert shown["stderr"] == test["stderr"].rstrip()


@given(st.lists(TESTS, max_size=6), st.sampled_from(["failed-tests", "all-tests"]))
def test_what_fits_is_told_whole(tests, grain):
    text = told(grain, *tests, each=10_000, whole=100_000)
    assert "more." not in text or any("more." in str(test) for test in tests)
    for test in tests:
        if test["verdict"] == "wrong-answer":
            assert test["input"].rstrip() in text
            assert test["got"].rstrip() in text


@given(st.text(max_size=400), st.integers(2, 60), st.sampled_from([len, words]))
def test_no_longer_piece_would_fit(text, limit, count):
    for cut, whole in ((beginning, text), (end, text[::-1])):
        kept = cut(whole, limit, count)
        if count(whole) <= limit:
            assert kept == whole
            continue
        assert count(kept) <= limit
        left = len(kept) - len("...") + 1  # one character more
        more = whole[:left] + "..." if cut is beginning else "..." + whole[len(whole) - left :]
        assert not kept or count(more) > limit


def test_of_an_endless_text_little_is_counted():
    counted = []

    def count(text):
        counted.append(len(text))
        return words(text)

    assert beginning("word " * 1_000_000, 10, count) == "word " * 9 + "word..."
    assert sum(counted) < 2_000


def test_tokens_of_the_model_are_what_is_counted():
    long = {**WRONG, "input": " ".join(["1234567"] * 90)}
    assert told("failed-tests", long, each=40, count=words).count("1234567") == 40 - 2
    trace = [f"frame{i}" for i in range(90)]
    failing = {**ERROR, "stderr": "\n".join([*trace, "KeyError: 7"])}
    text = told("failed-tests", failing, each=20, count=words)
    assert text.endswith("frame89\nKeyError: 7")
    assert "frame60" not in text
