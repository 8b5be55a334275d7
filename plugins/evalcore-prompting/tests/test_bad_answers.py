"""Answers that no one would want: each is a failed turn, and the dialogue goes on."""

from __future__ import annotations

import pytest
from doubling import RIGHT, WORDS, WRONG

from evalcore.data import Message
from evalcore_prompting.extraction import extract

PROGRAM = "print(2 * int(input()))\n"
FENCED = f"```python\n{PROGRAM}```"
NO_PROGRAM = {
    "nothing": "",
    "blanks": " \n\t\n",
    "NUL": "\0",
    "NUL bytes in words": "I would\0 multiply.",
    "endless words": "word " * 400_000,
    "endless line": "x" * 2_000_000,
    "endless blank lines": "\n" * 500_000,
    "ten empty fences": "```python\n```\n" * 10,
    "endless fences": "```\n" * 100_000,
    "endless thoughts": "<think>" * 100_000,
    "a thought without end": f"<think>\n{FENCED}",
    "Spanish": "Primero leo el número; después lo multiplico por dos.",
    "Chinese": "先读入一个整数,然后输出它的两倍。",
    "Arabic": "اقرأ العدد ثم اطبع ضعفه.",
    "emoji": "👍🏽" * 100,
    "half a character": "\ud800",
    "markup": "<html><body>502 Bad Gateway</body></html>",
    "an error as JSON": '{"error": {"message": "overloaded"}}',
}
WITH_PROGRAM = {
    "Spanish": f"Aquí está la solución:\n\n{FENCED}\n\n¡Suerte!",
    "Chinese": f"代码如下:\n\n{FENCED}\n\n以上。",
    "Arabic": f"هذا هو البرنامج:\n\n{FENCED}",
    "ten fences": f"{WRONG}\n\n" * 9 + FENCED,
    "ten fences of all kinds": "```text\n1\n```\n~~~\n2\n~~~\n```bash\nls\n```\n" * 3 + FENCED,
    "endless words before": "word " * 400_000 + f"\n{FENCED}",
    "endless words after": f"{FENCED}\n" + "word " * 400_000,
    "endless repetition": f"{FENCED}\n" * 10_000,
    "lines that end as on Windows": FENCED.replace("\n", "\r\n"),
    "a mark of byte order": f"\ufeff{FENCED}",
    "blanks that do not break": f"Aquí:\u00a0\n{FENCED}\u00a0",
}


@pytest.mark.parametrize("kind", NO_PROGRAM)
def test_an_answer_without_a_program_is_a_failed_turn(converse, kind):
    record = converse([NO_PROGRAM[kind], RIGHT], {"use": "multi-turn"})
    assert [turn["code"] for turn in record.details["by_turn"]] == [False, True]
    assert record.messages[2].content.startswith("There is no program in your answer.")
    assert (record.answer, record.score.value) == (RIGHT, 1.0)


@pytest.mark.parametrize("kind", WITH_PROGRAM)
def test_a_program_is_found_whatever_stands_around_it(converse, kind):
    assert extract(WITH_PROGRAM[kind]).text == PROGRAM
    record = converse([WITH_PROGRAM[kind]], {"use": "multi-turn"})
    assert (record.answer, record.score.value) == (RIGHT, 1.0)


@pytest.mark.parametrize("blank", ["", " \n\t\n"])
def test_no_message_that_is_sent_is_blank(converse, blank):
    record = converse([blank, blank, RIGHT], {"use": "multi-turn", "reasoning": "difficulty"})
    assert all(message.content.strip() for sent in converse.requests for message in sent.messages)
    assert record.messages[1] == record.messages[3] == Message("assistant", "(no answer)")
    assert record.endings[:2] == ("empty", "empty")


@pytest.mark.parametrize(
    "code", ["print(2)\0", "print('é' * )", "\ufeffprint(", "x = 1\n" * 20_000, "(" * 10_000]
)
@pytest.mark.parametrize("strategy", ["multi-turn", "self-repair", "reflexion"])
def test_a_program_that_cannot_run_is_a_failed_turn(converse, code, strategy):
    pytest.importorskip("evalcore_codecontests", reason="evalcore-codecontests is not installed")
    words = [] if strategy == "multi-turn" else [WORDS]
    answers = [f"```python\n{code}\n```", *words, RIGHT]
    task = {"use": "contest", "workers": 1, "isolation": "none", "trace": True}
    settings = {"use": strategy, "max_turns": 2, "feedback": "traced"}
    record = converse(answers, settings, task=task)
    assert record.details["by_turn"][0] == {"message": 1, "code": True, "public": False}
    told = record.messages[2].content
    assert told.startswith(("Your program is wrong.", "Your program fails these tests:"))
    assert len(told) < 5_000
