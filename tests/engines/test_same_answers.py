"""The same 200 prompts through every way to the same weights: the same texts, the same counts.

Each way is skipped where its engine is not installed; at least one other must be there to compare.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest

import evalcore

testing = pytest.importorskip("evalcore_transformers.testing")

pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{warning}")
    for warning in (
        "`torch.jit.script_method` is deprecated:DeprecationWarning",  # vLLM still uses it
        "Unclosed context <zmq:ResourceWarning",  # of a vLLM engine that has ended
    )
]
READY_SECONDS = 240
CONTEXT = 256
SMALL = {
    "dtype": "float32",
    "max_model_len": CONTEXT,
    "startup_seconds": READY_SECONDS,
    "engine": {"block_size": 32, "enforce_eager": True, "max_num_seqs": 32},
}

needs_vllm = pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed")
needs_serving = pytest.mark.skipif(
    find_spec("uvicorn") is None, reason="the servers of transformers[serving] are not installed"
)


@pytest.fixture(scope="session", autouse=True)
def quiet_engines():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "VLLM_CPU_KVCACHE_SPACE": "1",
            "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # one process for the engine, not two
        }.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return testing.tiny_model(tmp_path_factory.mktemp("weights") / "tiny", context=CONTEXT)


def dialogues():
    """200 dialogues that end with a question, after up to four that are answered."""
    return [
        (*(message for question in before for message in turn(question)), turn(last)[0])
        for *before, last in asked(seed=3, most=5)
    ]


def texts():
    """200 texts of the same kind, that are continued as they stand."""
    return [
        "\n".join([*(f"{line(one)} {testing.QUESTIONS[one]}" for one in before), line(last)])
        for *before, last in asked(seed=4, most=6)
    ]


def asked(seed, most):
    """Questions, up to `most` at a time; those whose answers are not ASCII by themselves.

    Of more than one of these the model makes answers that end within a character, which engines
    spell in ways of their own: see `test_an_answer_that_ends_within_a_character`.
    """
    rng = random.Random(seed)
    plain = sorted(filter(is_ascii, testing.QUESTIONS))
    others = sorted(testing.QUESTIONS.keys() - set(plain))
    several = [rng.sample(plain, rng.randint(1, most)) for _ in range(200 - len(others))]
    return several + [[question] for question in others]


def is_ascii(question):
    return testing.QUESTIONS[question].isascii()


def turn(question):
    answer = testing.QUESTIONS[question]
    return evalcore.Message("user", question), evalcore.Message("assistant", answer)


def line(question):
    return testing.PLAIN.format(question=question)


def answers(model, *, raw=True):
    """What a model answers, all asked at a time, through the chat template and without.

    Of each answer the text, the reason why it ended, and the tokens of its prompt and its own.
    """

    async def run():
        async with evalcore.open_model(model) as opened:
            ask = partial(opened.generate, temperature=0, max_tokens=48)
            chats = [ask(dialogue) for dialogue in dialogues()]
            raws = [ask(text, raw=True) for text in texts()] if raw else []
            return await asyncio.gather(*chats, *raws)

    found = asyncio.run(run())
    outlines = [(g.text, g.finish_reason, g.prompt_tokens, g.completion_tokens) for g in found]
    return outlines[:200], outlines[200:]


@pytest.fixture(scope="session")
def in_process(weights):
    """What transformers answers in process."""
    return answers({"use": "transformers", "model": str(weights), "dtype": "float32"})


def test_what_the_model_knows_it_answers(in_process):
    """To one question it was trained to answer; of more it makes something."""
    chats, raws = in_process
    for questions, (text, reason, *_) in zip(asked(seed=3, most=5), chats, strict=True):
        if len(questions) == 1:
            assert (text, reason) == (testing.QUESTIONS[questions[0]], "stop")
    for questions, (text, *_) in zip(asked(seed=4, most=6), raws, strict=True):
        if len(questions) == 1:
            assert text.strip() == testing.QUESTIONS[questions[0]]


def test_the_prompts_and_the_answers_are_of_many_lengths(in_process):
    for found in in_process:
        prompts, completions = zip(*(counts for _, _, *counts in found), strict=True)
        assert len(set(prompts)) > 30
        assert max(prompts) > CONTEXT / 3
        assert len(set(completions)) > 5


def test_no_answer_is_decided_by_the_last_bits(weights):
    """Each token of each answer is likelier than any other by more than engines differ in."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModelForCausalLM.from_pretrained(weights)
    tokenizer = transformers.AutoTokenizer.from_pretrained(weights)
    turns = [[{"role": m.role, "content": m.content} for m in each] for each in dialogues()]
    template = partial(tokenizer.apply_chat_template, add_generation_prompt=True)
    prompts = [*(template(each)["input_ids"] for each in turns), *tokenizer(texts())["input_ids"]]
    for ids in prompts:
        prompt = torch.tensor([ids])
        whole = model.generate(prompt, do_sample=False, max_new_tokens=48)
        with torch.inference_mode():
            ranked = model(whole).logits[0, len(ids) - 1 : -1].topk(2).values
        assert (ranked[:, 0] - ranked[:, 1]).min() > 1e-4


@needs_vllm
@pytest.mark.parametrize("serve", [False, True], ids=["in process", "served"])
def test_vllm(weights, in_process, serve):
    model = {"use": "vllm", "model": str(weights), "serve": serve, **SMALL}
    assert answers(model) == in_process


@needs_vllm
def test_an_answer_that_ends_within_a_character(weights):
    """The one difference: transformers spells what there is of it as U+FFFD, vLLM leaves it out."""
    greeting = "How do they greet in Japanese?"
    cut = [
        texts_cut_at({"use": name, "model": str(weights), **settings}, greeting, limits=range(1, 6))
        for name, settings in (("transformers", {"dtype": "float32"}), ("vllm", SMALL))
    ]
    assert any(text.endswith("\N{REPLACEMENT CHARACTER}") for text in cut[0])
    assert [text.rstrip("\N{REPLACEMENT CHARACTER}") for text in cut[0]] == cut[1]


@needs_vllm
def test_an_endpoint_of_vllm(weights, in_process, tmp_path):
    port = free_port()
    command = [
        *("vllm", "serve", weights, "--host", "127.0.0.1", "--port", port, "--dtype", "float32"),
        *("--enforce-eager", "--max-model-len", CONTEXT, "--max-num-seqs", 32, "--block-size", 32),
        *("--served-model-name", "tiny"),
    ]
    with serving(command, port, tmp_path / "log"):
        assert answers(endpoint(port, "tiny")) == in_process


@needs_serving
def test_an_endpoint_of_transformers(weights, in_process, tmp_path):
    port = free_port()
    command = [
        *("transformers", "serve", weights, "--host", "127.0.0.1", "--port", port),
        *("--device", "cpu", "--dtype", "float32"),
    ]
    with serving(command, port, tmp_path / "log"):
        # It has no endpoint for texts that are continued as they stand.
        assert answers(endpoint(port, str(weights)), raw=False)[0] == in_process[0]


def texts_cut_at(model, question, limits):
    async def run():
        async with evalcore.open_model(model) as opened:
            calls = (opened.generate(question, temperature=0, max_tokens=limit) for limit in limits)
            return await asyncio.gather(*calls)

    return [answer.text for answer in asyncio.run(run())]


def endpoint(port, model):
    return {
        "use": "openai",
        "model": model,
        "base_url": f"http://127.0.0.1:{port}/v1",
        "limits": {"concurrency": 16},
    }


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(command, port, log):
    """A server of somebody's, ready, as long as the context lasts."""
    words = [str(word) for word in command]
    words[0] = str(Path(sys.executable).parent / words[0])
    with log.open("wb") as stream:
        process = subprocess.Popen(
            words, stdout=stream, stderr=stream, start_new_session=True, env=dict(os.environ)
        )
        try:
            wait_until_ready(process, port, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(process, port, log):
    direct = build_opener(ProxyHandler({}))
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text(errors="replace")[-3_000:]
        try:
            with direct.open(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"not ready after {READY_SECONDS} s: {log.read_text(errors='replace')[-3_000:]}")
