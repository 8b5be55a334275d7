"""What each strategy says, turn by turn, and what it puts on record."""

from __future__ import annotations

from typing import ClassVar

import pytest
from doubling import (
    BROKEN,
    HALF_RIGHT,
    HIDDEN,
    PUBLIC,
    RIGHT,
    STATEMENT,
    WORDS,
    WRONG,
    Doubling,
    judged,
)

from evalcore.data import Feedback, Message
from evalcore.errors import SpecError
from evalcore.testing import StrategyContract, scripted
from evalcore_prompting import library

PROMPTS = library()
FORM = PROMPTS.render("code-block")


def said(record, role="user"):
    return [message.content for message in record.messages if message.role == role]


def message(*parts):
    """A message of these parts: ids of prompts, or texts."""
    known = PROMPTS.ids()
    return "\n\n".join(PROMPTS.render(part) if part in known else part for part in parts)


class _Contract(StrategyContract):
    def reply(self, request):
        return RIGHT if request.seed % 2 else WORDS

    def feedback(self, sample, answer):
        return Feedback(sample.id.endswith("7"), "Wrong.", executions=1)


class TestSingleTurn(_Contract):
    component = "single-turn"
    settings: ClassVar = {
        "reasoning": ["self-reflection", "problem-tags"],
        "instruction": "docstrings",
    }


class TestMultiTurn(_Contract):
    component = "multi-turn"
    settings: ClassVar = {"feedback": "binary", "retry_reasoning": "explain-io"}


class TestCotRetry(_Contract):
    component = "cot-retry"


class TestSelfRepair(_Contract):
    component = "self-repair"


class TestReflexion(_Contract):
    component = "reflexion"


# single turn


def test_without_prompts_there_is_one_question(converse):
    record = converse([RIGHT], {"use": "single-turn"})
    assert said(record) == [message(STATEMENT, FORM)]
    assert record.answer == RIGHT
    assert record.details == {"turns": 1, "max_turns": 1, "code_samples": 1}
    assert record.usage.executions == 0


def test_an_instruction_follows_the_statement(converse):
    record = converse([RIGHT], {"use": "single-turn", "instruction": "docstrings"})
    assert said(record) == [message(STATEMENT, "docstrings", "code-block")]


def test_each_reasoning_prompt_is_answered_before_the_program(converse):
    prompts = ["self-reflection", "problem-tags"]
    record = converse([WRONG, WORDS, RIGHT], {"use": "single-turn", "reasoning": prompts})
    assert said(record) == [
        message(STATEMENT, "self-reflection"),
        message("problem-tags"),
        message("write-code", "code-block"),
    ]
    assert said(record, "assistant") == [WRONG, WORDS, RIGHT]
    assert record.answer == RIGHT


def test_an_instruction_asks_for_the_program_after_the_reasoning(converse):
    strategy = {"use": "single-turn", "reasoning": "difficulty", "instruction": "step-by-step"}
    record = converse([WORDS, RIGHT], strategy)
    assert said(record)[1] == message("step-by-step", "code-block")


def test_a_statement_that_says_the_form_is_not_told_it_again(converse):
    statement = "Print twice the number. Answer in one fenced code block."
    record = converse([RIGHT], {"use": "single-turn"}, statement=statement)
    assert said(record) == [statement]


def test_a_statement_about_a_fenced_garden_is_told_the_form(converse):
    record = converse([RIGHT], {"use": "single-turn"}, statement="A fenced garden has n trees.")
    assert said(record) == [message("A fenced garden has n trees.", FORM)]


def test_a_message_after_the_statement_says_the_form(converse):
    statement = "Print twice the number. Answer in one fenced code block."
    strategy = {"use": "single-turn", "reasoning": "difficulty"}
    record = converse([WORDS, RIGHT], strategy, statement=statement)
    assert said(record)[1] == message("write-code", "code-block")


def test_a_sample_may_be_a_dialogue(converse):
    asked = (Message("user", "Hello"), Message("assistant", "Yes?"), Message("user", STATEMENT))
    record = converse([RIGHT], {"use": "single-turn", "system": "Be brief."}, statement=asked)
    assert record.messages == (
        Message("system", "Be brief."),
        *asked[:2],
        Message("user", message(STATEMENT, FORM)),
        Message("assistant", RIGHT),
    )


def test_a_sample_may_end_with_the_model(converse):
    asked = (Message("user", STATEMENT), Message("assistant", "In which language?"))
    record = converse([RIGHT], {"use": "single-turn"}, statement=asked)
    assert said(record) == [STATEMENT, FORM]


def test_the_answer_is_the_program_alone(converse):
    record = converse([f"Sure:\n\n{WRONG}\n\nBetter:\n\n{RIGHT}\n"], {"use": "single-turn"})
    assert record.answer == RIGHT


@pytest.mark.parametrize("answer", ["", WORDS, "\0", "word " * 100_000])
def test_an_answer_without_a_program_is_a_wrong_one(converse, answer):
    record = converse([answer], {"use": "single-turn"})
    assert (record.answer, record.score.value) == ("", 0.0)
    assert record.details == {"turns": 1, "max_turns": 1, "code_samples": 0}


def test_how_the_model_samples_is_the_specs_choice(converse):
    sampling = {"temperature": 1.0, "top_p": 0.95, "max_tokens": 100, "stop": ["END"]}
    converse([WORDS, RIGHT], {"use": "single-turn", "reasoning": "difficulty", **sampling})
    for request in converse.requests:
        assert (request.temperature, request.top_p, request.max_tokens) == (1.0, 0.95, 100)
        assert request.stop == ("END",)


# several turns


def told(answer, grain):
    tests = [judged(answer, *test) for test in PUBLIC]
    passed = [test for test in tests if test["verdict"] == "accepted"]
    failed = [test for test in tests if test["verdict"] != "accepted"]
    nothing = {"more_failed": 0, "more_passed": 0, "text": ""}
    return PROMPTS.render(grain, failed=failed, passed=passed, **nothing)


@pytest.mark.parametrize("grain", ["binary", "failed-tests", "all-tests"])
def test_a_program_that_fails_is_told_how(converse, grain):
    record = converse([HALF_RIGHT, RIGHT], {"use": "multi-turn", "feedback": grain})
    assert said(record) == [
        message(STATEMENT, FORM),
        message(told(HALF_RIGHT, grain), "retry", "code-block"),
    ]
    assert (record.answer, record.score.value) == (RIGHT, 1.0)
    assert record.details == {
        "turns": 2,
        "max_turns": 3,
        "code_samples": 2,
        "public": True,
        "by_turn": [
            {"message": 1, "code": True, "public": False},
            {"message": 3, "code": True, "public": True},
        ],
    }
    assert record.usage.executions == 4


def test_traces_of_a_task_that_makes_none_fail_the_attempt(evalcore_run, evalcore_offer):
    evalcore_offer("doubling", Doubling)
    evalcore_offer("author", scripted(lambda request: WRONG))
    strategy = {"use": "multi-turn", "feedback": "traced"}
    run = evalcore_run(
        {
            "task": "offered:doubling",
            "models": {"author": "offered:author"},
            "strategy": strategy,
        }
    )
    (record,) = run.records
    assert record.failure.kind == "strategy"
    assert "but the task gives no traces: set `task.trace: true`" in record.failure.message


def test_a_program_that_passes_ends_the_dialogue(converse):
    record = converse([RIGHT], {"use": "multi-turn"})
    assert record.details["turns"] == 1
    assert record.details["public"]


def test_the_turns_are_spent_at_last(converse):
    record = converse([WRONG, BROKEN, HALF_RIGHT], {"use": "multi-turn"})
    assert (record.answer, record.score.value) == (HALF_RIGHT, 0.0)
    assert record.details["turns"] == 3
    assert not record.details["public"]
    assert record.messages[-1] == Message("assistant", HALF_RIGHT)


def test_an_answer_without_a_program_is_a_turn(converse):
    record = converse([WORDS, RIGHT], {"use": "multi-turn"})
    assert said(record)[1] == message("no-code", "retry", "code-block")
    assert record.details == {
        "turns": 2,
        "max_turns": 3,
        "code_samples": 1,
        "public": True,
        "by_turn": [
            {"message": 1, "code": False, "public": False},
            {"message": 3, "code": True, "public": True},
        ],
    }


def test_the_last_program_is_the_answer_also_if_no_program_follows(converse):
    record = converse([WRONG, WORDS, ""], {"use": "multi-turn"})
    assert record.answer == WRONG
    assert record.details["code_samples"] == 1
    assert not record.details["public"]


def test_no_program_at_all_is_an_empty_answer(converse):
    record = converse([WORDS, WORDS], {"use": "multi-turn", "max_turns": 2})
    assert (record.answer, record.score.value) == ("", 0.0)
    assert not record.details["public"]


def test_prompts_of_the_first_turn_and_of_the_others(converse):
    strategy = {
        "use": "multi-turn",
        "reasoning": "self-reflection",
        "instruction": "docstrings",
        "retry_reasoning": "explain-io",
        "retry_instruction": "double-check",
    }
    record = converse([WORDS, WRONG, WORDS, WRONG, WORDS, RIGHT], strategy)
    again = [
        message(told(WRONG, "failed-tests"), "retry", "explain-io"),
        message("double-check", "code-block"),
    ]
    assert said(record) == [
        message(STATEMENT, "self-reflection"),
        message("docstrings", "code-block"),
        *again,
        *again,
    ]
    assert record.details["turns"] == 3


def test_cot_retry_reasons_more_at_each_turn(converse):
    record = converse([WRONG, BROKEN, WORDS, RIGHT], {"use": "cot-retry"})
    assert said(record) == [
        message(STATEMENT, FORM),
        message(told(WRONG, "failed-tests"), "retry", "guidelines", "code-block"),
        message(told(BROKEN, "failed-tests"), "retry", "natural-language-solution"),
        message("write-code", "code-block"),
    ]
    assert record.details["turns"] == 3


def test_further_turns_of_cot_retry_are_as_the_last(converse):
    record = converse([WRONG] * 6, {"use": "cot-retry", "max_turns": 4})
    assert said(record)[2:4] == said(record)[4:6]
    assert record.details["turns"] == 4


NOTE = "Adding one is right for one alone."


def test_self_repair_explains_before_it_repairs(converse):
    record = converse([HALF_RIGHT, WORDS, BROKEN, WORDS, RIGHT], {"use": "self-repair"})
    assert said(record) == [
        message(STATEMENT, FORM),
        message(told(HALF_RIGHT, "failed-tests"), "explain-mistake"),
        message("write-code", "code-block"),
        message(told(BROKEN, "failed-tests"), "explain-mistake"),
        message("write-code", "code-block"),
    ]
    assert record.details["turns"] == 3
    assert (record.answer, record.score.value) == (RIGHT, 1.0)


def test_a_program_in_an_explanation_is_none(converse):
    record = converse([WRONG, RIGHT, WRONG], {"use": "self-repair", "max_turns": 2})
    assert (record.answer, record.score.value) == (WRONG, 0.0)


def lessons(*reflections):
    return PROMPTS.render("lessons", reflections=list(reflections))


def test_reflexion_begins_anew_with_the_notes_so_far(converse):
    strategy = {"use": "reflexion", "system": "Be brief."}
    record = converse([HALF_RIGHT, NOTE, WRONG, "Double it.", RIGHT], strategy)
    system = Message("system", "Be brief.")
    first = message(STATEMENT, FORM)
    second, third = (
        message(STATEMENT, lessons(*notes), FORM) for notes in ([NOTE], [NOTE, "Double it."])
    )
    assert [request.messages for request in converse.requests[::2]] == [
        (system, Message("user", question)) for question in (first, second, third)
    ]
    assert converse.requests[3].messages == (
        system,
        Message("user", second),
        Message("assistant", WRONG),
        Message("user", message(told(WRONG, "failed-tests"), "reflect")),
    )
    assert said(record) == [
        first,
        message(told(HALF_RIGHT, "failed-tests"), "reflect"),
        second,
        message(told(WRONG, "failed-tests"), "reflect"),
        third,
    ]
    assert (record.answer, record.details["turns"]) == (RIGHT, 3)


def test_a_new_attempt_does_not_say_the_form_twice(converse):
    statement = "Print twice the number. Answer in one fenced code block."
    converse([WRONG, NOTE, RIGHT], {"use": "reflexion"}, statement=statement)
    (asked,) = converse.requests[2].messages
    assert asked.content == message(statement, lessons(NOTE))


def test_a_note_is_carried_without_the_thoughts_behind_it(converse):
    note = f"<think>Hm.</think>\n\n{NOTE}\n"
    converse([WRONG, note, WRONG, " ", RIGHT], {"use": "reflexion"})
    for request in converse.requests[2], converse.requests[4]:
        (asked,) = request.messages
        assert asked.content == message(STATEMENT, lessons(NOTE), FORM)


def test_without_a_note_the_new_attempt_is_as_the_first(converse):
    converse([WRONG, "", RIGHT], {"use": "reflexion"})
    assert converse.requests[2].messages == converse.requests[0].messages


def test_an_answer_without_a_program_is_reflected_on(converse):
    record = converse([WORDS, NOTE, RIGHT], {"use": "reflexion"})
    assert said(record)[1] == message("no-code", "reflect")


def test_feedback_is_cut_as_the_spec_says(converse):
    strategy = {"use": "multi-turn", "feedback_tokens": 25}
    record = converse([WRONG, RIGHT], strategy)
    assert said(record)[1].partition("\n\nFind")[0].endswith("It also fails 1 more.")


def test_feedback_is_cut_by_the_tokens_of_the_model(converse):
    strategy = {"use": "multi-turn", "feedback_tokens": 25}
    record = converse([WRONG, RIGHT], strategy, count=lambda text: len(text.split()))
    assert (
        said(record)[1]
        .partition("\n\nFind")[0]
        .endswith("Input:\n3\nExpected output:\n6\nYour output:\n0")
    )


@pytest.mark.parametrize(
    ("strategy", "calls"),
    [("multi-turn", 3), ("cot-retry", 4), ("self-repair", 5), ("reflexion", 5)],
)
def test_no_message_holds_a_hidden_test(converse, strategy, calls):
    answers = [HALF_RIGHT] * calls
    record = converse(answers, {"use": strategy, "feedback": "all-tests"})
    assert HIDDEN[0] not in repr(record)
    assert HIDDEN[1] not in repr(record)


# a user's prompts, and settings that cannot be


def test_a_folder_of_prompts_is_part_of_the_spec(converse, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    head = '+++\nname = "analogy"\nfamily = "reasoning"\nversion = 1\n+++\n'
    (folder / "analogy.jinja").write_text(f"{head}Turn {{{{ turn }}}}: {{{{ statement }}}}")
    strategy = {"use": "single-turn", "prompts": "mine", "reasoning": "analogy"}
    record = converse([WORDS, RIGHT], strategy)
    assert said(record)[0] == message(STATEMENT, f"Turn 1: {STATEMENT}")


def test_a_prompt_that_says_nothing_leaves_no_gap(converse, tmp_path):
    head = '+++\nname = "retry"\nfamily = "retry"\nversion = 2\n+++\n'
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "retry.jinja").write_text(f"{head}{{% if turn > 2 %}}Again.{{% endif %}}")
    record = converse([WRONG, WRONG, RIGHT], {"use": "multi-turn", "prompts": "mine"})
    assert said(record)[1:] == [
        message(told(WRONG, "failed-tests"), "code-block"),
        message(told(WRONG, "failed-tests"), "Again.", "code-block"),
    ]


def test_prompts_are_rendered_for_every_turn_before_the_run(converse, tmp_path):
    head = '+++\nname = "retry"\nfamily = "retry"\nversion = 2\n+++\n'
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "retry.jinja").write_text(f"{head}{{{{ 1 / (turn - 7) }}}}")
    with pytest.raises(SpecError, match="ZeroDivisionError"):
        converse([], {"use": "self-repair", "max_turns": 7, "prompts": "mine"})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"reasoning": "self-reflexion"},
            "no reasoning prompt 'self-reflexion'; nearest: self-reflection",
        ),
        ({"instruction": "difficulty"}, "'difficulty' is a prompt of family reasoning, expected"),
        ({"retry_reasoning": ["difficulty", "none"]}, "`none` stands alone, for no prompt"),
        ({"feedback": "tracing"}, "no feedback prompt 'tracing'; nearest: traced"),
        (
            {"feedback": "none"},
            "no feedback prompt 'none'; there are: all-tests, binary, failed-tests, traced; ",
        ),
        ({"temperature": float("inf")}, "temperature"),
        ({"stop": [""]}, "stop"),
        ({"prompts": "."}, "found no file ID.jinja, expected a folder of prompts"),
        ({"max_turns": 0}, "max_turns"),
    ],
)
def test_what_a_spec_cannot_ask_for_is_told_before_the_run(converse, settings, expected):
    with pytest.raises(SpecError) as caught:
        converse([], {"use": "multi-turn", **settings})
    assert expected in str(caught.value)
