from __future__ import annotations

from itertools import islice, pairwise
from random import Random

import pytest
from transformers import AutoTokenizer

from evalcore.data import Attempt, Feedback
from evalcore_codecontests.answer import program_of
from evalcore_microcoder.contest.build import contest
from evalcore_microcoder.training.dialogue import Encoder
from evalcore_microcoder.training.dialogues import Exercise, Wrong, mixed, programs, repairs
from evalcore_microcoder.training.exercises import Exercises
from evalcore_microcoder.training.trials import judging
from evalcore_microcoder.world import problems
from evalcore_microcoder.world.split import split_of

KINDS = [programs, mixed, repairs]


def written(write, count, seed=0):
    drawn = list(islice(problems("training", seed), count))
    return drawn, list(write(map(Exercise, drawn), Random(seed)))


@pytest.mark.parametrize("write", KINDS)
def test_the_last_dialogue_of_a_problem_ends_with_a_program_that_is_learned(write):
    drawn, dialogues = written(write, 60)
    last = {dialogue.problem: dialogue for dialogue in dialogues}
    assert list(last) == [problem.id for problem in drawn]
    for dialogue in last.values():
        assert program_of(dialogue.turns[-1].content, "cpp").language == "python"
    for dialogue in dialogues:
        assert dialogue.turns[-1].learned
        assert not any(turn.learned for turn in dialogue.turns if turn.role != "assistant")


def test_a_dialogue_that_begins_anew_is_two_that_share_the_note():
    _, dialogues = written(repairs, 120)
    notes = [a for a, b in pairwise(dialogues) if a.problem == b.problem]
    assert notes
    for note, anew in pairwise(dialogues):
        if note.problem == anew.problem:
            *_, wrong, _, said = (turn.content for turn in note.turns)
            opening, program = (turn.content for turn in anew.turns)
            assert said in opening
            assert wrong not in opening
            assert program != wrong


@pytest.mark.parametrize("write", KINDS)
def test_learned_programs_are_right_and_the_others_are_not(write):
    """What the judge says of the last program, and of those that are met before it."""
    drawn, dialogues = written(write, 8, seed=1)
    last = {dialogue.problem: dialogue for dialogue in dialogues}.values()
    task = Exercises(drawn)
    task.open()
    try:
        for case, dialogue in zip(task.cases(), last, strict=True):
            *before, right = dialogue.turns
            assert task.score(case, Attempt(right.content)).value == 1.0
            wrong = [t.content for t in before if t.role == "assistant" and not t.learned]
            assert not any(task.feedback(case, answer).passed for answer in wrong)
    finally:
        task.close()


def test_feedback_is_that_of_the_judge():
    """What a dialogue says of a mistake is what the task says of the program."""
    drawn, dialogues = written(repairs, 6, seed=2)
    first = {dialogue.problem: dialogue for dialogue in reversed(dialogues)}
    task = Exercises(drawn)
    task.open()
    try:
        for case in task.cases():
            answer, said = (turn.content for turn in first[case.sample.id].turns[1:3])
            for test in task.feedback(case, answer).details["tests"]:
                if test["verdict"] != "accepted" and "Your output:" in said:
                    assert test["got"].rstrip() in said
    finally:
        task.close()


def test_programs_that_were_traced_meet_feedback_of_every_grain():
    (problem,) = islice(problems("training", 6), 1)
    wrong = "a = input()\nprint(a, 7)\n"
    with judging([problem]) as (task, (case,)):
        own = [Wrong(wrong, task.feedback(case, wrong))]
    said = "\n".join(
        turn.content
        for seed in range(30)
        for dialogue in repairs([Exercise(problem, own)], Random(seed))
        for turn in dialogue.turns
    )
    assert "it does not pass all tests" in said
    assert "Your program fails" in said
    assert "runs through these blocks" in said


def test_repairs_do_not_repeat_the_wrong_program():
    _, dialogues = written(repairs, 60)
    for dialogue in dialogues:
        *before, last = dialogue.turns
        assert last.content not in {turn.content for turn in before}


def test_nothing_of_the_contest_is_in_any_message():
    """No composition, statement or program, not even among the mistakes."""
    statements = [problem.statement for problem in contest()]
    references = {problem.program for problem in contest()}
    for write in KINDS:
        drawn, dialogues = written(write, 1500, seed=3)
        assert all(split_of(problem.composition) == "training" for problem in drawn)
        for dialogue in dialogues:
            contents = [turn.content for turn in dialogue.turns]
            assert not any(statement in contents[0] for statement in statements)
            answers = contents[1::2]
            assert not references & {program_of(answer, "python").code for answer in answers}


def test_a_program_of_the_models_own_that_the_contest_asks_for_is_not_met():
    """Not even where a model wrote it for another problem, and it is wrong there."""
    (problem,) = islice(problems("training", 6), 1)
    feedback = Feedback(passed=False, details={"tests": []})
    own = [Wrong(held_out.program, feedback) for held_out in contest()]
    for seed in range(20):
        (dialogue,) = repairs([Exercise(problem, own)], Random(seed))
        assert [turn.role for turn in dialogue.turns] == ["user", "assistant"]


def test_dialogues_are_encoded_as_the_chat_template_writes_them(tokenizer_folder):
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    _, dialogues = written(mixed, 60)
    encode = Encoder(tokenizer)
    for dialogue in dialogues:
        messages = [{"role": turn.role, "content": turn.content} for turn in dialogue.turns]
        text = tokenizer.apply_chat_template(messages, tokenize=False)
        assert encode(dialogue).ids == tokenizer.encode(text)
        prompt = tokenizer.apply_chat_template(
            messages[:-1], tokenize=False, add_generation_prompt=True
        )
        begin = len(tokenizer.encode(prompt))
        learned = encode(dialogue).learned
        assert learned[begin:] == [True] * (len(learned) - begin)
        assert not learned[begin - 1]
