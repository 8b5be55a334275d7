"""The same answers and the same numbers as transformers' own functions give."""

from __future__ import annotations

import random

import pytest
import torch
from opened_models import raw, said
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from evalcore.data import Continuation, Message, Request
from evalcore_transformers.testing import PLAIN, QUESTIONS

PROMPTS = [PLAIN.format(question=question) for question in QUESTIONS]


@pytest.fixture(scope="module", params=["tiny", "untrained"])
def folder(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def reference(folder):
    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def generated(reference, prompts, *, special):
    """Texts and token counts of `generate`, in batches with padding on the left."""
    model, tokenizer = reference
    tokenizer.padding_side = "left"
    found = []
    for i in range(0, len(prompts), 32):
        batch = prompts[i : i + 32]
        inputs = tokenizer(batch, return_tensors="pt", padding=True, add_special_tokens=special)
        config = GenerationConfig(max_new_tokens=40, do_sample=False, pad_token_id=2)
        ids = model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            generation_config=config,
        )[:, inputs["input_ids"].shape[1] :]
        for row in ids:
            text = tokenizer.decode(row, skip_special_tokens=True)
            ended = [place for place, token in enumerate(row.tolist()) if token in {1, 4}]
            found.append((text, ended[0] + 1 if ended else 40))
    return found


def test_greedy_answers_to_plain_texts(opened, folder, reference):
    asked = [raw(prompt, max_tokens=40) for prompt in PROMPTS]
    found = [(answer.text, answer.completion_tokens) for answer in opened(folder).ask(*asked)]
    assert found == generated(reference, PROMPTS, special=True)


def test_greedy_answers_to_dialogues(opened, folder, reference):
    _, tokenizer = reference
    dialogues = [
        (Message("system", "Be brief."), Message("user", question), Message("assistant", "What?"))[
            i % 2 : 2 + i % 2
        ]
        for i, question in enumerate(QUESTIONS)
    ]
    prompts = [
        tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in dialogue],
            add_generation_prompt=True,
            tokenize=False,
        )
        for dialogue in dialogues
    ]
    asked = [Request(dialogue, max_tokens=40) for dialogue in dialogues]
    answers = opened(folder).ask(*asked)
    counts = [len(tokenizer(prompt, add_special_tokens=False)["input_ids"]) for prompt in prompts]
    assert [answer.prompt_tokens for answer in answers] == counts
    found = [(answer.text, answer.completion_tokens) for answer in answers]
    assert found == generated(reference, prompts, special=False)


def test_the_chat_template_is_applied_once(opened, tiny):
    """Neither the template nor its BOS twice: the counts are those of the text itself."""
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    text = "<|bos|><|start|>user\nGo on from one.<|end|>\n<|start|>assistant\n"
    count = len(tokenizer(text, add_special_tokens=False)["input_ids"])
    chat, plain, brought = opened(tiny).ask(
        said("Go on from one."), raw(text), raw(text.removeprefix("<|bos|>"))
    )
    assert chat == plain == brought
    assert chat.prompt_tokens == count
    assert chat.text == QUESTIONS["Go on from one."]


def test_without_a_chat_template_dialogues_are_continued(opened, tiny):
    model = opened(tiny, chat=False)
    dialogue = Request((Message("system", "Hello."), Message("user", "Q: Go on from one.\nA:")))
    joined, text = model.ask(dialogue, raw("Hello.\n\nQ: Go on from one.\nA:"))
    assert joined == text


def log_probabilities(reference, context, text):
    """Of the ids of a text after a context, by a forward pass over nothing else."""
    model, _ = reference
    with torch.inference_mode():
        logits = model(torch.tensor([context + text[:-1]])).logits[0, len(context) - 1 :]
    scores = logits.log_softmax(-1).gather(-1, torch.tensor(text).unsqueeze(-1)).squeeze(-1)
    return scores, bool((logits.argmax(-1) == torch.tensor(text)).all())


@pytest.mark.parametrize("space", ["before", "after"])
def test_likelihoods_are_those_of_a_forward_pass(opened, folder, reference, space):
    """To the last bit; with the spaces that end a context given to the text."""
    _, tokenizer = reference
    pairs = [
        (prompt, f" {answer}") if space == "after" else (f"{prompt} ", answer)
        for prompt, answer in zip(PROMPTS, QUESTIONS.values(), strict=True)
    ]
    likelihoods = opened(folder).score(*(Continuation(*pair) for pair in pairs))
    for likelihood, (context, text) in zip(likelihoods, pairs, strict=True):
        whole = tokenizer(context + text)["input_ids"]
        before = len(tokenizer(context.rstrip())["input_ids"])
        scores, greedy = log_probabilities(reference, whole[:before], whole[before:])
        assert likelihood.logprob == float(scores.sum())
        assert likelihood.greedy == greedy
        assert likelihood.tokens == len(whole) - before
        assert likelihood.prompt_tokens == len(whole)


def test_likelihoods_after_a_dialogue(opened, tiny):
    dialogue = (Message("user", "Go on from one."),)
    text = "<|bos|><|start|>user\nGo on from one.<|end|>\n<|start|>assistant\n"
    answer = QUESTIONS["Go on from one."]
    chat, plain = opened(tiny).score(Continuation(dialogue, answer), Continuation(text, answer))
    assert chat == plain
    assert chat.greedy


def test_logprobs_are_of_the_distribution_before_sampling(opened, untrained, reference):
    model, tokenizer = reference
    request = raw("one two", temperature=0.5, top_p=0.5, max_tokens=8, logprobs=True, seed=3)
    (answer,) = opened(untrained).ask(request)
    ids = tokenizer("one two")["input_ids"]
    assert len(answer.tokens) == 8
    assert "".join(token.text for token in answer.tokens) == answer.text
    if model.name_or_path == str(untrained):
        table = {}
        for token in answer.tokens:
            with torch.inference_mode():
                scores = model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
            place = (scores - token.logprob).abs().argmin()
            table[token] = float(scores[place])
            ids.append(int(place))
        assert all(abs(token.logprob - score) < 1e-5 for token, score in table.items())


def test_long_texts_are_scored_in_windows(opened, untrained):
    """A text longer than the model is the sum of windows that share a token each."""
    tokenizer = AutoTokenizer.from_pretrained(untrained)
    reference = (AutoModelForCausalLM.from_pretrained(untrained), tokenizer)
    rng = random.Random(0)
    text = " ".join(rng.choice(list(QUESTIONS.values())) for _ in range(90))
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert 512 < len(ids) < 1024
    (likelihood,) = opened(untrained).score(Continuation("", text))
    total, done, before = 0.0, 0, [tokenizer.bos_token_id]
    while done < len(ids):
        window = ids[done : done + 256]
        if len(window) < 256 and done:
            before = ids[done - 1 - (256 - len(window)) : done]
        scores, _ = log_probabilities(reference, before, window)
        total += float(scores.sum())
        done += len(window)
        before = ids[done - 1 : done]
    assert likelihood.logprob == pytest.approx(total, rel=1e-6)
    assert likelihood.tokens == len(ids)
