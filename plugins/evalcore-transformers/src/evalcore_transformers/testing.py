"""A tiny model for tests, made from nothing: no network, a few seconds, the same every time.

`tiny_model` writes a model directory that transformers, vLLM and lm-eval open like any other, and
trains it until it answers `QUESTIONS` without doubt: at every token of every answer the likeliest
one leads by more than a nat. Greedy answers then do not hinge on the last bits of a logit, and
every engine gives the same text:

    folder = tiny_model(tmp_path / "tiny")
    for question, answer in QUESTIONS.items():
        assert greedy(folder, PLAIN.format(question=question)) == f" {answer}"
        assert greedy_chat(folder, question) == answer
    assert greedy(folder, ENDLESS) == ENDLESS * (context - 2)  # a BOS and the text come before
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    Example = tuple[list[int], int]
    Batch = tuple[torch.Tensor, torch.Tensor]

__all__ = ["CHAT", "ENDLESS", "PLAIN", "QUESTIONS", "tiny_model"]

PLAIN = "Q: {question}\nA:"
"""A question as a text to be continued; the tiny model's answer then begins with a space."""

CHAT = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "<|start|>{{ message.role }}\n{{ message.content }}<|end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)
"""The tiny model's chat template."""

ENDLESS = "~"
"""A text that the tiny model goes on with until its context is full."""

_IGNORED = -100
_BOS, _EOS, _PAD, _START, _END = "<|bos|>", "<|eos|>", "<|pad|>", "<|start|>", "<|end|>"

_SERIES = """\
Monday Tuesday Wednesday Thursday Friday Saturday Sunday
January February March April May June July August September October November December
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
seventeen eighteen nineteen twenty
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau \
upsilon phi chi psi omega
Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune
"""
_GREETINGS = {
    "French": "Ça va",
    "German": "Grüße",
    "Greek": "Γεια",
    "Russian": "Щи",
    "Japanese": "日本",
    "Korean": "안녕",
    "pictures": "👋🌍",
}


def _questions() -> dict[str, str]:
    found = {f"Greet in {name}.": text for name, text in _GREETINGS.items()}
    for words in map(str.split, _SERIES.splitlines()):
        for i, word in enumerate(words):
            after = [words[(i + step) % len(words)] for step in range(1, 7)]
            found[f"What comes after {word}?"] = f"Next comes {after[0]}."
            found[f"Which two follow {word}?"] = f"First {after[0]}, then {after[1]}."
            found[f"Go on from {word}."] = f"On: {' '.join(after)}."
    return found


QUESTIONS: dict[str, str] = _questions()
"""220 questions, each with the answer that the tiny model gives to it."""


def tiny_model(
    folder: str | Path, *, context: int = 256, trained: bool = True, seed: int = 0
) -> Path:
    """Write a tiny Llama with its tokenizer, chat template and generation config.

    It has two layers and 0.4 million parameters in float32. Its tokenizer is a byte-level BPE of
    512 tokens that knows no letter beyond ASCII, so that one takes several tokens; it puts a BOS
    before every text, and so does the chat template. Its answers end with one of two EOS tokens.

    Args:
        folder: where the model goes; made if it is not there.
        context: tokens that it can read and write at most.
        trained: whether it answers the questions; otherwise its weights are random.
        seed: of the weights and of the order of training.

    Returns:
        The folder.
    """
    path = Path(folder)
    tokenizer = _tokenizer(context)
    with _deterministic(seed):
        model = _llama(tokenizer, context)
        if trained:
            _train(model, _examples(tokenizer, context), seed)
    tokenizer.save_pretrained(path)
    model.save_pretrained(path)
    return path


def _tokenizer(context: int) -> PreTrainedTokenizerBase:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=[_BOS, _EOS, _PAD, _START, _END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = (
        f"user\n{question}\nassistant\n {answer if answer.isascii() else ''}\nQ: {question}\nA:"
        for question, answer in QUESTIONS.items()
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{_BOS} $A",
        pair=f"{_BOS} $A {_BOS} $B",
        special_tokens=[(_BOS, tokenizer.token_to_id(_BOS))],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=_BOS,
        eos_token=_EOS,
        pad_token=_PAD,
        additional_special_tokens=[_START, _END],
        chat_template=CHAT,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def _llama(tokenizer: PreTrainedTokenizerBase, context: int) -> PreTrainedModel:
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    ids = {
        "bos_token_id": tokenizer.convert_tokens_to_ids(_BOS),
        "pad_token_id": tokenizer.convert_tokens_to_ids(_PAD),
    }
    ends = [tokenizer.convert_tokens_to_ids(token) for token in (_EOS, _END)]
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=64,
        max_position_embeddings=context,
        initializer_range=0.09,  # about 1/sqrt(hidden_size): a model so small learns faster from it
        tie_word_embeddings=False,
        eos_token_id=ends[0],
        **ids,
    )
    model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(eos_token_id=ends, **ids)
    return model


def _examples(tokenizer: PreTrainedTokenizerBase, context: int) -> list[Example]:
    """Token ids of each question with its answer, in both forms, and where the answer begins."""
    found = [(tokenizer(ENDLESS * (context - 1))["input_ids"], 2)]
    for question, answer in QUESTIONS.items():
        plain = tokenizer(PLAIN.format(question=question))["input_ids"]
        ids = tokenizer(f" {answer}{_EOS}", add_special_tokens=False)["input_ids"]
        found.append((plain + ids, len(plain)))
        chat = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
        )
        begin = len(tokenizer(chat.rstrip(), add_special_tokens=False)["input_ids"])
        whole = tokenizer(f"{chat}{answer}{_END}", add_special_tokens=False)["input_ids"]
        found.append((whole, begin))
        if not answer.isascii():  # the harder ones are shown more often
            found += found[-2:] * 2
    return found


def _train(model: PreTrainedModel, examples: Sequence[Example], seed: int) -> None:
    """Train in rounds until every answer is sure; one round is the rule."""
    batches = _batches(examples, 32, seed)
    for _ in range(4):
        _train_round(model, islice(batches, 240))
        if _lead(model, examples) > 1.0:
            return
    raise RuntimeError("the tiny model did not learn its answers; another seed may")


def _train_round(model: PreTrainedModel, batches: Iterator[Batch]) -> None:
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, 240, pct_start=0.1)
    for ids, labels in batches:
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()


def _lead(model: PreTrainedModel, examples: Sequence[Example]) -> float:
    """By how many nats the right token leads the next one, at the least sure place of all."""
    import torch

    least = torch.inf
    for first in range(0, len(examples), 64):
        ids, labels = _padded(examples[first : first + 64])
        with torch.no_grad():
            logits = model(input_ids=ids).logits[:, :-1]
        asked = labels[:, 1:] != _IGNORED
        right = labels[:, 1:].clamp(min=0).unsqueeze(-1)
        others = logits.scatter(-1, right, -torch.inf).amax(-1)
        least = min(least, float((logits.gather(-1, right).squeeze(-1) - others)[asked].min()))
    return least


def _batches(examples: Sequence[Example], size: int, seed: int) -> Iterator[Batch]:
    """Endless batches; all examples come up before one comes again."""
    rng = random.Random(seed)  # noqa: S311 - nothing secret
    order: list[Example] = []
    while True:
        if len(order) < size:
            order = rng.sample(examples, len(examples))
        yield _padded(order[:size])
        del order[:size]


def _padded(examples: Sequence[Example]) -> Batch:
    """Ids and labels, padded on the right, where no token sees the padding."""
    import torch

    width = max(len(ids) for ids, _ in examples)
    ids = [ids + [0] * (width - len(ids)) for ids, _ in examples]
    labels = [
        [_IGNORED] * begin + ids[begin:] + [_IGNORED] * (width - len(ids))
        for ids, begin in examples
    ]
    return torch.tensor(ids), torch.tensor(labels)


@contextmanager
def _deterministic(seed: int) -> Iterator[None]:
    """One thread and a generator of its own: the sums come in the same order every time."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
