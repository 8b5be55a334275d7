"""Whole conversations over the contest of evalcore-codecontests, kept as text for people to read.

The model follows a script: it fails in each way that there is, then repairs. The files are written
anew with UPDATE_GOLDEN=1.
"""

from __future__ import annotations

import pytest

pytest.importorskip("evalcore_codecontests", reason="evalcore-codecontests is not installed")

RIGHT = """\
A minute at which several bells ring counts once.

```python
from math import lcm

n, l, r = map(int, input().split())
a = list(map(int, input().split()))
total = 0
for chosen in range(1, 1 << n):
    common = lcm(*(a[i] for i in range(n) if chosen >> i & 1))
    sign = 1 if bin(chosen).count("1") % 2 else -1
    total += sign * (r // common - (l - 1) // common)
print(total)
```
"""
SUM = """\
I count the multiples of each number and add them up.

```python
n, l, r = map(int, input().split())
print(sum(r // b - (l - 1) // b for b in map(int, input().split())))
```
"""
CRASH = """\
```python
n, l, r = map(int, input().split())
raise NotImplementedError("bells that ring together")
```
"""
LOOP = """\
```python
n, l, r = map(int, input().split())
bells = list(map(int, input().split()))
total = 0
for minute in range(l, r):
    if any(minute % bell == 0 for bell in bells):
        total += 1
print(total)
```
"""
WITHOUT_END = """\
```python
while True:
    pass
```
"""
UNFINISHED = """\
```python
n, l, r = map(int, input().split(
"""
WORDS = "A minute counts if one of the numbers divides it. Minutes where several do count once."
MISTAKE = "Minutes at which two bells ring were counted twice: in the example, minute 12."
CRASHED = (
    "The program was left unfinished. Bells that ring together meet at their common multiples."
)

SINGLE, MULTI, COT = "single-turn", "multi-turn", "cot-retry"
CONVERSATIONS = {
    "single-turn": ({"use": SINGLE}, [SUM]),
    "single-turn-reasoning-and-instruction": (
        {"use": SINGLE, "reasoning": "self-reflection", "instruction": "helper-functions"},
        [WORDS, RIGHT],
    ),
    "multi-turn-binary": ({"use": MULTI, "feedback": "binary"}, [SUM, RIGHT]),
    "multi-turn-failed-tests": ({"use": MULTI}, [SUM, CRASH, RIGHT]),
    "multi-turn-all-tests": ({"use": MULTI, "feedback": "all-tests"}, [SUM, RIGHT]),
    "multi-turn-traced": ({"use": MULTI, "feedback": "traced"}, [LOOP, WITHOUT_END, RIGHT]),
    "multi-turn-no-code": ({"use": MULTI}, [WORDS, UNFINISHED, RIGHT]),
    "multi-turn-reasoning": (
        {"use": MULTI, "retry_reasoning": "explain-io", "retry_instruction": "double-check"},
        [SUM, WORDS, RIGHT],
    ),
    "self-repair": ({"use": "self-repair"}, [SUM, MISTAKE, CRASH, CRASHED, RIGHT]),
    "reflexion": ({"use": "reflexion"}, [SUM, MISTAKE, CRASH, CRASHED, RIGHT]),
    "cot-retry": ({"use": COT}, [SUM, CRASH, WORDS, RIGHT]),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversation(converse, golden, name):
    strategy, answers = CONVERSATIONS[name]
    traced = strategy.get("feedback") == "traced"
    soon = {"time_factor": {"python": 0.25}}
    task = {"use": "contest", "workers": 1, "isolation": "none", "trace": traced, **soon}
    record = converse(answers, strategy, task=task)
    parts = [f"[{message.role}]\n{message.content.strip()}\n" for message in record.messages]
    details = "".join(f"{key}: {value}\n" for key, value in record.details.items())
    ending = f"[answer: {record.score.label}]\n{record.answer}\n\n[details]\n{details}"
    golden(f"{name}.txt", "\n".join([*parts, ending]))
