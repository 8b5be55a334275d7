"""Every token of a text is scored once, after as much of what precedes it as there is room for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opened_models import Opened

from evalcore.data import Continuation, Likelihood
from evalcore.errors import EvalcoreError
from evalcore_transformers.scoring import windows


@given(length=st.integers(0, 60), limit=st.integers(1, 20))
def test_windows_score_each_id_once(length, limit):
    found = windows([99], range(length), limit, rolling=True)
    scored = [one for window in found for one in window.ids[-window.scored :]]
    assert scored == list(range(length))
    assert all(window.scored < len(window.ids) <= limit + 1 for window in found)
    if length >= limit:
        assert all(len(window.ids) == limit + 1 for window in found)


@given(context=st.integers(1, 30), text=st.integers(1, 30), limit=st.integers(1, 60))
def test_a_context_is_never_cut(context, text, limit):
    ids = range(context), range(100, 100 + text)
    if context + text - 1 > limit:
        with pytest.raises(EvalcoreError, match=f"context has {context} tokens.*{limit} at most"):
            windows(*ids, limit, rolling=False)
    else:
        (window,) = windows(*ids, limit, rolling=False)
        assert window.ids == (*ids[0], *ids[1])
        assert window.scored == text


def test_no_text_is_certain(opened, untrained):
    (likelihood,) = opened(untrained).score(Continuation("one", ""))
    assert likelihood == Likelihood(0.0, greedy=True)


def test_choices_that_differ_in_their_last_token_are_read_once(untrained, monkeypatch):
    from evalcore_transformers import scoring

    read = []
    plain = scoring.forward
    monkeypatch.setattr(
        scoring, "forward", lambda model, ids, **rest: read.append(ids) or plain(model, ids, **rest)
    )
    model = Opened(untrained)
    model.score(Continuation("one", "x"))  # the weights come; what follows waits together
    read.clear()
    choices = [Continuation("Go on from one", letter) for letter in "!?.~"]
    together = model.score(*choices, *choices)
    assert sum(len(ids) for ids in read) <= 2  # the first may be read before the others arrive
    assert together[:4] == together[4:] == [model.score(choice)[0] for choice in choices]
    model.close()
