"""What cannot be done is said in words, and hurts nobody else."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import weakref

import pytest
import torch
from opened_models import Opened, raw, said
from safetensors.torch import load_file, save_file

from evalcore.data import Continuation
from evalcore.errors import EvalcoreError
from evalcore_transformers import checkpoint
from evalcore_transformers.model import Transformers
from evalcore_transformers.settings import TransformersSettings


@pytest.fixture
def copy(tiny, tmp_path):
    return shutil.copytree(tiny, tmp_path / "copy")


def preflight(model, **settings):
    Transformers(TransformersSettings(model=str(model), **settings)).preflight()


def test_a_prompt_that_is_too_long_is_refused_with_the_numbers(opened, tiny):
    model = opened(tiny)
    with pytest.raises(EvalcoreError, match=r"the prompt has 301 tokens.*context holds 256"):
        model.ask(raw("~" * 300))
    assert model.ask(said("Go on from one."))


@pytest.mark.parametrize("ask", [raw, said])
def test_half_a_surrogate_pair_is_refused_and_the_next_prompt_answered(opened, tiny, ask):
    model = opened(tiny)
    with pytest.raises(EvalcoreError, match=r"half a surrogate pair, '\\ud83d' at character"):
        model.ask(ask("Go on from \ud83d one."))
    assert model.ask(ask("Go on from one."))


def test_an_answer_ends_where_the_context_does(opened, untrained):
    prompt = raw("~" * 200, temperature=1.0, max_tokens=4096, seed=1)
    (answer,) = opened(untrained).ask(prompt)
    assert answer.finish_reason == "length"
    assert answer.prompt_tokens + answer.completion_tokens == 256


def test_a_context_that_is_too_long_is_refused_with_the_numbers(opened, tiny):
    with pytest.raises(EvalcoreError, match=r"context has 301 tokens and the text .* 2,.*256"):
        opened(tiny).score(Continuation("~" * 300, "~~"))


def test_a_model_that_is_not_there(tmp_path):
    with pytest.raises(EvalcoreError, match=r"the model 'no/such-model' cannot be opened"):
        Opened("no/such-model")
    with pytest.raises(EvalcoreError, match="Expected a folder with config, tokenizer and weights"):
        Opened(tmp_path)
    with pytest.raises(EvalcoreError, match="there is no folder /no/such/folder"):
        Opened("/no/such/folder")


@pytest.mark.parametrize(
    ("removed", "part"),
    [("model.safetensors", "weights"), ("config.json", "config"), ("*token*", "tokenizer")],
)
def test_a_folder_that_lacks_a_part(copy, removed, part):
    for file in copy.glob(removed):
        file.unlink()
    with pytest.raises(EvalcoreError, match=f"holds no {part}"):
        preflight(copy)
    with pytest.raises(EvalcoreError, match=f"holds no {part}"):
        Opened(copy)


def test_what_can_be_told_before_anything_is_opened(tiny):
    preflight(tiny)
    preflight("gpt2")
    preflight("meta-llama/Llama-3.1-8B-Instruct")
    with pytest.raises(EvalcoreError, match=r"there is no folder \./here"):
        preflight("./here")
    with pytest.raises(EvalcoreError, match="there is no folder a/b/c, and no name on the hub"):
        preflight("a/b/c")
    with pytest.raises(EvalcoreError, match=r"no GPU for `device: cuda:77`"):
        preflight(tiny, device="cuda:77")


def test_before_anything_is_opened_torch_is_not_imported(tiny):
    code = (
        "import sys\n"
        "from evalcore_transformers.model import Transformers\n"
        "from evalcore_transformers.settings import TransformersSettings\n"
        "Transformers(TransformersSettings(model=sys.argv[1])).preflight()\n"
        "assert not {'torch', 'transformers'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tiny)], check=True)


def test_weights_that_lack_some_are_not_made_up(copy):
    weights = load_file(copy / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    model = Opened(copy)
    with pytest.raises(EvalcoreError, match=r"the weights lack lm_head\.weight"):
        model.ask(said("Go on from one."))
    model.close()


def test_a_generation_config_that_is_broken_is_not_taken_for_none(copy):
    (copy / "generation_config.json").write_text("{not json")
    with pytest.raises(EvalcoreError, match="not a valid JSON file"):
        Opened(copy)


def test_models_that_differ_in_their_sampling_share_their_weights(opened, tiny):
    first, second = opened(tiny), opened(tiny, batch_size=3, temperature=0.7, max_tokens=9)
    prompt = said("Go on from one.", temperature=0.0, max_tokens=8)
    assert first.ask(prompt) == second.ask(prompt)
    loaded = [key for key in checkpoint._LOADED if key[:2] == (str(tiny), first.model.identity())]
    assert len(loaded) == 1


def test_a_temperature_as_good_as_none_disturbs_nobody(opened, tiny):
    model = opened(tiny)
    cold = said("Go on from one.", temperature=1e-50)
    warm = said("Go on from one.", temperature=0.8, seed=3)
    assert model.ask(cold, warm) == [*model.ask(said("Go on from one.")), *model.ask(warm)]


def test_broken_weights_are_told_at_each_request(copy):
    """They are missed at the first request, and at each one after it, without another try."""
    (copy / "model.safetensors").write_bytes(b"no tensors")
    model = Opened(copy)
    for _ in range(2):
        with pytest.raises(EvalcoreError, match="cannot be opened"):
            model.ask(said("Go on from one."))
    model.close()


def test_chat_without_a_template(copy):
    for name in ("chat_template.jinja", "tokenizer_config.json"):
        path = copy / name
        if path.suffix == ".json":
            config = json.loads(path.read_text())
            config.pop("chat_template", None)
            path.write_text(json.dumps(config))
        else:
            path.unlink(missing_ok=True)
    with pytest.raises(EvalcoreError, match="the model has no chat template"):
        Opened(copy, chat=True)
    model = Opened(copy)
    assert model.ask(said("Q: Go on from one.\nA:")) == model.ask(raw("Q: Go on from one.\nA:"))
    model.close()


def test_a_dialogue_that_the_template_refuses(copy):
    (copy / "chat_template.jinja").write_text("{{ raise_exception('users only') }}")
    model = Opened(copy)
    with pytest.raises(EvalcoreError, match="refuses a dialogue of user: users only"):
        model.ask(said("Hello"))
    model.close()


def test_a_gpu_that_is_not_there(tiny):
    with pytest.raises(EvalcoreError, match=r"no GPU for `device: cuda:77`"):
        Opened(tiny, device="cuda:77")


def test_a_model_that_is_closed(tiny):
    model = Opened(tiny)
    model.run(model.model.close())
    with pytest.raises(EvalcoreError, match="not open"):
        model.ask(said("Hello"))
    model.close()


def test_what_waits_when_the_model_is_closed(tiny):
    model = Opened(tiny)
    waiting = model.model._worker.ask(raw("one", max_tokens=250))
    model.close()
    with pytest.raises(EvalcoreError, match="closed before"):
        waiting.result(0)


def test_an_error_within_the_batch_fails_it_alone(tiny, monkeypatch):
    model = Opened(tiny)
    good = model.ask(said("Go on from one."))
    from evalcore_transformers import decoding

    def broken(*arguments, **named):
        raise RuntimeError("the numbers are gone")

    with monkeypatch.context() as patch:
        patch.setattr(decoding, "forward", broken)
        with pytest.raises(RuntimeError, match="the numbers are gone"):
            model.ask(said("Go on from two."), said("Go on from three."))
    assert model.ask(said("Go on from one.")) == good
    model.close()


def test_closing_frees_the_weights(copy):
    model = Opened(copy)  # no other model of the session shares them
    model.ask(said("Hello", max_tokens=2))
    gc.collect()
    kept = [
        weakref.ref(item)
        for item in gc.get_objects()
        if type(item) is torch.nn.Embedding and item.weight.shape == (512, 128)
    ]
    model.close()
    gc.collect()
    assert kept
    assert sum(reference() is not None for reference in kept) < len(kept)
