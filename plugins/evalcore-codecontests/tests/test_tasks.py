"""The tasks in specs, from a file of problems to records."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from evalcore.data import Attempt
from evalcore.errors import TaskError
from evalcore_codecontests.tasks import CodeContests, Contest, ContestSettings, DataSettings, Taco

DOUBLE = {
    "name": "double",
    "description": "Print twice the number.",
    "public_tests": {"input": ["1\n"], "output": ["2\n"]},
    "private_tests": {"input": ["5\n"], "output": ["10\n"]},
    "generated_tests": {"input": ["123456789\n"], "output": ["246913578\n"]},
    "time_limit": {"seconds": 1, "nanos": 0},
    "memory_limit_bytes": 256 << 20,
    "difficulty": 1,
    "cf_tags": ["math"],
}
UNTESTED = {**DOUBLE, "name": "untested"} | {
    kind: {"input": [], "output": []}
    for kind in ("public_tests", "private_tests", "generated_tests")
}
ADD = {
    "question": "Add two numbers.",
    "input_output": json.dumps(
        {"fn_name": "add", "inputs": [[1, 2], [3, 4]], "outputs": [[3], [7]]}
    ),
    "starter_code": "def add(a, b):",
    "name": "add",
}
RIGHT = "```python\nprint(2 * int(input()))\n```"
ONLY_PUBLIC = "```python\nprint(2)\n```"


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def double(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("data") / "double.jsonl", DOUBLE, UNTESTED)
    task = CodeContests(DataSettings.model_validate({"path": str(path)}))
    task.open()
    yield task
    task.close()


def test_the_strategy_sees_the_public_tests_and_no_others(double):
    case = next(double.cases())
    assert [test.input for test in case.sample.public.public_tests] == ["1\n"]
    assert case.sample.public.hidden_tests == ()
    assert "246913578" not in repr(case.sample)


def test_the_hidden_tests_decide(double):
    case = next(double.cases())
    right = double.score(case, Attempt(RIGHT))
    wrong = double.score(case, Attempt(ONLY_PUBLIC))
    assert (right.value, right.label) == (1.0, "accepted")
    assert (wrong.value, wrong.label) == (0.0, "wrong-answer")
    assert right.details["tests_run"] == right.details["tests"] == 3
    unread = double.score(case, Attempt("```python\nprint(\n```"))
    assert [s.details["public_passed"] for s in (right, wrong, unread)] == [True, True, False]


def test_feedback_is_on_the_public_tests_alone(double):
    case = next(double.cases())
    assert double.feedback(case, ONLY_PUBLIC).passed
    failed = double.feedback(case, "```python\nprint(3)\n```")
    assert not failed.passed
    assert "expected\n2" in failed.text
    assert "got\n3" in failed.text
    assert failed.executions == 1


def test_feedback_shows_where_a_program_crashed(double):
    case = next(double.cases())
    feedback = double.feedback(case, "```python\nraise KeyError('lost')\n```")
    assert "KeyError: 'lost'" in feedback.text


@pytest.mark.parametrize("tag", ["rust", "c", "javascript"])
def test_feedback_on_another_language_says_what_was_expected(double, tag):
    case = next(double.cases())
    answer = f"```{tag}\nfn main() {{}}\n```"
    feedback = double.feedback(case, answer)
    assert not feedback.passed
    assert feedback.text == f"the program is in {tag}, expected python, cpp or java"
    score = double.score(case, Attempt(answer))
    assert (score.value, score.label, score.details["language"]) == (0.0, "compile-error", tag)


def test_an_answer_is_judged_in_the_language_that_it_shows(double):
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    code = '#include <cstdio>\nint main() { int n; scanf("%d", &n); printf("%d", 2 * n); }'
    case = next(double.cases())
    for answer in (code, f"```\n{code}\n```", f"```cxx\n{code}\n```"):
        assert double.score(case, Attempt(answer)).label == "accepted"


@pytest.fixture(scope="module")
def traced(double):
    task = CodeContests(
        DataSettings.model_validate({**double.settings.model_dump(), "trace": True})
    )
    task.open()
    yield task
    task.close()


def test_feedback_may_hold_a_trace_of_the_first_failed_test(traced):
    case = next(traced.cases())
    feedback = traced.feedback(case, "```python\nn = int(input())\nprint(n)\n```")
    assert feedback.details["trace"] == {
        "blocks": [{"code": "n = int(input())\nprint(n)", "before": {}, "after": {"n": "1"}}],
        "omitted": 0,
    }
    assert feedback.executions == 2
    json.dumps(feedback.details)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("```python\nwhile True: pass\n```", "it does not keep to its limits (time-limit)"),
        ("```python\nprint(\n```", "it was not run"),
        ("```python\nimport os\nos._exit(0)\n```", "tracing it broke off"),
        ("```cpp\nint main() { return 1; }\n```", "only Python programs are traced"),
    ],
)
def test_feedback_without_a_trace_says_why(traced, answer, reason):
    if "cpp" in answer and shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    feedback = traced.feedback(next(traced.cases()), answer)
    assert feedback.details["untraced"] == reason
    assert "trace" not in feedback.details


def test_a_program_that_passes_is_not_traced(traced, double):
    case = next(traced.cases())
    assert traced.feedback(case, ONLY_PUBLIC) == double.feedback(case, ONLY_PUBLIC)


def test_feedback_without_the_setting_is_not_traced(double):
    details = double.feedback(next(double.cases()), "```python\nprint(3)\n```").details
    assert not {"trace", "untraced"} & details.keys()


def test_no_tests_are_never_a_pass(double):
    untested = list(double.cases())[1]
    with pytest.raises(TaskError, match="unjudgeable: the problem has no tests"):
        double.score(untested, Attempt(RIGHT))


def test_a_function_is_called(tmp_path):
    path = write(tmp_path / "add.jsonl", ADD)
    task = Taco(DataSettings.model_validate({"path": str(path), "checker": "taco"}))
    task.open()
    try:
        case = next(task.cases())
        assert "def add(a, b):" in case.sample.input
        assert task.score(case, Attempt("def add(a, b):\n    return a + b")).value == 1.0
        assert task.score(case, Attempt("def add(a, b):\n    return 3")).label == "wrong-answer"
    finally:
        task.close()


def test_our_contest_knows_its_size():
    task = Contest(ContestSettings())
    assert task.size() == sum(1 for _ in task.cases()) == 24


def test_a_contest_may_be_cut_short():
    task = Contest(ContestSettings(problems=3))
    whole = [case.sample.id for case in Contest(ContestSettings()).cases()]
    assert [case.sample.id for case in task.cases()] == whole[:3]
    assert task.size() == 3


def test_the_file_of_a_contest_is_hidden_from_programs():
    (file,) = Contest(ContestSettings()).files
    assert Path(file).name == "problems.jsonl"


@pytest.mark.parametrize("source", [{}, {"path": __file__, "dataset": "owner/name"}])
def test_one_source_is_needed(source):
    with pytest.raises(ValidationError, match=r"one of `path` \(files\) and `dataset`"):
        DataSettings.model_validate(source)
