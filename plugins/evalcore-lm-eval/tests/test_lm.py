"""evalcore's models as models of lm-eval."""

from __future__ import annotations

import threading

import pytest
from lm_eval.api.instance import Instance
from lm_eval.api.model import CachingLM
from parity import by_lm_eval

from evalcore import EvalcoreError, ModelCallError, SpecError
from evalcore.data import Generation, Likelihood, Message
from evalcore.model import LanguageModel, TransientError
from evalcore.settings import Settings
from evalcore_lm_eval.lm import EvalcoreLM


class Noting(LanguageModel[Settings]):
    """Notes what it is asked, and whether it was closed."""

    asked: list
    closed = False
    failures = 0

    async def open(self):
        Noting.asked, Noting.closed = [], False

    async def close(self):
        Noting.closed = True

    async def generate(self, request):
        if Noting.failures:
            Noting.failures -= 1
            raise TransientError("busy", retry_after=0)
        if request.messages[0].content == "poison":
            raise ValueError("poisoned")
        Noting.asked.append(request)
        return Generation(f"it comes {request.seed}.", "stop", 2, 3)

    async def loglikelihood(self, request):
        Noting.asked.append(request)
        return Likelihood(-float(len(request.text)), greedy=True)


@pytest.fixture
def lm(evalcore_offer):
    evalcore_offer("noting", Noting)
    model = EvalcoreLM(use="offered:noting")
    yield model
    model._finalizer()


def texts(prompts, **arguments):
    return [
        Instance("generate_until", {}, (prompt, arguments), 0, ("task", i, 1))
        for i, prompt in enumerate(prompts)
    ]


def test_requests_are_made_as_lm_eval_means_them(lm):
    requests = texts(["prompt"], until=["\n"], temperature=0.5, do_sample=True, max_gen_toks=9)
    (answer,) = lm.generate_until(requests, disable_tqdm=True)
    (request,) = Noting.asked
    assert answer == f"it comes {request.seed}."
    assert request.messages == (Message("user", "prompt"),)
    assert (request.raw, request.stop, request.temperature, request.max_tokens) == (
        True, ("\n",), 0.5, 9,
    )  # fmt: skip


def test_likelihoods_come_in_order(lm):
    requests = [Instance("loglikelihood", {}, ("a", "x" * n), 0) for n in (5, 1, 3)]
    assert lm.loglikelihood(requests, disable_tqdm=True) == [(-5.0, True), (-1.0, True), (-3, True)]
    whole = [Instance("loglikelihood_rolling", {}, ("x" * 7,), 0)]
    assert lm.loglikelihood_rolling(whole, disable_tqdm=True) == [-7.0]


def test_thousands_of_requests_are_answered_in_order(lm):
    requests = [Instance("loglikelihood", {}, ("a", "x" * (n % 17)), n) for n in range(5000)]
    answers = lm.loglikelihood(requests, disable_tqdm=True)
    assert [logprob for logprob, _ in answers] == [-float(n % 17) for n in range(5000)]


def test_repeats_have_seeds_of_their_own_whatever_the_order(lm):
    once = texts(["a", "b"], temperature=1.0)
    first = lm.generate_until([once[0], once[0], once[1]], disable_tqdm=True)
    assert len(set(first)) == 3
    other = EvalcoreLM(use="offered:noting")
    again = other.generate_until([once[1], once[0], once[0]], disable_tqdm=True)
    assert again == [first[2], first[0], first[1]]
    seeded = EvalcoreLM(use="offered:noting", seed=1)
    assert not {*seeded.generate_until(once, disable_tqdm=True)} & {*first}


def test_a_dialogue_stays_one(lm):
    turns = [{"role": "user", "content": "é"}, {"role": "assistant", "content": "Well,"}]
    context = lm.apply_chat_template(turns, add_generation_prompt=False)
    assert isinstance(context, str)
    lm.generate_until(texts([context]), disable_tqdm=True)
    lm.loglikelihood([Instance("loglikelihood", {}, (context, "b"), 0)], disable_tqdm=True)
    dialogue = (Message("user", "é"), Message("assistant", "Well,"))
    assert Noting.asked[0].messages == dialogue
    assert not Noting.asked[0].raw
    assert Noting.asked[1].context == dialogue


def test_a_task_runs_with_a_chat_template(lm):
    by_lm_eval("mc", lm, apply_chat_template=True, limit=2)
    assert len(Noting.asked) == 8
    assert all(request.context[-1].role == "user" for request in Noting.asked)


def test_failures_that_pass_are_tried_again(lm):
    Noting.failures = 2
    assert len(lm.generate_until(texts(["a"]), disable_tqdm=True)) == 1


def test_a_failure_that_stays_ends_lm_eval(lm):
    with pytest.raises(ModelCallError, match="poisoned"):
        lm.generate_until(texts(["a", "poison", "b"]), disable_tqdm=True)


def test_what_it_cost_is_told(lm):
    lm.generate_until(texts(["a", "b"]), disable_tqdm=True)
    info = lm.get_model_info()
    usage = info["evalcore_usage"]
    assert (usage["calls"], usage["prompt_tokens"], usage["completion_tokens"]) == (2, 4, 6)
    assert "noting" in info["evalcore_model"]
    assert "noting" in lm.tokenizer_name


def test_the_cache_of_lm_eval_holds_its_answers(lm, tmp_path):
    requests = texts(["a", "b"])
    for _ in range(2):
        CachingLM(lm, str(tmp_path / "cache.db")).generate_until(requests)
    assert len(Noting.asked) == 2


def test_it_is_closed_when_it_goes(evalcore_offer):
    evalcore_offer("noting", Noting)
    before = {*threading.enumerate()}
    model = EvalcoreLM.create_from_arg_string("use=offered:noting,seed=3", {"batch_size": 4})
    assert not Noting.closed
    del model
    assert Noting.closed
    assert {*threading.enumerate()} <= before


def test_a_model_that_cannot_be_opened_leaves_nothing_behind():
    before = {*threading.enumerate()}
    with pytest.raises(SpecError, match="no model is called 'no-such'"):
        EvalcoreLM.create_from_arg_obj({"use": "no-such"})
    assert {*threading.enumerate()} <= before


def test_a_model_of_a_spec(evalcore_offer, tmp_path):
    evalcore_offer("noting", Noting)
    (tmp_path / "q.jsonl").write_text('{"question": "a", "answer": "b"}\n')
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "{evalcore: 1, name: s, task: {use: jsonl, path: q.jsonl},"
        " models: {mine: 'offered:noting'}}"
    )
    lm = EvalcoreLM.create_from_arg_obj({"spec": str(spec), "model": "mine"})
    assert lm.generate_until(texts(["a"]), disable_tqdm=True)
    with pytest.raises(SpecError, match="no model 'other', expected one of: mine"):
        EvalcoreLM.create_from_arg_obj({"spec": str(spec), "model": "other"})
    with pytest.raises(EvalcoreError, match="beside `spec` found temperature, expected `model`"):
        EvalcoreLM(spec=str(spec), temperature=1.0)
