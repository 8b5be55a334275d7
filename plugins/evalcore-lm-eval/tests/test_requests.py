"""Generation arguments mean what lm-eval makes of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lm_eval.api.instance import Instance
from lm_eval.models.utils import normalize_gen_kwargs

from evalcore.data import Continuation
from evalcore_lm_eval.requests import (
    Likeliness,
    WholeText,
    WholeTextLikeliness,
    completion,
    from_instance,
)

ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "until": st.lists(st.sampled_from(["\n", "Q:", "."]), max_size=2) | st.just("\n\n"),
        "do_sample": st.booleans(),
        "temperature": st.sampled_from([0.0, 0.2, 1.0]),
        "max_gen_toks": st.integers(1, 99),
        "max_new_tokens": st.integers(1, 99),
        "max_tokens": st.integers(1, 99),
    },
)


@given(ARGUMENTS)
@pytest.mark.filterwarnings("ignore")
def test_they_mean_the_same(arguments):
    ours = completion("prompt", arguments)
    theirs = normalize_gen_kwargs(arguments, 256)
    assert list(ours.stop) == theirs["until"]
    assert ours.max_tokens == theirs["max_gen_toks"]
    assert ours.temperature == theirs.get("temperature", 0.0)


def test_a_nucleus_is_of_sampling_alone():
    assert completion("", {"temperature": 0.5, "top_p": 0.9}).top_p == 0.9
    assert completion("", {"top_p": 0.9, "top_k": 5, "num_beams": 1, "min_p": None}).top_p is None


@pytest.mark.parametrize(
    "arguments", [{"num_beams": 4}, {"temperature": 1.0, "top_k": 5}, {"no_such": 1}]
)
def test_what_has_no_place_is_refused(arguments):
    name = [*arguments][-1]
    with pytest.raises(ValueError, match=rf"argument {name}=\d has no place"):
        completion("", arguments)


def test_each_type_has_its_request():
    assert from_instance(Instance("loglikelihood", {}, ("a", " b"), 0)) == Likeliness("a", " b")
    whole = from_instance(Instance("loglikelihood_rolling", {}, ("a",), 0))
    assert whole == WholeTextLikeliness("a")
    made = from_instance(Instance("generate_until", {}, ("a", {"until": "\n"}), 0))
    assert made == completion("a", {"until": "\n"})
    with pytest.raises(ValueError, match="'generate_until' with 3 arguments"):
        from_instance(Instance("generate_until", {}, ("a", {}, {"visual": []}), 0))


def test_a_whole_text_is_told_from_an_empty_context():
    whole, empty = Continuation(WholeText(), "text"), Continuation("", "text")
    assert whole.context == ""
    assert repr(whole) != repr(empty)
