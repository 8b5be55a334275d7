"""Models whose rows cannot share a batch answer one by one, and as well."""

from __future__ import annotations

import pytest
import torch
import transformers
from opened_models import Opened, raw
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from evalcore.data import Continuation
from evalcore_transformers.decoding import can_batch
from evalcore_transformers.testing import PLAIN, QUESTIONS

SMALL = {"vocab_size": 512, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
USUAL = {
    **SMALL,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
    "max_position_embeddings": 128,
    "initializer_range": 0.3,
}
CONFIGS = {
    "gpt2": (True, {**SMALL, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 128}),
    "gpt_neox": (True, {**USUAL}),
    "qwen3": (True, {**USUAL}),
    "bloom": (True, {**SMALL, "hidden_size": 32, "n_layer": 2, "n_head": 2}),
    "mistral": (False, {**USUAL, "sliding_window": 8}),
    "gemma3_text": (False, {**USUAL, "sliding_window": 8}),
    "mamba": (False, {**SMALL, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 8}),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory, untrained):
    """Makes a model with random weights of some architecture, once."""
    folders = {}

    def make(kind):
        if kind not in folders:
            folder = tmp_path_factory.mktemp(kind)
            torch.manual_seed(0)
            config = transformers.AutoConfig.for_model(kind, **CONFIGS[kind][1])
            model = AutoModelForCausalLM.from_config(config)
            for weights in model.parameters():
                if weights.dim() > 1:  # such that attention matters
                    torch.nn.init.normal_(weights, std=0.3)
            model.save_pretrained(folder)
            AutoTokenizer.from_pretrained(untrained).save_pretrained(folder)
            folders[kind] = folder
        return folders[kind]

    return make


@pytest.mark.parametrize("kind", CONFIGS)
def test_answers_and_scores_are_those_of_the_architecture(made, kind):
    folder = made(kind)
    batches, _ = CONFIGS[kind]
    reference = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompts = [PLAIN.format(question=question) for question in list(QUESTIONS)[:12]]
    prompts += [f"{prompts[0]} {prompts[1]} {prompts[2]}", "a"]
    model = Opened(folder)
    answers = model.ask(*(raw(prompt, max_tokens=12) for prompt in prompts))
    scores = model.score(*(Continuation(prompt, " one two three") for prompt in prompts))
    model.close()
    with torch.inference_mode():
        assert can_batch(reference) == batches
    for prompt, answer, score in zip(prompts, answers, scores, strict=True):
        ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
        config = GenerationConfig(max_new_tokens=12, do_sample=False, pad_token_id=2)
        found = reference.generate(ids, generation_config=config)[0, ids.shape[1] :]
        assert answer.text == tokenizer.decode(found, skip_special_tokens=True)
        assert answer.completion_tokens == len(found)
        whole = tokenizer(prompt + " one two three", return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            said = reference(whole).logits[0, :-1].log_softmax(-1)
        each = said.gather(-1, whole[0, 1:, None])[ids.shape[1] - 1 :]
        assert score.logprob == pytest.approx(float(each.sum()), abs=1e-4)


@pytest.mark.parametrize("kind", ["mistral", "mamba"])
def test_samples_one_by_one_are_as_repeatable(made, kind):
    model = Opened(made(kind))
    requests = [
        raw(f"{i}", temperature=1.0, seed=i, max_tokens=8, n=1 + i % 2, logprobs=True, stop=("e",))
        for i in range(6)
    ]
    together = model.ask(*requests)
    assert together == [model.ask(request)[0] for request in requests]
    assert len({answer.text for answer in together}) > 1
    for answer in together:
        assert "".join(token.text for token in answer.tokens) == answer.text
    model.close()


def test_positions_that_change_with_the_longest_row_share_no_batch(made):
    model = AutoModelForCausalLM.from_pretrained(made("qwen3"))
    model.config.rope_parameters = {**model.config.rope_parameters, "rope_type": "dynamic"}
    assert not can_batch(model)


def test_a_model_that_treats_rows_differently_is_found_out(made, monkeypatch):
    """Whatever its config says: two rows are tried."""
    model = AutoModelForCausalLM.from_pretrained(made("qwen3"))
    plain = type(model).forward

    def forward(self, *arguments, position_ids=None, **rest):
        return plain(self, *arguments, **rest)

    monkeypatch.setattr(type(model), "forward", forward)
    with torch.inference_mode():
        assert not can_batch(model)
