"""How an answer is sampled: whose word comes first."""

from __future__ import annotations

from conftest import question
from hypothesis import given
from hypothesis import strategies as st

from evalcore_vllm.sampling import Sampling, not_followed, one_each, resolve
from evalcore_vllm.settings import VllmSettings

CONFIG = {
    "do_sample": True,
    "max_new_tokens": 7,
    "min_p": 0.1,
    "repetition_penalty": 1.1,
    "temperature": 0.6,
    "top_k": 20,
    "top_p": 0.95,
}


def resolved(config, settings=None, **request) -> Sampling:
    known = VllmSettings(model="m", **(settings or {}))
    return resolve(question("?", **request), known, config)


def test_the_model_s_own_where_nobody_says():
    assert resolved(CONFIG) == Sampling(temperature=0.6, top_p=0.95, top_k=20, max_tokens=512)


def test_the_rest_of_the_model_s_own_is_not_followed():
    assert not_followed(CONFIG) == ["min_p=0.1", "repetition_penalty=1.1"]
    assert not_followed({"min_p": 0.0, "num_beams": 1, "bad_words_ids": None}) == []


def test_greedy_where_the_model_says_nothing():
    assert resolved({}) == Sampling()
    assert resolved({**CONFIG, "do_sample": False}) == Sampling()
    assert resolved({"do_sample": True}).temperature == 1


def test_the_settings_come_before_the_model_and_the_request_before_both():
    settings = {"temperature": 0.4, "top_p": 0.5, "max_tokens": 9, "stop": ("b", "a")}
    found = resolved(CONFIG, settings)
    assert (found.temperature, found.top_p, found.max_tokens) == (0.4, 0.5, 9)
    found = resolved(CONFIG, settings, temperature=0.0, top_p=1.0, max_tokens=3, stop=("a", "c"))
    assert (found.temperature, found.top_p, found.max_tokens) == (0.0, 1.0, 3)
    assert found.stop == ("a", "c", "b")


def test_the_room_bounds_the_answer():
    assert resolved({}, max_tokens=100).within(30).max_tokens == 30
    assert resolved({}, max_tokens=20).within(30).max_tokens == 20


@given(seed=st.integers(0, 2**31 - 1), n=st.integers(1, 50), fewer=st.integers(1, 50))
def test_seeds_are_distinct_31_bits_and_do_not_hang_on_their_number(seed, n, fewer):
    seeds = [sampling.seed for sampling in one_each(Sampling(seed=seed), n)]
    assert seeds[0] == seed
    assert len(set(seeds)) == n
    assert all(0 <= seed < 2**31 for seed in seeds)
    few = min(n, fewer)
    assert seeds[:few] == [sampling.seed for sampling in one_each(Sampling(seed=seed), few)]
