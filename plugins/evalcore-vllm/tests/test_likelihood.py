"""How likely texts are, against the model's own forward pass."""

from __future__ import annotations

import pytest
from conftest import CONTEXT, needs_vllm
from hypothesis import given
from hypothesis import strategies as st

from evalcore.data import Continuation, Likelihood, Message
from evalcore.errors import EvalcoreError
from evalcore_vllm.scoring import Scored, Window, add_up, windows

WHAT = "What comes after Monday?"
NEXT = "Next comes Tuesday."


@pytest.fixture(scope="session")
def reference(tiny):
    """Scores token ids by transformers: the log-probability of the last `count`, and greedy."""
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny, dtype="float32")

    def score(ids: list[int], count: int) -> tuple[float, bool]:
        with torch.inference_mode():
            logits = model(torch.tensor([ids])).logits[0, -count - 1 : -1]
        targets = torch.tensor(ids[-count:])
        chosen = logits.log_softmax(-1)[range(count), targets]
        return float(chosen.double().sum()), bool((logits.argmax(-1) == targets).all())

    return score


@needs_vllm
@pytest.mark.parametrize(
    ("context", "text"),
    [
        (f"Q: {WHAT}\nA:", f" {NEXT}"),
        (f"Q: {WHAT}\nA:", " Next comes Friday."),
        (f"Q: {WHAT}\nA: ", NEXT),
        ("Grüße", " aus 日本"),
    ],
)
def test_a_text_after_a_text(ask, reference, tokenizer, context, text):
    (likelihood,) = ask(Continuation(context, text))
    ids = tokenizer(context + text)["input_ids"]
    count = len(ids) - len(tokenizer(context.rstrip())["input_ids"])
    logprob, greedy = reference(ids, count)
    assert likelihood.logprob == pytest.approx(logprob, abs=1e-3)
    assert (likelihood.greedy, likelihood.tokens) == (greedy, count)
    assert likelihood.prompt_tokens == len(ids)


@needs_vllm
def test_greedy_is_what_generating_gives(ask):
    right, wrong = ask(
        Continuation(f"Q: {WHAT}\nA:", f" {NEXT}"), Continuation(f"Q: {WHAT}\nA:", " Sunday")
    )
    assert right.greedy
    assert not wrong.greedy
    assert wrong.logprob < right.logprob < 0


@needs_vllm
def test_an_answer_after_a_dialogue(ask, reference, tokenizer):
    """It begins where the template lets the model begin, right after the template's last line."""
    dialogue = (Message("user", WHAT),)
    (likelihood,) = ask(Continuation(dialogue, NEXT))
    template = tokenizer.apply_chat_template(
        [{"role": "user", "content": WHAT}], tokenize=False, add_generation_prompt=True
    )
    ids = tokenizer(template + NEXT, add_special_tokens=False)["input_ids"]
    answer = tokenizer(NEXT, add_special_tokens=False)["input_ids"]
    assert likelihood.tokens == len(answer)
    assert likelihood.greedy
    assert likelihood.logprob == pytest.approx(reference(ids, len(answer))[0], abs=1e-3)


@needs_vllm
def test_a_text_without_a_context(ask, reference, tokenizer):
    """Every token of it counts: it stands after the token that texts begin with."""
    ids = tokenizer(WHAT)["input_ids"]
    (likelihood,) = ask(Continuation("", WHAT))
    assert likelihood.tokens == len(ids) - 1
    assert likelihood.logprob == pytest.approx(reference(ids, len(ids) - 1)[0], abs=1e-3)


@needs_vllm
def test_a_long_text_goes_through_in_windows(ask, reference, tokenizer):
    text = " ".join(f"What comes after {word}?" for word in ("Monday", "one", "Mars") * 60)
    ids = tokenizer(text, verbose=False)["input_ids"]
    assert len(ids) > 3 * CONTEXT
    (likelihood,) = ask(Continuation("", text))
    parts = windows(ids[:1], ids[1:], CONTEXT - 1, rolling=True)
    assert likelihood.tokens == len(ids) - 1
    assert likelihood.logprob == pytest.approx(sum(reference(*part)[0] for part in parts), abs=1e-2)


@needs_vllm
def test_a_context_that_is_too_long_is_an_error(ask):
    with pytest.raises(EvalcoreError, match=rf"reads at most {CONTEXT - 1} together"):
        ask(Continuation("one two three " * CONTEXT, " four"))


@needs_vllm
def test_no_text_is_certain(ask):
    assert ask(Continuation("Q:", "")) == [Likelihood(0.0, greedy=True)]


@given(
    before=st.integers(1, 6),
    length=st.integers(0, 60),
    limit=st.integers(2, 12),
)
def test_windows_score_each_token_once_and_fit(before, length, limit):
    context, text = list(range(before)), list(range(before, before + length))
    if before > 1 and before + length > limit:
        before, context = 1, context[-1:]
    parts = windows(context, text, limit, rolling=True)
    assert [token for part in parts for token in part.ids[len(part.ids) - part.scored :]] == text
    for part in parts:
        assert part.scored < len(part.ids) <= limit
        assert part.ids == list(range(part.ids[0], part.ids[0] + len(part.ids)))
    if len(parts) > 1:
        assert len(parts[-1].ids) == limit


def test_windows_add_up():
    first = Window([1, 2, 3], 2), [Scored(-1.0, greedy=True), Scored(-2.0, greedy=True)]
    second = Window([2, 3, 4], 1), [Scored(-9.0, greedy=False), Scored(-4.0, greedy=True)]
    assert add_up([first, second]) == Likelihood(-7.0, greedy=True, prompt_tokens=6, tokens=3)
