"""The task: its cases, what a strategy sees of them, and how answers are scored."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import ClassVar

import numpy as np
import pytest
from conftest import TASKS
from pydantic import ValidationError

from evalcore.data import Attempt, Message
from evalcore.errors import TaskError
from evalcore.testing import TaskContract
from evalcore_lm_eval.requests import Completion, Likeliness, Requests, WholeTextLikeliness
from evalcore_lm_eval.task import LmEvalTask, LmEvalTaskSettings


def settings(name, **more):
    given = {"task": name, "include_path": str(TASKS), **more}
    return LmEvalTaskSettings.model_validate(given)


@pytest.fixture
def opened():
    tasks = []

    def open_task(name, **more):
        task = LmEvalTask(settings(name, **more))
        tasks.append(task)
        task.open()
        return task

    yield open_task
    for task in tasks:
        task.close()


def scores(task, answers):
    return [
        task.score(case, Attempt(answer))
        for case, answer in zip(task.cases(), answers, strict=False)
    ]


class TestGenerationContract(TaskContract):
    component = "lm-eval"
    settings: ClassVar = {"task": "gen", "include_path": str(TASKS)}
    right: ClassVar = {"gen/0": "Next comes Tuesday.", "gen/1": [["It comes Wednesday."]]}
    wrong: ClassVar = {"gen/0": "Next comes Friday.", "gen/1": ""}


class TestChoiceContract(TaskContract):
    component = "lm-eval"
    settings: ClassVar = {"task": "mc", "include_path": str(TASKS), "num_fewshot": 2}
    right: ClassVar = {"mc/1": [[[-9, False]], [[-1, True]], [[-8, False]], [[-7, False]]]}
    wrong: ClassVar = {"mc/1": [[[-1, False]], [[-9, True]], [[-8, False]], [[-7, False]]]}


class TestGroupContract(TaskContract):
    component = "lm-eval"
    settings: ClassVar = {"task": "sizes", "include_path": str(TASKS)}
    right: ClassVar = {"small/0": [[[-1, False]], *[[[-5, False]]] * 3]}
    wrong: ClassVar = {"small/0": [*[[[-5, False]]] * 3, [[-1, False]]]}


def test_a_strategy_sees_the_requests_alone(opened):
    case = next(opened("gen").cases())
    prompt = "Q: What comes after Monday?\nA:"
    wanted = Completion(prompt, ("\n",), 12, 0.0, None)
    assert case.sample.input == prompt
    assert case.sample.public == Requests((wanted,))
    assert case.sample.metadata == {"task": "gen", "doc": 0}
    assert "Tuesday" not in repr(case.sample)


def test_the_right_choice_cannot_be_told_from_the_requests(opened):
    case = next(opened("mc").cases())
    assert [request.text for request in case.sample.public.requests] == [
        " Next comes Tuesday.",
        " Next comes Friday.",
        " Next comes December.",
        " Next comes seventeen.",
    ]
    assert {type(request) for request in case.sample.public.requests} == {Likeliness}


def test_a_whole_text_is_its_own_input(opened):
    case = next(opened("rolling").cases())
    assert case.sample.public.requests == (WholeTextLikeliness(case.sample.input),)


def test_a_dialogue_is_for_the_models_template(opened):
    task = opened("prefixed", apply_chat_template=True, system="Be brief.")
    system, question, answer, asked, begun = next(task.cases()).sample.input
    assert system == Message("system", "Be brief.")
    assert question.role == "user"
    assert answer.role == "assistant"
    assert asked == Message("user", "Q: What comes after Monday?\nA:")
    assert begun == Message("assistant", "Next")


def test_examples_may_be_one_turn(opened):
    task = opened("shots", apply_chat_template=True, fewshot_as_multiturn=False)
    system, asked = next(task.cases()).sample.input
    assert system == Message("system", "Go on.\n\n")
    assert asked.content.count("Next comes") == 2


@pytest.mark.parametrize(("task", "told", "examples"), [("gen", 3, 3), ("shots", None, 2)])
def test_examples_are_as_many_as_told(opened, task, told, examples):
    sample = next(opened(task, num_fewshot=told).cases()).sample
    assert sample.input.count("A:") == examples + 1


def test_the_seed_chooses_the_examples(opened):
    inputs = {
        seed: [case.sample.input for case in opened("shots", seed=seed).cases()] for seed in (1, 2)
    }
    assert inputs[1] != inputs[2]


def test_generation_arguments_are_replaced(opened):
    task = opened("gen", generation_kwargs={"max_gen_toks": 5, "temperature": 0.5, "do_sample": 1})
    (request,) = next(task.cases()).sample.public.requests
    assert (request.max_tokens, request.temperature, request.stop) == (5, 0.5, ("\n",))


def test_cases_of_a_group_say_whose_they_are(opened):
    task = opened("sizes")
    cases = list(task.cases())
    assert task.size() == len(cases) == 14
    assert [case.sample.id for case in cases[3:5]] == ["small/3", "large/0"]
    assert cases[4].sample.metadata == {"task": "large", "suite": "sizes", "doc": 0}


def test_each_filter_gives_its_value(opened):
    (score,) = scores(opened("gen"), ["Tuesday it is"])
    assert score.details["exact_match,strict"] == 0.0
    assert score.details["exact_match,loose"] == 0.0
    (score,) = scores(opened("gen"), ["it is tuesday"])
    assert (score.value, score.details["exact_match,loose"]) == (0.0, 1.0)
    assert score.details["aggregation"] == {"exact_match": "lm_eval.api.metrics:mean"}


def test_a_score_without_a_number_is_what_the_document_says_alone(opened):
    (score,) = scores(opened("rolling"), [[[-16.0]]])
    assert score.details["word_perplexity,none"] == {"~tuple": [-16.0, 8]}
    assert score.value == pytest.approx(np.exp(2.0))


def test_votes_are_counted_over_the_repeats(opened):
    task = opened("votes")
    case = next(task.cases())
    assert case.sample.public.repeats == 3
    said = [f"It comes {day}." for day in ("Friday", "Tuesday", "Tuesday")]
    details = task.score(case, Attempt([said])).details
    assert details["exact_match,vote"] == 1.0


def test_code_of_a_task_runs_where_it_may_set_alarms(opened):
    (score,) = scores(opened("alarms"), ["anything"])
    assert score.value == 1.0


def test_code_that_ends_its_process_fails_the_attempt_alone(opened):
    task = opened("crash")
    case = next(task.cases())
    for _ in range(2):
        with pytest.raises(TaskError, match="the process that scores crash ended"):
            task.score(case, Attempt("anything"))


KILLED = """
import sys
from evalcore.data import Attempt
from evalcore_lm_eval.task import LmEvalTask, LmEvalTaskSettings

if __name__ == "__main__":
    task = LmEvalTask(LmEvalTaskSettings(task="alarms", include_path=sys.argv[1]))
    task.open()
    task.score(next(task.cases()), Attempt("anything"))
    (child,) = task._apart._pool._processes
    print(child, flush=True)
    sys.stdin.read()
"""


def test_the_process_that_scores_ends_with_a_run_that_is_killed(tmp_path):
    (tmp_path / "killed.py").write_text(KILLED)
    command = [sys.executable, str(tmp_path / "killed.py"), str(TASKS)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True) as run:
        child = int(run.stdout.readline())
        assert lives(child)
        run.kill()
    until = time.monotonic() + 60
    while lives(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not lives(child)


def lives(process):
    """Whether it is there, and not merely waiting for someone to ask how it ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("joint", "filter 'common' of lm-eval's task joint needs the responses to all documents"),
        ("beams", "lm-eval's task beams: the generation argument num_beams=4 has no place"),
        ("unsafe", "unsafe runs what the model wrote.*`confirm_run_unsafe_code: true`"),
        ("mutula", "no task, group or tag 'mutula' of its own or in .*, did you mean 'mutual'"),
    ],
)
def test_what_cannot_be_run_is_told(opened, name, message):
    with pytest.raises(TaskError, match=message):
        opened(name)


def test_a_misspelt_name_is_told_before_anything_is_opened():
    LmEvalTask(settings("gen")).preflight()
    LmEvalTask(settings("hellaswag")).preflight()
    with pytest.raises(TaskError, match=r"'mutula' of its own or in .*, did you mean 'mutual'"):
        LmEvalTask(settings("mutula")).preflight()


def test_unsafe_tasks_run_when_they_are_allowed_to(opened):
    assert opened("unsafe", confirm_run_unsafe_code=True).size() == 10


@pytest.mark.parametrize("answer", [[["a"], ["b"]], [[1.0]], [], {"a": 1}, None, [None], ["abc"]])
def test_an_answer_of_another_form_is_refused(opened, answer):
    task = opened("gen")
    with pytest.raises(TaskError, match="use the strategy `lm-eval`"):
        task.score(next(task.cases()), Attempt(answer))


def test_turns_need_a_dialogue():
    with pytest.raises(ValidationError, match="needs `apply_chat_template: true`"):
        settings("gen", fewshot_as_multiturn=True)


def test_the_generators_of_the_process_are_left_as_they_are(opened):
    random.seed(7)
    np.random.seed(7)
    expected = random.Random(7).random(), np.random.RandomState(7).random()
    list(islice(opened("shots").cases(), 3))
    assert (random.random(), np.random.random()) == expected
